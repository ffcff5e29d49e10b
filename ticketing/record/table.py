"""The record's DynamoDB table, and the items in it.

| sort key                 | item                                                    |
|--------------------------|---------------------------------------------------------|
| `TICKET`                 | the ticket as it is now                                 |
| `TICKET#COMMENT#<id>`    | a comment; sorts after the ticket: one query reads both |
| `CHANGE#<id>`            | who changed which fields, when, by which door           |
| `KEY#<name-based id>`    | the idempotency key of a comment                        |
| `ANSWERS`                | which comments Zendesk has yet to get (lane.py)         |
"""

from config import aws

TICKETS = aws.Table("TABLE_NAME")

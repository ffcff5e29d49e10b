"""The record's one DynamoDB table, and what stands in it.

| sort key                 | item                                                |
|--------------------------|-----------------------------------------------------|
| `TICKET`                 | the ticket as it stands                             |
| `TICKET#COMMENT#<id>`    | a comment; behind the ticket, so one query has both |
| `CHANGE#<id>`            | who changed which fields, when, by which door       |
| `KEY#<name-based id>`    | the idempotency key of a comment                    |
"""

from config import aws

TICKETS = aws.Table("TABLE_NAME")

"""The desk: the pages on which support staff work.

The list reads the index, and a ticket's page reads the record. Tickets are written through `ticketing.service`.
"""

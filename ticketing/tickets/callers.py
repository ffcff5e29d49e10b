"""Caller ids. `customer:<id>` stands for a whole customer, and only Foyer makes such an id."""

PREFIX = "customer:"


def whole_customer(customer_id: str) -> str:
    """The caller id for a ticket if nobody says who called: it stands for the whole customer."""
    return f"{PREFIX}{customer_id}"


def is_whole_customer(caller_id: str) -> bool:
    """Whether an id stands for a whole customer. Doors do not accept such an id from a caller."""
    return caller_id.startswith(PREFIX)

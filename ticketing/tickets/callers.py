"""The ids of callers. `customer:<id>` stands for a whole customer, and only Foyer makes it."""

PREFIX = "customer:"


def whole_customer(customer_id: str) -> str:
    """The caller's id where nobody says who called: the customer as a whole."""
    return f"{PREFIX}{customer_id}"


def is_whole_customer(caller_id: str) -> bool:
    """Whether an id stands for a whole customer. A door refuses it from a caller."""
    return caller_id.startswith(PREFIX)

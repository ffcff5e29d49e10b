"""A door is one row: what is special to its deliveries stands there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ticketing.deliveries import GRACE, Delivery, ago, doors

LATE, FRESH = GRACE + timedelta(minutes=1), timedelta()  # since it was received
ACCEPTED = Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k", state="accepted")


@pytest.mark.parametrize(
    ("state", "age", "error", "submission", "zendesk"),
    [
        ("failed", FRESH, "no", True, True),
        ("failed", FRESH, None, True, True),
        ("accepted", FRESH, None, False, False),  # it is on its way
        ("accepted", FRESH, "a try failed", True, True),
        ("accepted", LATE, None, True, True),
        ("created", LATE, None, False, False),
        ("duplicate", LATE, "an earlier try failed", False, False),
        ("received", FRESH, None, False, False),
        ("received", LATE, None, False, True),  # a message may not be there; a task can always be queued
    ],
)
def test_what_is_on_its_way_and_what_may_not_be_there_cannot_be_tried_again(
    state: str, age: timedelta, error: str | None, submission: bool, zendesk: bool
) -> None:
    stands = replace(ACCEPTED, state=state, received_at=ago(age), error=error)  # type: ignore[arg-type]
    for name, expected in (("submission", submission), ("zendesk", zendesk), ("another program's", submission)):
        one = replace(stands, door=name)
        assert doors.of(one).can_try_again(one) == expected, name


def test_each_row_says_what_the_desk_and_reconcile_say() -> None:
    rows = {name: doors.of(replace(ACCEPTED, door=name)) for name in ("submission", "zendesk")}
    assert {name: (row.name, row.button, row.keeps_raw) for name, row in rows.items()} == {
        "submission": ("submission", "Redrive", False),
        "zendesk": ("zendesk", "Run again", True),
    }
    assert rows["submission"].advice.format("d-1") == "`manage.py redrive TicketSubmissions --ticket d-1`"

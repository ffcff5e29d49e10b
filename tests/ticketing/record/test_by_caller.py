"""Lists of a caller's tickets: every one once, none of others, in a bounded number of calls and bytes a page."""

from typing import Any

import pytest

from tests import record
from ticketing import service
from ticketing.record import by_caller
from ticketing.tickets.workflow import Channel

pytestmark = pytest.mark.usefixtures("aws")


def times(count: int) -> list[str]:
    return [f"2026-02-09T10:00:{n:02}.000Z" for n in range(count)]


def test_the_newest_is_who_wrote_last_whenever_it_was_received() -> None:
    made = {at: record.opened(created_at=at).ticket_id for at in reversed(times(3))}
    page = by_caller.list_by_caller("lea", "acme", None, None, 3)
    assert [one.ticket_id for one in page.tickets] == [made[at] for at in reversed(times(3))]


def test_pages_give_every_ticket_once_and_none_of_others() -> None:
    mine = [record.opened(created_at=at).ticket_id for at in times(7)]
    for at in times(20):
        record.opened(customer_id="rival", created_at=at)
    record.opened(channel="desk")
    seen, start = [], None
    while True:
        page = by_caller.list_by_caller("lea", "acme", "itsm", start, 3)
        seen += [one.ticket_id for one in page.tickets]
        start = page.next
        if start is None:
            break
        assert len(page.tickets) == 3
    assert seen == mine[::-1]


def put_many(count: int, **more: Any) -> None:
    """Another customer's tickets with the same caller id, newer than all others."""
    for n in range(count):
        created_at = f"2026-02-10T10:{n // 60 % 60:02}:{n % 60:02}.{n // 3600:03}Z"
        record.put(
            **{"ticket_id": f"r-{n}", "caller_id": "lea", "customer_id": "rival", "created_at": created_at} | more
        )


def pages(limit: int, channel: Channel | None = None, customer_id: str = "acme") -> list[by_caller.Page]:
    """A list from its beginning to its end."""
    found = [by_caller.list_by_caller("lea", customer_id, channel, None, limit)]
    while (start := found[-1].next) is not None:
        found.append(by_caller.list_by_caller("lea", customer_id, channel, start, limit))
    return found


def ids(found: list[by_caller.Page]) -> list[str]:
    return [one.ticket_id for page in found for one in page.tickets]


def test_what_others_have_newer_costs_a_call_more_and_is_not_sent_over(calls: list[str]) -> None:
    mine = record.opened(created_at=times(1)[0])
    put_many(300)
    calls.clear()
    page = service.list_by_caller("lea", "acme", None, 1)
    assert (ids([page]), page.next, calls) == ([mine.ticket_id], None, ["Query"] * 2)


@pytest.mark.parametrize("same_time", [False, True])
def test_a_page_ends_after_a_few_calls_and_the_list_goes_on(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, same_time: bool
) -> None:
    monkeypatch.setattr(by_caller, "_WIDE", 5)
    mine = [record.opened(created_at=at).ticket_id for at in times(7)]
    put_many(60, **({"created_at": times(4)[3]} if same_time else {}))
    calls.clear()
    read = pages(3)
    assert ids(read) == mine[::-1]
    assert not all(page.tickets for page in read)
    assert len(calls) <= len(read) * 5
    if not same_time:
        assert "r-" not in str([page.next for page in read])  # nor does a place tell what others have


def test_a_page_ends_once_it_is_heavy() -> None:
    made = [record.opened(issue_description="x" * 3_000_000, created_at=at).ticket_id for at in times(5)]
    read = pages(100)
    assert ids(read) == made[::-1]
    assert [len(page.tickets) for page in read] == [2, 2, 1]
    assert all(len(one.issue_description) == 3_000_000 for page in read for one in page.tickets)


def test_a_list_has_other_programs_tickets_as_they_read() -> None:
    odd: list[Any] = ["default", "", True, ["acme"], 7]
    for n, customer_id in enumerate(odd):
        record.put(
            ticket_id=f"o-{n}", caller_id="lea", created_at=times(9)[n], customer_id=customer_id, channel="routing"
        )
    record.put(ticket_id="o-5", caller_id="lea", created_at=times(9)[5])
    record.put(ticket_id="o-6", caller_id="lea", created_at=times(9)[6], channel="fax")
    assert ids(pages(100, customer_id="default")) == ["o-6", "o-5", "o-3", "o-2", "o-1", "o-0"]
    assert ids(pages(100, "routing", "default")) == ["o-3", "o-2", "o-1", "o-0"]
    assert ids(pages(100, "itsm", "default")) == ["o-6", "o-5"]
    assert ids(pages(100, customer_id="7")) == ["o-4"]


def test_a_page_that_ends_with_the_list_says_so() -> None:
    for at in times(3):
        record.opened(created_at=at)
    assert service.list_by_caller("lea", "acme", None, 3).next is None
    assert service.list_by_caller("nobody", "acme", None, 3) == by_caller.Page([], None)

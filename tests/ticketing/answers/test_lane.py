"""A ticket's lane, on a real local AWS: in its order, and one holder at a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config import aws, times
from ticketing.answers import lane
from ticketing.record.table import TICKETS
from ticketing.tickets import ids

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("local_aws")]


def at(seconds: float) -> str:
    return times.stamp(datetime.now(UTC) + timedelta(seconds=seconds))


@pytest.fixture
def ticket_id() -> str:
    """A ticket with two answers that wait."""
    ticket_id = ids.new_id()
    TICKETS.transact([lane.join(ticket_id, "one")], ids.new_id())
    lane.rejoin(ticket_id, "two")
    return ticket_id


def test_nobody_has_answered_yet() -> None:
    assert not lane.read(ids.new_id()).waiting


def test_one_that_waits_joins_no_second_time(ticket_id: str) -> None:
    lane.rejoin(ticket_id, "one")
    assert lane.read(ticket_id).waiting == ["one", "two"]


def test_one_after_the_other_leaves(ticket_id: str) -> None:
    held = lane.begin(lane.claim(ticket_id, "me", at(60)), [at(0)])
    assert (held.begun, len(held.sent)) == ("one", 1)
    held = lane.leave(held)
    assert (held.waiting, held.begun, len(held.sent)) == (["two"], "", 1)
    held = lane.let_go_if_empty(lane.leave(held))
    assert (held.waiting, lane.read(ticket_id).owner) == ([], "")
    with pytest.raises(lane.Lost):
        lane.claim(ticket_id, "me", at(60))


def test_one_holder_at_a_time(ticket_id: str) -> None:
    held = lane.claim(ticket_id, "me", at(60))
    with pytest.raises(lane.Lost):
        lane.claim(ticket_id, "another", at(60))
    lane.let_go(held)
    assert lane.claim(ticket_id, "another", at(60)).owner == "another"
    for write in (lambda: lane.begin(held, []), lambda: lane.leave(held)):
        with pytest.raises(lane.Lost):
            write()


def test_a_dead_holder_loses_it(ticket_id: str) -> None:
    held = lane.claim(ticket_id, "dead", at(-1))
    assert lane.claim(ticket_id, "another", at(60)).owner == "another"
    with pytest.raises(lane.Lost):
        lane.leave(held)


def test_who_finds_it_empty_goes_on_with_what_joined_meanwhile(ticket_id: str) -> None:
    held = lane.leave(lane.leave(lane.claim(ticket_id, "me", at(60))))
    lane.rejoin(ticket_id, "three")
    held = lane.let_go_if_empty(held)
    assert (held.waiting, held.owner) == (["three"], "me")


def test_a_pause_lets_go_and_says_until_when(ticket_id: str) -> None:
    due = at(30)
    lane.pause(lane.claim(ticket_id, "me", at(60)), due, 3)
    found = lane.read(ticket_id)
    assert (found.owner, found.not_before, found.failures, found.waiting) == ("", due, 3, ["one", "two"])


@pytest.mark.parametrize("lost", ["claim", "begin", "leave", "let_go_if_empty"])
def test_a_write_whose_answer_was_lost_is_no_loss(ticket_id: str, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS did it, the answer was lost, and the repeat then finds another state."""
    update, updated = aws.Table.update, aws.Table.updated

    def twice(original: Any) -> Any:
        def repeated(*args: Any) -> Any:
            original(*args)
            return original(*args)

        return repeated

    def again(name: str) -> None:
        if name == lost:
            monkeypatch.setattr(aws.Table, "update", twice(update))
            monkeypatch.setattr(aws.Table, "updated", twice(updated))
        else:
            monkeypatch.undo()

    again("claim")
    held = lane.claim(ticket_id, "me", at(60))
    again("begin")
    held = lane.begin(held, [at(0)])
    again("leave")
    held = lane.leave(held)
    assert (held.waiting, held.owner) == (["two"], "me")
    held = lane.leave(held) if lost != "leave" else held
    again("let_go_if_empty")
    if not held.waiting:
        assert lane.let_go_if_empty(held).waiting == []
        assert lane.read(ticket_id).owner == ""

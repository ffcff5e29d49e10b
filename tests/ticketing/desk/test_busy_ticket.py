"""A ticket on which a machine comments all the time, on a real local AWS: who works at the desk gets through."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import Client

from tests import record
from tests.ticketing.desk.conftest import DOOR
from tests.ticketing.desk.test_ticket_writing import Fill, Said, stands
from tests.ticketing.writing import changes_of
from ticketing import service
from ticketing.desk.page import ticket_url
from ticketing.record import store
from ticketing.tickets.ticket import Ticket, new_comment

pytestmark = [pytest.mark.usefixtures("local_aws"), pytest.mark.xdist_group("local-aws")]

ROUNDS = 20


class Machine:
    """Comments so often a second, until the block ends, and counts how often it could."""

    def __init__(self, ticket: Ticket, rate: float) -> None:
        self.ticket, self.rate, self.said = ticket, rate, 0
        self._moved, self._ended = threading.Condition(), threading.Event()

    @contextmanager
    def talking(self) -> Iterator[None]:
        thread = threading.Thread(target=self._talk)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def wait_for_another(self) -> None:
        """Wait until one more comment is there than now."""
        with self._moved:
            wanted = self.said + 1
            assert self._moved.wait_for(lambda: self.said >= wanted, timeout=30)

    def _talk(self) -> None:
        while not self._ended.wait(1 / self.rate):
            service.add_comment(self.ticket.ticket_id, "acme", new_comment("Disk at 91 %"), DOOR)
            with self._moved:
                self.said += 1
                self._moved.notify_all()


@pytest.mark.parametrize("rate", [3, 10])
def test_twenty_saves_and_twenty_replies_all_succeed_and_a_changed_field_is_still_refused(
    desk: Client, fill: Fill, said: Said, rate: float
) -> None:
    ticket = record.opened()
    page, machine = ticket_url(ticket.ticket_id), Machine(ticket, rate)
    wanted = ["high", "urgent"] * (ROUNDS // 2)
    with machine.talking():
        for number, priority in enumerate(wanted):
            save = fill(ticket, do="save", priority=priority)
            reply = fill(ticket, do="reply", text=f"Reply {number}")
            machine.wait_for_another()
            assert [desk.post(page, form).status_code for form in (save, reply)] == [302, 302]
        refused = fill(ticket, do="reply", text="Mine", priority="low")
        service.change_ticket(ticket.ticket_id, None, {"priority": "normal"}, DOOR)
        machine.wait_for_another()
        assert "changed the field Priority to “Normal”" in said(desk.post(page, refused))
    now, replies = stands(ticket), [one for one in store.all_comments(ticket.ticket_id) if one.door == "desk"]
    assert [one.comment for one in replies] == [f"Reply {number}" for number in range(ROUNDS)]
    assert now.comment_count == machine.said + ROUNDS
    assert now.version == 1 + now.comment_count + ROUNDS + 1
    before = ["normal", *wanted]
    pairs = [list(pair) for pair in zip(before, [*wanted, "normal"], strict=True)]
    assert [note["changes"] for note in changes_of(ticket)] == [{"priority": pair} for pair in pairs]

"""What the tests of answering back stand on: a desk ticket of a Zendesk that can be written to, a clock, and death."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests
from botocore.client import BaseClient

from config import times
from ingestion.zendesk import answering, client, sync
from tests.standins.zendesk import ZendeskStandIn
from ticketing import deliveries, service
from ticketing.answers import promises
from ticketing.deliveries import Delivery
from ticketing.tickets.ticket import Actor, Comment, Ticket, new_comment
from ticketing.tickets.workflow import Visibility

ZENDESK_ID = 35501
ADA = Actor(name="ada", door="desk", request_id="r-1")
_now = times.now


class Died(BaseException):
    """The process is gone."""


class World:
    """A desk ticket, and the Zendesk that it came from.

    `later` moves the clock. `webhook` takes the ticket in again.
    """

    def __init__(self, zendesk: ZendeskStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        self.zendesk, self._offset, self._monkeypatch = zendesk, timedelta(), monkeypatch
        monkeypatch.setattr(times, "now", lambda: times.stamp((times.parse(_now()) or _never()) + self._offset))
        self.webhook()
        self.before = len(self.at_the_desk())

    def webhook(self) -> None:
        self.ticket = sync.write(client.fetch(str(ZENDESK_ID)), "d-1", times.now()).ticket

    def later(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def say(self, text: str, visibility: Visibility = "public", key: Any = None) -> Comment:
        """What staff write at the desk."""
        said = new_comment(text, author="Ada", visibility=visibility)
        also = promises.of(self.ticket)
        done = service.add_comment(self.ticket.ticket_id, "default", said, ADA, reopen=False, key=key, also=also)
        return done.comment

    def settle(self, *comments: Comment) -> int:
        """Run until all of them have ended, with the waits; how many runs that took."""
        for run in range(60):
            if all(self.delivery(one).state != "accepted" for one in comments):
                return run
            waits = [answering.work(one.comment_id) for one in comments]
            self.later(max([wait for wait in waits if wait is not None], default=120))
        pytest.fail("it does not end")

    def delivery(self, comment: Comment) -> Delivery:
        found = deliveries.get(comment.comment_id)
        assert found
        return found

    def in_zendesk(self) -> list[tuple[str, bool]]:
        return [(one["body"], one["public"]) for one in self.zendesk.writing.comments.get(ZENDESK_ID, [])]

    def at_the_desk(self) -> list[str]:
        return [one.comment for one in service.get_conversation(self.ticket.ticket_id, None).comments]

    def stands(self) -> Ticket:
        return service.get_ticket(self.ticket.ticket_id, None)

    @contextmanager
    def dying(self, at: int | str, moment: str) -> Iterator[None]:
        """Die before or after the external call of this number, or the first of this name."""
        made: list[str] = []
        call, send = BaseClient._make_api_call, requests.Session.send  # type: ignore[attr-defined]

        def counted(of: Any, name: str, original: Any, *args: Any, **more: Any) -> Any:
            made.append(name)
            dies = at in (len(made), name)
            if dies and moment == "before":
                raise Died
            answer = original(of, *args, **more)
            if dies:
                raise Died
            return answer

        with self._monkeypatch.context() as fatal:
            fatal.setattr(BaseClient, "_make_api_call", lambda of, *args: counted(of, args[0], call, *args))
            fatal.setattr(
                requests.Session, "send", lambda of, request, **how: counted(of, request.method, send, request, **how)
            )
            yield


def _never() -> Any:
    raise AssertionError

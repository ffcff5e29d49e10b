"""Documents that meet while others are at work: a redaction, a follow-up, a long ticket. The words of the later one
hold, in each ticket of the chain."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from ingestion.zendesk import follow_up, sync
from tests.ingestion.conftest import Zendesk, desk_ticket
from tests.record import items
from ticketing import service
from ticketing.tickets.ticket import Actor, Ticket

pytestmark = pytest.mark.usefixtures("aws")

WORD = "zanzibar4111"
HIDDEN = "My card is ▇▇▇▇"
STAFF = Actor(name="Priya", door="desk", request_id="r")


@pytest.fixture
def zendesk(zendesk: Zendesk) -> Zendesk:
    zendesk.users[1]["role"] = "agent"
    zendesk.ticket |= {"created_at": "2026-01-05T10:00:00Z", "subject": f"Card {WORD}"}
    return zendesk


def fetched(zendesk: Zendesk) -> Any:
    """The document as Zendesk has it now."""
    return copy.deepcopy({"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users})


def take(document: Any, minute: int) -> None:
    """Take in a document that was fetched in this minute."""
    sync.write(document, f"d-{minute}", f"2026-01-05T11:{minute:02}:00.000Z")


def describe(zendesk: Zendesk, words: str) -> None:
    zendesk.ticket["description"] = zendesk.comments[0]["body"] = words


def first() -> Ticket:
    return desk_ticket().ticket


def change(ticket: Ticket, status: str) -> None:
    service.change_ticket(ticket.ticket_id, None, {"status": status}, STAFF)


def followed(zendesk: Zendesk, minute: int) -> Ticket:
    """The follow-up of the ticket, which is closed before the customer writes again."""
    change(first(), "closed")
    zendesk.comment("Hello?", author_id=7)
    take(fetched(zendesk), minute)
    return list(follow_up.chain("12345"))[1]


def told() -> list[str]:
    """What the record says anywhere of the tickets of the chain, where it has the word."""
    found = [one for ticket in follow_up.chain("12345") for one in items(ticket.ticket_id)]
    return [str(one) for one in found if WORD in str(one)]


def test_a_comment_that_another_run_writes_meanwhile_with_old_words_is_redacted(
    zendesk: Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(fetched(zendesk), 1)
    zendesk.comment(f"My card is {WORD}", author_id=7)
    before, add = fetched(zendesk), service.add_comments
    zendesk.comments[1]["body"] = HIDDEN

    def meanwhile(*args: Any, **more: Any) -> Iterator[int]:
        with monkeypatch.context() as other:
            other.setattr(service, "add_comments", add)
            take(before, 2)
        return add(*args, **more)

    with monkeypatch.context() as slow:
        slow.setattr(service, "add_comments", meanwhile)
        take(fetched(zendesk), 3)
    assert [one.comment for one in desk_ticket().comments] == [HIDDEN]
    assert (first().comment_count, first().arriving) == (1, None)


def test_a_document_of_before_the_redaction_that_comes_after_the_opening_brings_no_words(zendesk: Zendesk) -> None:
    """Zendesk's date need not move with a redaction. A long ticket is fetched in several runs; others overtake it."""
    describe(zendesk, f"My card is {WORD}")
    before = fetched(zendesk)
    describe(zendesk, HIDDEN)
    zendesk.ticket["subject"] = "Card ▇▇▇▇"
    take(fetched(zendesk), 2)
    take(before, 1)
    assert (first().issue_description, first().subject, told()) == (HIDDEN, "Card ▇▇▇▇", [])


def test_a_document_of_before_the_redaction_brings_no_words_to_a_follow_up(zendesk: Zendesk) -> None:
    take(fetched(zendesk), 1)
    change(first(), "closed")
    zendesk.comment("Hello?", author_id=7)
    before = fetched(zendesk)
    zendesk.ticket["subject"] = "Card ▇▇▇▇"
    take(fetched(zendesk), 3)
    take(before, 2)
    assert [one.subject for one in follow_up.chain("12345")] == ["Card ▇▇▇▇"] * 2


@pytest.mark.parametrize("status", ["open", "closed"])
def test_the_subject_that_is_worded_anew_with_a_redaction_is_gone_from_a_follow_up_too(
    zendesk: Zendesk, status: str
) -> None:
    take(fetched(zendesk), 1)
    change(followed(zendesk, 2), status)
    describe(zendesk, HIDDEN)
    zendesk.ticket |= {"subject": "Card", "updated_at": "2026-01-05T12:00:00Z"}
    take(fetched(zendesk), 3)
    assert [one.subject for one in follow_up.chain("12345")] == ["Card", "Card"]
    assert told() == []


def test_a_subject_that_staff_redacted_stays_so_in_each_follow_up(zendesk: Zendesk) -> None:
    take(fetched(zendesk), 1)
    service.redact_ticket(first().ticket_id, {"subject"}, STAFF)
    change(followed(zendesk, 2), "closed")
    zendesk.comment("Once more", author_id=7)
    for minute in (3, 4):
        zendesk.ticket["updated_at"] = f"2026-01-05T12:{minute:02}:00Z"
        take(fetched(zendesk), minute)
    assert [one.subject for one in follow_up.chain("12345")] == ["(redacted)"] * 3
    assert told() == []


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_description_that_was_made_private_is_internal_whatever_comes_late(zendesk: Zendesk, status: str) -> None:
    take(fetched(zendesk), 1)
    before = fetched(zendesk)
    change(first(), status)
    for minute, public in ((2, False), (3, True), (4, False)):
        zendesk.comments[0]["public"] = public
        take(fetched(zendesk), minute)
        assert (readers() == "internal") == (not public)
    version = first().version
    take(before, 1)
    assert (readers(), first().version) == ("internal", version)


def readers() -> Any:
    return first().attributes["zendesk"].get("opening", {}).get("visibility")

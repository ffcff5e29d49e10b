"""An answer that is changed or redacted, here or in Zendesk, while nobody has noted yet that Zendesk has it."""

from typing import Any

import pytest

from ingestion.zendesk import answering
from tests.ingestion.answering import ADA, ZENDESK_ID, Died, World
from ticketing import service
from ticketing.tickets.ticket import Comment

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("aws")]


@pytest.fixture
def answer(world: World) -> Comment:
    """An answer that Zendesk has, but whose worker died before it noted that."""
    comment = world.say("The card's number is 4711")
    with world.dying("PUT", "after"), pytest.raises(Died):
        answering.work(comment.comment_id)
    return comment


def at_the_desk(world: World) -> list[tuple[str, str | None, str]]:
    """What the desk shows since the ticket came."""
    found = service.get_conversation(world.ticket.ticket_id, None).comments[world.before :]
    return [(one.comment, one.author, one.visibility) for one in found]


@pytest.mark.parametrize("first", ["the webhook", "the worker"])
def test_what_zendesk_redacts_before_the_note_of_it_is_redacted_here(world: World, answer: Comment, first: str) -> None:
    world.zendesk.writing.comments[ZENDESK_ID][0] |= {"body": "The card's number is ▇▇▇▇", "public": False}
    world.later(120)
    if first == "the worker":
        world.settle(answer)
    world.webhook()
    world.settle(answer)
    assert at_the_desk(world) == [("The card's number is ▇▇▇▇", "Ada", "internal")]
    assert (world.delivery(answer).state, len(world.in_zendesk())) == ("updated", 1)


def test_what_zendesk_redacts_at_once_is_redacted_here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zendesk can look for numbers of cards by itself, and answers with the words that it kept."""
    written = world.zendesk.writing._written

    def redacted(ticket_id: int, asked: Any) -> Any:
        return written(ticket_id, asked | {"comment": asked["comment"] | {"body": "The card's number is ▇▇▇▇"}})

    monkeypatch.setattr(world.zendesk.writing, "_written", redacted)
    answering.work(world.say("The card's number is 4711").comment_id)
    world.webhook()
    assert at_the_desk(world) == [("The card's number is ▇▇▇▇", "Ada", "public")]


def test_what_staff_redact_after_it_was_sent_is_not_said_to_be_kept_from_zendesk(world: World, answer: Comment) -> None:
    service.redact_comment(world.ticket.ticket_id, answer.comment_id, ADA)
    world.later(120)
    world.settle(answer)
    assert world.delivery(answer).state == "updated"
    world.webhook()
    assert at_the_desk(world) == [("(redacted)", "Ada", "public")]


def test_what_staff_redact_after_a_try_that_was_lost_is_not_sent_again(world: World) -> None:
    world.zendesk.writing.bad_days = [0]
    comment = world.say("The card's number is 4711")
    answering.work(comment.comment_id)
    service.redact_comment(world.ticket.ticket_id, comment.comment_id, ADA)
    world.settle(comment)
    assert (world.in_zendesk(), world.delivery(comment).state) == ([], "ignored")


def test_a_marker_that_names_a_comment_of_zendesks_own_hides_nothing(world: World) -> None:
    theirs = service.get_conversation(world.ticket.ticket_id, None).comments[0].comment_id
    world.zendesk.writing._written(ZENDESK_ID, {"comment": {"body": "Mine"}, "metadata": {"foyer_comment": theirs}})
    world.webhook()
    assert [text for text, _, _ in at_the_desk(world)] == ["Mine"]

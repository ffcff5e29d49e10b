"""What staff write at the desk is in Zendesk: once, in its order, whatever dies or fails in between."""

from contextlib import suppress
from typing import Any

import pytest

from ingestion.zendesk import answering, posting
from tests.ingestion.answering import ADA, ZENDESK_ID, Died, World
from tests.standins import zendesk_writing
from tests.standins.zendesk_writing import WRITTEN_THEN_CUT, WRITTEN_THEN_HTML
from ticketing import deliveries, service
from ticketing.answers import lane
from ticketing.deliveries import doors
from ticketing.record import items
from ticketing.record.table import TICKETS
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Comment
from ticketing.tickets.workflow import Visibility

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("aws")]


def puts(world: World) -> int:
    return len([one for one in world.zendesk.calls if one.startswith("PUT")])


def test_a_reply_and_a_note_are_in_zendesk(world: World) -> None:
    reply, note = world.say("We are looking into it"), world.say("Ask billing", "internal")
    assert [world.delivery(one).state for one in (reply, note)] == ["accepted", "accepted"]
    assert answering.work(reply.comment_id) is None
    assert world.in_zendesk() == [("We are looking into it", True), ("Ask billing", False)]
    assert [world.delivery(one).state for one in (reply, note)] == ["updated", "updated"]
    assert answering.work(note.comment_id) is None
    assert (len(world.in_zendesk()), puts(world)) == (2, 2)


def test_what_an_answer_costs(world: World, calls: list[str]) -> None:
    said = [world.say(f"Answer {number}") for number in range(3)]
    calls.clear()
    answering.work(said[0].comment_id)
    around = ["GetItem", "GetItem", "UpdateItem"]  # the delivery, the lane, its lease
    each = ["GetItem", "BatchGetItem", "UpdateItem", "TransactWriteItems", "UpdateItem", "UpdateItem"]
    assert calls == [*around, *each * 3, "UpdateItem"]
    assert len(world.zendesk.calls) - puts(world) == 2  # nothing is looked for that was never begun


def test_a_webhook_costs_no_more_for_answers_that_are_known(world: World, calls: list[str]) -> None:
    said = [world.say(f"Answer {number}") for number in range(3)]
    answering.work(said[0].comment_id)
    world.webhook()
    calls.clear()
    world.webhook()
    assert set(calls) == {"GetItem", "Query"}  # the ticket, and which of its comments are known


def test_only_the_comment_is_posted_and_says_whose_it_is(world: World) -> None:
    before = world.zendesk.writing.ticket(ZENDESK_ID)["status"]
    comment = world.say("Done")
    answering.work(comment.comment_id)
    [posted] = world.zendesk.writing.comments[ZENDESK_ID]
    assert posted["metadata"]["custom"] == {"foyer_comment": comment.comment_id}
    assert world.zendesk.writing.ticket(ZENDESK_ID)["status"] == before


def test_the_webhook_that_follows_files_nothing_twice(world: World) -> None:
    answering.work(world.say("We are looking into it").comment_id)
    for _ in range(2):
        world.webhook()
        assert world.at_the_desk()[world.before :] == ["We are looking into it"]


def test_a_webhook_that_is_faster_than_the_note_of_it_files_nothing_twice(world: World) -> None:
    comment = world.say("We are looking into it")
    with world.dying("PUT", "after"), pytest.raises(Died):
        answering.work(comment.comment_id)
    world.webhook()
    assert world.at_the_desk()[world.before :] == ["We are looking into it"]
    world.later(120)
    world.settle(comment)
    assert len(world.in_zendesk()) == 1


def test_a_message_that_comes_again_at_once_waits_for_the_dead_ones_lease(world: World) -> None:
    comment = world.say("We are looking into it")
    with world.dying("PUT", "after"), pytest.raises(Died):
        answering.work(comment.comment_id)
    wait = answering.work(comment.comment_id)
    assert wait
    world.later(wait)
    assert answering.work(comment.comment_id) is None
    assert (world.delivery(comment).state, len(world.in_zendesk())) == ("updated", 1)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_between_any_two_steps_it_is_posted_once(world: World, moment: str) -> None:
    said = []
    for number in range(1, 40):
        comment = world.say(f"Answer {number}")
        said.append((f"Answer {number}", True))
        try:
            with world.dying(number, moment):
                answering.work(comment.comment_id)
        except Died:
            world.later(120)  # its message comes again
            world.settle(comment)
            world.later(700)
        else:
            break
    assert number > 10
    assert world.in_zendesk() == said
    world.webhook()
    assert world.at_the_desk()[world.before :] == [text for text, _ in said]
    assert lane.read(world.ticket.ticket_id).waiting == []


@pytest.mark.parametrize("day", [WRITTEN_THEN_CUT, WRITTEN_THEN_HTML])
def test_an_answer_that_is_lost_after_the_write_posts_nothing_twice(world: World, day: int) -> None:
    world.zendesk.writing.bad_days = [day]
    comment = world.say("We are looking into it")
    assert answering.work(comment.comment_id) == answering.FIRST_WAIT
    assert world.delivery(comment).error
    world.later(answering.FIRST_WAIT)
    assert answering.work(comment.comment_id) is None
    assert (len(world.in_zendesk()), puts(world)) == (1, 1)
    assert (world.delivery(comment).state, world.delivery(comment).error) == ("updated", None)


def test_without_metadata_in_zendesks_list_the_words_tell(world: World) -> None:
    world.zendesk.writing.bad_days, world.zendesk.writing.shows_metadata = [WRITTEN_THEN_CUT], False
    comment = world.say("We are\nlooking into it")
    world.settle(comment)
    assert (len(world.in_zendesk()), puts(world)) == (1, 1)
    world.webhook()
    assert len(world.at_the_desk()) == world.before + 1


@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("visibility", ["public", "internal"])
@pytest.mark.parametrize("shows_metadata", [True, False])
def test_a_webhook_between_the_put_and_its_note_does_not_file_the_answer_again(
    world: World, monkeypatch: pytest.MonkeyPatch, *, shows_metadata: bool, visibility: Visibility, dies: bool
) -> None:
    world.zendesk.writing.shows_metadata, post = shows_metadata, posting.post

    def then_a_webhook(*args: Any) -> Any:
        answer = post(*args)
        world.webhook()
        if dies:
            raise Died
        return answer

    comment = world.say("We are\nlooking into it", visibility)
    with monkeypatch.context() as while_sending:
        while_sending.setattr(posting, "post", then_a_webhook)
        with suppress(Died):
            answering.work(comment.comment_id)
    world.webhook()
    world.settle(comment)
    world.webhook()
    assert (len(world.in_zendesk()), puts(world)) == (1, 1)
    assert len(world.at_the_desk()) == world.before + 1
    assert service.get_comment(comment.ticket_id, comment.comment_id, None) == comment
    assert world.delivery(comment).state == "updated"


def test_other_words_that_an_agent_wrote_in_zendesk_meanwhile_are_filed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.zendesk.writing.shows_metadata, post = False, posting.post

    def beside(*args: Any) -> Any:
        answer = post(*args)
        world.zendesk.writing._written(ZENDESK_ID, {"comment": {"body": "Call them"}})
        world.webhook()
        return answer

    monkeypatch.setattr(posting, "post", beside)
    comment = world.say("We are looking into it")
    world.settle(comment)
    assert len(world.at_the_desk()) == world.before + 2


@pytest.mark.parametrize("shows_metadata", [True, False])
def test_the_same_words_said_twice_are_there_twice(world: World, *, shows_metadata: bool) -> None:
    world.zendesk.writing.shows_metadata = shows_metadata
    first = world.say("Thanks!")
    answering.work(first.comment_id)
    world.zendesk.writing.bad_days = [0]
    second = world.say("Thanks!")
    world.settle(second)
    assert world.in_zendesk() == [("Thanks!", True)] * 2


def test_an_earlier_try_that_comes_through_late_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zendesk writes it between the look and the second PUT, which then must not write."""
    world.zendesk.writing.bad_days = [0]
    comment = world.say("We are looking into it")
    answering.work(comment.comment_id)
    world.later(answering.FIRST_WAIT)
    find = posting.find

    def then_comes_through(*args: Any) -> Any:
        found = find(*args)
        world.zendesk.writing._written(
            ZENDESK_ID, {"comment": {"body": comment.comment}, "metadata": {"foyer_comment": comment.comment_id}}
        )
        return found

    with monkeypatch.context() as late:
        late.setattr(posting, "find", then_comes_through)
        assert answering.work(comment.comment_id) == 2 * answering.FIRST_WAIT
    world.later(2 * answering.FIRST_WAIT)
    world.settle(comment)
    assert len(world.in_zendesk()) == 1


def test_two_workers_with_the_same_task_post_it_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    comment, post = world.say("We are looking into it"), posting.post
    others: list[float | None] = []

    def meanwhile(*args: Any) -> Any:
        others.append(answering.work(comment.comment_id))
        return post(*args)

    monkeypatch.setattr(posting, "post", meanwhile)
    answering.work(comment.comment_id)
    [wait] = others
    assert wait
    assert 85 < wait <= 91  # when the other's lease ends, should they be dead
    assert len(world.in_zendesk()) == 1


def test_who_lost_the_lane_posts_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    comment, begin = world.say("We are looking into it"), lane.begin

    def too_late(*args: Any) -> Any:
        world.later(100)
        return begin(*args)

    with monkeypatch.context() as slow:
        slow.setattr(lane, "begin", too_late)
        assert answering.work(comment.comment_id) is None
    assert world.in_zendesk() == []
    world.settle(comment)
    assert len(world.in_zendesk()) == 1


def test_what_is_written_while_the_lane_is_worked_goes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, leave = world.say("One"), lane.leave
    late: list[Comment] = []

    def one_more(*args: Any) -> Any:
        left = leave(*args)
        if not late:
            late.append(world.say("Two"))
        return left

    monkeypatch.setattr(lane, "leave", one_more)
    assert answering.work(first.comment_id) is None
    assert [text for text, _ in world.in_zendesk()] == ["One", "Two"]


@pytest.mark.parametrize("most", [3, pytest.param(30, marks=pytest.mark.long)])
def test_a_burst_waits_for_zendesks_limit_and_keeps_its_order(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    assert (answering.MOST, zendesk_writing.MOST) == (30, 30)
    monkeypatch.setattr(answering, "MOST", most)
    monkeypatch.setattr(zendesk_writing, "MOST", most)
    said = [world.say(f"Answer {number}") for number in range(most + 1)]
    wait: float | None = 0.0
    while wait == 0.0:  # a run that took too long for this machine is followed by another
        wait = answering.work(said[0].comment_id)
    assert wait
    assert 500 < wait <= 602
    assert (len(world.in_zendesk()), world.delivery(said[most]).state) == (most, "accepted")
    assert answering.work(said[most].comment_id) is None  # not due yet
    assert puts(world) == most
    world.later(wait)
    world.zendesk.writing._updates.clear()
    assert answering.work(said[0].comment_id) is None
    assert [text for text, _ in world.in_zendesk()] == [f"Answer {number}" for number in range(most + 1)]


def test_a_throttling_zendesk_is_waited_for_and_costs_no_try(world: World) -> None:
    world.zendesk.retry_after, world.zendesk.writing.bad_days = 47, [429] * 20
    comment = world.say("We are looking into it")
    assert answering.work(comment.comment_id) == 47
    assert "no more updates" in str(world.delivery(comment).error)
    world.later(47)
    assert world.settle(comment) > answering.TRIES
    assert world.delivery(comment).state == "updated"


def test_a_zendesk_that_is_down_holds_the_order(world: World) -> None:
    world.zendesk.writing.bad_days = [503, 500]
    first, second = world.say("One"), world.say("Two")
    world.settle(first, second)
    assert [text for text, _ in world.in_zendesk()] == ["One", "Two"]


def test_what_fails_all_the_time_fails_and_can_be_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.zendesk.writing.bad_days = [500] * answering.TRIES
    comment = world.say("We are looking into it")
    world.settle(comment)
    assert world.delivery(comment).state == "failed"
    assert str(world.delivery(comment).error).endswith("If it is not, send it again")
    monkeypatch.setattr("config.celery.send", lambda *_: None)
    doors.of(world.delivery(comment)).again(comment.comment_id)
    world.settle(comment)
    assert (world.delivery(comment).state, len(world.in_zendesk())) == ("updated", 1)


def test_one_that_is_there_although_it_failed_is_not_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.zendesk.writing.bad_days = [WRITTEN_THEN_CUT]
    comment = world.say("We are looking into it")
    answering.work(comment.comment_id, may_wait=False)
    assert world.delivery(comment).state == "failed"
    monkeypatch.setattr("config.celery.send", lambda *_: None)
    doors.of(world.delivery(comment)).again(comment.comment_id)
    world.settle(comment)
    assert (world.delivery(comment).state, puts(world)) == ("updated", 1)


REFUSED = [
    (401, "Zendesk refused the credentials (status 401)"),
    (403, "Zendesk does not let Foyer write to this ticket (status 403): ZENDESK_OAUTH_SCOPE must name tickets:write"),
    (404, "Zendesk has no such ticket (status 404)"),
    (410, "Zendesk has no such ticket any more (status 410)"),
    (413, "The comment is too long for Zendesk"),
    (422, "Zendesk refused the comment (status 422)"),
    (302, "Zendesk's API answered from another address (status 302)"),
]


@pytest.mark.parametrize(("status", "sentence"), REFUSED)
def test_a_refusal_fails_at_once_says_why_and_lets_the_next_go(world: World, status: int, sentence: str) -> None:
    world.zendesk.writing.bad_days = [status]
    refused, following = world.say("One"), world.say("Two")
    assert answering.work(refused.comment_id) is None
    assert str(world.delivery(refused).error).startswith(sentence)
    assert [world.delivery(one).state for one in (refused, following)] == ["failed", "updated"]
    assert [text for text, _ in world.in_zendesk()] == ["Two"]


def test_a_ticket_that_is_closed_in_zendesk_says_so(world: World) -> None:
    world.zendesk.writing.closed.add(ZENDESK_ID)
    comment = world.say("One")
    answering.work(comment.comment_id)
    assert str(world.delivery(comment).error).startswith("The ticket is closed in Zendesk (status 422)")


def test_what_was_replaced_before_it_was_sent_is_not_sent(world: World) -> None:
    comment = world.say("The card's number is 4711")
    TICKETS.put(items.from_comment(comment) | {"comment": "(redacted)"})
    answering.work(comment.comment_id)
    assert world.in_zendesk() == []
    assert (world.delivery(comment).state, "was not sent" in str(world.delivery(comment).note)) == ("ignored", True)


def test_a_form_that_is_sent_twice_posts_once(world: World) -> None:
    key = Key("default", "desk", "form", "the same")
    first, again = world.say("One", key=key), world.say("One", key=key)
    assert first.comment_id == again.comment_id
    world.settle(first)
    assert len(world.in_zendesk()) == 1


def test_switched_off_nothing_is_promised_and_what_waits_fails_with_the_reason(world: World, settings: Any) -> None:
    waiting = world.say("One")
    settings.ZENDESK_ANSWER_BACK = False
    silent = world.say("Two")
    assert deliveries.get(silent.comment_id) is None
    answering.work(waiting.comment_id)
    assert "ZENDESK_ANSWER_BACK" in str(world.delivery(waiting).error)
    settings.ZENDESK_ANSWER_BACK = True
    world.settle(world.say("Three"))
    assert [text for text, _ in world.in_zendesk()] == ["Three"]


@pytest.mark.parametrize("named", ["another ticket's", "nobody's", "used"])
def test_a_marker_that_proves_nothing_hides_no_comment(world: World, named: str) -> None:
    ours = world.say("One")
    answering.work(ours.comment_id)
    world.webhook()
    unknown = "01a1fd35-2ef3-7740-852a-2debefcc0860"
    other = {"another ticket's": unknown, "nobody's": "x", "used": ours.comment_id}[named]
    world.zendesk.writing._written(ZENDESK_ID, {"comment": {"body": "Mine"}, "metadata": {"foyer_comment": other}})
    world.webhook()
    assert world.at_the_desk()[world.before :] == ["One", "Mine"]


def test_what_zendesk_redacts_of_an_answer_is_redacted_here_and_stays_its_authors(world: World) -> None:
    comment = world.say("The card's number is 4711")
    answering.work(comment.comment_id)
    world.webhook()
    world.zendesk.writing.comments[ZENDESK_ID][0]["body"] = "The card's number is ▇▇▇▇"
    world.later(60)
    world.webhook()
    [found] = service.get_conversation(world.ticket.ticket_id, None).comments[world.before :]
    assert (found.comment_id, found.author, found.door) == (comment.comment_id, "Ada", "desk")
    assert found.comment == "The card's number is ▇▇▇▇"


def test_what_is_redacted_here_before_it_was_sent_is_not_sent(world: World) -> None:
    comment = world.say("The card's number is 4711")
    service.redact_comment(world.ticket.ticket_id, comment.comment_id, ADA)
    answering.work(comment.comment_id)
    assert (world.in_zendesk(), world.delivery(comment).state) == ([], "ignored")


def test_an_answer_on_a_follow_up_reaches_the_same_zendesk_ticket(world: World) -> None:
    first = world.say("Closed now")
    answering.work(first.comment_id)
    service.change_ticket(world.ticket.ticket_id, None, {"status": "closed"}, ADA)
    said = {"id": 1, "author_id": world.zendesk.writing.ticket(ZENDESK_ID)["requester_id"], "body": "It is back"}
    world.zendesk.writing.comments[ZENDESK_ID].append(
        said | {"type": "Comment", "public": True, "attachments": [], "created_at": "2026-11-29T10:00:00Z"}
    )
    world.webhook()
    assert world.ticket.attributes["zendesk"]["follow_up_of"]
    assert "Closed now" not in world.at_the_desk()
    world.settle(world.say("Sorry, we look again"))
    assert world.in_zendesk()[-1] == ("Sorry, we look again", True)
    world.webhook()
    assert world.at_the_desk()[-1] == "Sorry, we look again"


def test_a_reply_that_closed_the_ticket_comes_back_as_nothing_new(world: World) -> None:
    comment = world.say("Closed now")
    service.change_ticket(world.ticket.ticket_id, None, {"status": "closed"}, ADA)
    with world.dying("PUT", "after"), pytest.raises(Died):
        answering.work(comment.comment_id)
    world.webhook()
    assert "follow_up_of" not in world.ticket.attributes["zendesk"]
    assert world.at_the_desk()[world.before :] == ["Closed now"]


@pytest.mark.parametrize("filed", [False, True])
def test_a_customer_who_says_the_same_words_after_a_try_that_died_said_them_themselves(
    world: World, *, filed: bool
) -> None:
    world.zendesk.writing.shows_metadata = False
    comment = world.say("Thank you")
    with world.dying("PUT", "before"), pytest.raises(Died):
        answering.work(comment.comment_id)
    world.zendesk.writing._written(ZENDESK_ID, {"comment": {"body": "Thank you"}})
    requester = world.zendesk.writing.ticket(ZENDESK_ID)["requester_id"]
    world.zendesk.writing.comments[ZENDESK_ID][0] |= {"author_id": requester, "via": {"channel": "email"}}
    if filed:
        world.webhook()
    world.later(120)
    world.settle(comment)
    world.webhook()
    assert (world.delivery(comment).state, len(world.in_zendesk())) == ("updated", 2)
    assert len(world.at_the_desk()) == world.before + 2

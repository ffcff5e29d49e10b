"""Deliveries: what was taken in and how it ended, and the short list of those that have not ended well."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings

from config import aws, times
from config.request_id import working_on
from ticketing import deliveries
from ticketing.deliveries import Delivery, End, State, unfinished

pytestmark = pytest.mark.usefixtures("aws")


def received(delivery_id: str = "d-1", **more: Any) -> Delivery | None:
    values: dict[str, Any] = {"door": "submission", "customer_id": "acme", "key": "k", "fingerprint": "f"}
    return deliveries.receive(Delivery(delivery_id=delivery_id, **values | more))


def stored(delivery_id: str = "d-1") -> Delivery:
    found = deliveries.get(delivery_id)
    assert found
    return found


def listed() -> list[str]:
    return [one.delivery_id for one in unfinished.page().deliveries]


def partitions() -> Counter[str]:
    """How many deliveries each partition of the sparse index has."""
    found = aws.client("dynamodb").scan(TableName=settings.DELIVERIES_TABLE, IndexName="UnfinishedIndex")["Items"]
    return Counter(one["unfinished"]["S"] for one in found)


def pages(limit: int, state: State | None = None) -> list[list[str]]:
    """The list from its beginning to its end."""
    page = unfinished.page(state, None, limit)
    found = [[one.delivery_id for one in page.deliveries]]
    while page.next:
        page = unfinished.page(state, page.next, limit)
        found.append([one.delivery_id for one in page.deliveries])
    return found


def test_what_came_in_is_written_down_in_one_call(calls: list[str]) -> None:
    with working_on("r-7"):
        assert received(details={"tier": "gold"}, ticket_id="t-1") is None
    assert calls == ["PutItem"]
    found = stored()
    assert (found.state, found.door, found.key, found.attempts, found.error) == ("received", "submission", "k", 0, None)
    assert (found.request_id, found.ticket_id, found.details) == ("r-7", "t-1", {"tier": "gold"})
    assert found.received_at.endswith("Z")
    assert listed() == ["d-1"]


def test_a_repeat_gets_the_delivery_that_there_is() -> None:
    received()
    again = received(fingerprint="another", key="other")
    assert again == stored()
    assert again
    assert (again.fingerprint, again.key) == ("f", "k")


def test_no_delivery_is_none() -> None:
    assert deliveries.get("d-1") is None


def test_accepting_keeps_the_answer_for_a_repeat() -> None:
    received()
    deliveries.accept("d-1", {"messageId": "m-1"})
    assert (stored().state, stored().details) == ("accepted", {"messageId": "m-1"})
    assert listed() == ["d-1"]


def test_a_worker_that_was_faster_has_the_last_word_and_a_repeat_still_gets_the_answer() -> None:
    received(details={"tier": "gold"}, sender="r-1")
    deliveries.finish("d-1", "created", "t-1")
    deliveries.accept("d-1", {"tier": "gold", "messageId": "m-1"})
    assert (stored().state, stored().details) == ("created", {"tier": "gold", "messageId": "m-1"})
    assert listed() == []


def test_the_answer_that_was_noted_first_stays() -> None:
    received(sender="r-1")
    deliveries.accept("d-1", {"messageId": "m-1"})
    deliveries.accept("d-1", {"messageId": "m-2"})
    assert stored().details == {"messageId": "m-1"}
    deliveries.finish("d-1", "created", "t-1")
    deliveries.accept("d-1", {"messageId": "m-2"})
    assert (stored().details, stored().sender) == ({"messageId": "m-1"}, None)


def test_a_turn_is_taken_by_one_of_those_who_saw_it_free_or_over() -> None:
    received(sender="r-1")
    seen = stored()
    assert (seen.sender, seen.sending_since.endswith("Z")) == ("r-1", True)
    assert [deliveries.claim(seen, name) for name in ("r-2", "r-3", "r-4")] == [True, False, False]
    assert stored().sender == "r-2"


def test_a_turn_is_given_back_by_the_one_who_has_it() -> None:
    received(sender="r-1")
    deliveries.release("d-1", "r-2")
    assert stored().sender == "r-1"
    deliveries.release("d-1", "r-1")
    assert (stored().sender, stored().sending_since) == (None, "")
    assert [deliveries.claim(stored(), "r-2"), stored().sender] == [True, "r-2"]


def test_nobody_takes_a_turn_at_what_does_not_exist() -> None:
    assert not deliveries.claim(Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k"), "r-1")
    deliveries.release("d-1", "r-1")
    assert deliveries.get("d-1") is None


def test_accepting_without_an_answer_leaves_the_answer_that_there_is() -> None:
    received()
    deliveries.accept("d-1", {"messageId": "m-1"})
    deliveries.accept("d-1")
    assert (stored().state, stored().details) == ("accepted", {"messageId": "m-1"})
    deliveries.finish("d-1", "created", "t-1")
    deliveries.accept("d-1")
    assert (stored().state, stored().details) == ("created", {"messageId": "m-1"})


@pytest.mark.parametrize("end", ["created", "updated", "duplicate", "ignored"])
def test_what_ended_well_leaves_the_short_list_and_stays_so(end: End) -> None:
    received()
    deliveries.finish("d-1", end, "t-1")
    assert (stored().state, stored().ticket_id, stored().attempts) == (end, "t-1", 1)
    assert listed() == []
    for later in ("created", "duplicate", "failed"):
        deliveries.finish("d-1", later, "t-2", "too late")
    assert (stored().state, stored().ticket_id, stored().error) == (end, "t-1", None)


def noted() -> list[tuple[str, str | None]]:
    return [(one.delivery_id, one.note) for one in unfinished.noted_page().deliveries]


def test_what_ended_well_with_a_note_is_on_a_list_of_its_own_and_stays_there() -> None:
    received()
    deliveries.finish("d-1", "created", "t-1", note="No text was recognised")
    assert (stored().state, stored().ended_well, listed()) == ("created", True, [])
    for later in (
        lambda: deliveries.finish("d-1", "failed", error="too late"),
        lambda: deliveries.attempt("d-1", "S3 is away"),
        lambda: deliveries.accept("d-1", {"messageId": "m-1"}),
        lambda: deliveries.set_aside(stored(), "Ada: why not"),
        lambda: deliveries.take_back("d-1"),
    ):
        later()
        assert (noted(), listed(), aside()) == ([("d-1", "No text was recognised")], [], [])


def test_the_notes_too_lie_in_many_partitions() -> None:
    for n in range(100):
        received(f"d-{n}")
        deliveries.finish(f"d-{n}", "created", f"t-{n}", note="No text was recognised")
    assert len(partitions()) == 16
    assert max(partitions().values()) < 20
    assert len(unfinished.noted_page(limit=100).deliveries) == 100


def test_what_has_ended_is_written_down_in_place_of_what_was_there_and_is_on_no_list() -> None:
    for ticket_id in ("t-1", "t-2"):
        one = Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k", state="created")
        deliveries.put_ended(replace(one, ticket_id=ticket_id))
        assert (stored().state, stored().ticket_id) == ("created", ticket_id)
    assert (listed(), noted(), aside()) == ([], [], [])


def test_what_failed_says_why_stays_on_the_list_and_may_still_end_well() -> None:
    received()
    deliveries.finish("d-1", "failed", error="No such ticket")
    assert (stored().state, stored().error, listed()) == ("failed", "No such ticket", ["d-1"])
    deliveries.finish("d-1", "created", "t-1")
    assert (stored().state, stored().error, stored().attempts, listed()) == ("created", None, 2, [])


def aside() -> list[tuple[str, str | None]]:
    return [(one.delivery_id, one.set_aside) for one in unfinished.set_aside_page().deliveries]


def test_what_is_set_aside_is_on_another_list_until_it_is_taken_back() -> None:
    received()
    deliveries.finish("d-1", "failed", error="It is no JSON")
    assert deliveries.set_aside(stored(), "Ada: nobody knows who sent it")
    assert (listed(), aside()) == ([], [("d-1", "Ada: nobody knows who sent it")])
    assert (stored().state, stored().error) == ("failed", "It is no JSON")
    assert deliveries.take_back("d-1")
    assert (listed(), aside(), stored().set_aside) == (["d-1"], [], None)


@pytest.mark.parametrize(
    "later",
    [
        lambda: deliveries.finish("d-1", "failed", error="It is no JSON"),
        lambda: deliveries.attempt("d-1", "S3 is away"),
        lambda: deliveries.accept("d-1"),
        lambda: deliveries.accept("d-1", {"messageId": "m-1"}),
    ],
)
def test_what_is_set_aside_and_is_tried_or_promised_since_is_on_the_list_again(later: Callable[[], None]) -> None:
    received()
    deliveries.set_aside(stored(), "Ada: nobody knows who sent it")
    later()
    assert (listed(), aside(), stored().set_aside) == (["d-1"], [], None)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda: deliveries.accept("d-1"),
        lambda: deliveries.finish("d-1", "created", "t-1"),
        lambda: deliveries.set_aside(stored(), "Grace: it was sent anew"),
    ],
)
def test_what_changed_since_it_was_seen_is_not_set_aside(meanwhile: Callable[[], object]) -> None:
    received()
    seen = stored()
    meanwhile()
    assert not deliveries.set_aside(seen, "Ada: nobody knows who sent it")
    assert stored().set_aside in (None, "Grace: it was sent anew")


def test_a_try_of_what_has_ended_well_is_counted_and_it_stays_off_the_list() -> None:
    received()
    deliveries.finish("d-1", "created", "t-1")
    deliveries.attempt("d-1", "S3 is away")
    assert (stored().state, stored().attempts, listed()) == ("created", 2, [])


def test_what_is_set_aside_may_still_end_well() -> None:
    received()
    deliveries.set_aside(stored(), "Ada: nobody knows who sent it")
    deliveries.finish("d-1", "created", "t-1")
    assert (listed(), aside(), stored().state, stored().set_aside) == ([], [], "created", None)


def test_what_ended_well_is_not_set_aside_and_nothing_is_made_of_nothing() -> None:
    received()
    deliveries.finish("d-1", "created", "t-1")
    for one in (stored(), replace(stored(), delivery_id="d-2")):
        assert not deliveries.set_aside(one, "Ada: why not")
        assert not deliveries.take_back(one.delivery_id)
    assert (listed(), aside(), deliveries.get("d-2")) == ([], [], None)


def test_a_try_that_did_not_end_it_is_counted_with_its_reason() -> None:
    received()
    deliveries.attempt("d-1", "Zendesk is away")
    deliveries.attempt("d-1")
    assert (stored().attempts, stored().state, stored().error) == (2, "received", None)


def test_an_end_or_a_try_of_nothing_makes_nothing() -> None:
    deliveries.finish("d-1", "created", "t-1")
    deliveries.attempt("d-1")
    assert deliveries.get("d-1") is None


def test_what_is_unfinished_lies_in_many_partitions_since_one_takes_a_thousand_writes_a_second() -> None:
    for n in range(200):
        received(f"d-{n}")
    found = partitions()
    assert len(found) == 16
    assert max(found.values()) < 30


@pytest.mark.parametrize("at_once", [False, True])
def test_the_list_has_every_delivery_once_newest_first(monkeypatch: pytest.MonkeyPatch, at_once: bool) -> None:
    monkeypatch.setattr(unfinished, "_INDEX_PAGE", 2)
    for n in range(100):
        moment = f"2026-02-09T10:00:00.{0 if at_once else n // 5:03}Z"  # always some at once
        monkeypatch.setattr(times, "now", lambda moment=moment: moment)
        received(f"d-{n:02}")
    newest_first = [f"d-{n:02}" for n in reversed(range(100))]
    assert pages(7) == [newest_first[start : start + 7] for start in range(0, 100, 7)]
    for n in range(100):
        if n % 3:
            deliveries.finish(f"d-{n:02}", "failed")
    assert [one for page in pages(7, "received") for one in page] == newest_first[::3]


def test_a_table_that_is_away_is_an_error_that_the_door_must_answer_to(settings: Any) -> None:
    settings.DELIVERIES_TABLE = "no-such-table"
    with pytest.raises(aws.AwsError):
        received()


def expiry(delivery_id: str = "d-1") -> str | None:
    """When DynamoDB may remove it, in seconds since 1970."""
    key = {"delivery_id": {"S": delivery_id}}
    item = aws.client("dynamodb").get_item(TableName=settings.DELIVERIES_TABLE, Key=key)["Item"]
    return item.get("expires_at", {}).get("N")


def test_only_what_ended_well_without_a_note_expires() -> None:
    received()
    deliveries.accept("d-1")
    deliveries.finish("d-1", "failed", error="no such field")
    assert expiry() is None
    deliveries.finish("d-1", "created", "t-1")
    assert int(expiry() or 0) == pytest.approx(time.time() + settings.DELIVERY_DAYS * 86_400, abs=60)
    received("d-2")
    deliveries.finish("d-2", "created", "t-2", note="a comment is missing")
    assert expiry("d-2") is None


def test_a_repeat_after_the_end_does_not_put_the_expiry_off() -> None:
    received()
    deliveries.finish("d-1", "created", "t-1")
    before = expiry()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "DELIVERY_DAYS", 3000)
        deliveries.finish("d-1", "duplicate", "t-1")
    assert expiry() == before

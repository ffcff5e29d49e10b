"""Replaying raw tickets: what is missing comes back, nothing is doubled, and what staff did since stays."""

from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config import aws, times
from ingestion.zendesk import embedding, pipeline, sync
from ingestion.zendesk.errors import GiveUp
from tests.ingestion.conftest import Zendesk, desk_ticket
from ticketing import service
from ticketing.deliveries import raw_tickets
from ticketing.tickets.keys import Key
from ticketing.tickets.ticket import Actor

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

STAFF = Actor(name="Priya", door="desk", request_id="r")
DAY = "2026-01-05"
KEY = raw_tickets.key("12345", DAY)


def replay(*options: str, since: str = DAY, until: str = DAY) -> None:
    call_command("replay", "--since", since, "--until", until, *options)


def put(content: Any, day: str = DAY, zendesk_id: str = "12345") -> None:
    """A raw ticket, as it lies under that day."""
    raw_tickets.store(raw_tickets.key(zendesk_id, day), content)


@pytest.fixture
def context(zendesk: Zendesk) -> dict[str, Any]:
    """A raw ticket with a comment beside its description. Zendesk itself is not asked."""
    zendesk.comment("We are looking into it.")
    zendesk.mock.reset()
    return {"ticket": zendesk.ticket, "comments": zendesk.comments, "users": zendesk.users}


def said() -> list[str]:
    return [one.comment for one in desk_ticket().comments]


def test_what_is_missing_comes_to_the_desk_and_is_embedded(
    context: dict[str, Any], embedded: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    put(context)
    replay()
    assert capsys.readouterr().out == "1 opened, 0 there already, 0 refused.\n"
    ticket = desk_ticket().ticket
    assert (ticket.subject, ticket.channel, ticket.customer_id) == ("No lesson", "zendesk", "default")
    assert ticket.request_id != "-"
    assert said() == ["We are looking into it."]
    assert embedded == [{"ticket_id": "12345", "s3_bucket": settings.S3_BUCKET_TICKETS, "s3_key": KEY}]


def test_a_second_replay_doubles_nothing_and_changes_nothing(
    context: dict[str, Any], embedded: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    put(context)
    replay()
    before = desk_ticket()
    capsys.readouterr()
    replay()
    assert desk_ticket() == before
    assert capsys.readouterr().out == "0 opened, 1 there already, 0 refused.\n"
    assert len(embedded) == 2


def test_what_staff_changed_since_stays_and_missing_comments_come(
    context: dict[str, Any], embedded: list[dict[str, Any]]
) -> None:
    put(context)
    replay()
    service.change_ticket(desk_ticket().ticket.ticket_id, None, {"status": "solved", "priority": "low"}, STAFF)
    context["comments"].append({"id": 999, "body": "One more.", "created_at": "2026-01-05T11:00:00Z"})
    put(context)
    replay()
    ticket = desk_ticket().ticket
    assert (ticket.status, ticket.priority) == ("solved", "low")
    assert said() == ["We are looking into it.", "One more."]


def test_of_several_days_the_newest_state_stands(context: dict[str, Any], embedded: list[dict[str, Any]]) -> None:
    newer = context["ticket"] | {"status": "hold", "updated_at": "2026-01-07T00:00:00Z"}
    put(context | {"ticket": newer}, "2026-01-07")
    put(context)
    replay(until="2026-01-07")
    assert desk_ticket().ticket.status == "pending"
    replay()  # an older one once more
    assert desk_ticket().ticket.status == "pending"
    assert [one["s3_key"] for one in embedded] == [KEY, raw_tickets.key("12345", "2026-01-07")]


@pytest.mark.parametrize("place", ["_add_comments", "_bring_up_to_date"])
def test_a_replay_that_died_is_completed_by_the_next(
    context: dict[str, Any], embedded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    put(context | {"ticket": context["ticket"] | {"status": "closed"}})
    with monkeypatch.context() as broken:
        broken.setattr(sync, place, die)
        with pytest.raises(KeyboardInterrupt):
            replay()
    assert (desk_ticket().ticket.status, embedded) == ("solved", [])
    replay()
    assert (desk_ticket().ticket.status, said()) == ("closed", ["We are looking into it."])


def test_only_the_days_asked_for_the_last_one_too(
    context: dict[str, Any], embedded: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    for number, day in enumerate(("2026-01-04", "2026-01-05", "2026-01-31", "2026-02-01", "2026-02-02")):
        ticket = context["ticket"] | {"id": number}
        put(context | {"ticket": ticket}, day, str(number))
    replay(since="2026-01-05T23:59:59Z", until="2026-02-01")
    assert capsys.readouterr().out == "3 opened, 0 there already, 0 refused.\n"
    assert [one["ticket_id"] for one in embedded] == ["1", "2", "3"]


def test_a_dry_run_says_what_would_be_and_does_nothing(
    context: dict[str, Any], embedded: list[dict[str, Any]], calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    put(context)
    put({}, zendesk_id="9")
    calls.clear()
    with pytest.raises(CommandError, match=r"^1 would be opened, 0 there already, 1 refused\.$"):
        replay("--dry-run")
    reference = Key("default", "zendesk", "12345", "").keyed_id
    assert service.find(reference) is None
    assert (set(calls) - {"ListObjects", "ListObjectsV2", "GetObject", "HeadObject", "GetItem"}, embedded) == (
        set(),
        [],
    )
    assert f"{KEY}: F-" in capsys.readouterr().out
    pipeline.again("12345", KEY, "d-1")
    with pytest.raises(CommandError, match=r"^0 would be opened, 1 there already, 1 refused\.$"):
        replay("--dry-run")
    assert "is there, and would get what it lacks." in capsys.readouterr().out


def test_a_dry_run_counts_a_ticket_of_several_days_once(
    context: dict[str, Any], embedded: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    put(context)
    put(context, "2026-01-06")
    replay("--dry-run", until="2026-01-06")
    assert "1 would be opened, 1 there already, 0 refused." in capsys.readouterr().out


def test_a_ticket_whose_function_could_not_be_told_at_first_counts_as_opened(
    context: dict[str, Any],
    embedded: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    invoke, left = embedding.invoke, iter([1])

    def at_the_second_try(*arguments: str) -> None:
        if next(left, None):
            raise aws.Retryable("TooManyRequestsException", "later")
        invoke(*arguments)

    monkeypatch.setattr(embedding, "invoke", at_the_second_try)
    put(context)
    replay()
    assert capsys.readouterr().out == "1 opened, 0 there already, 0 refused.\n"
    assert len(embedded) == 1


def test_a_ticket_that_was_taken_in_before_anybody_noted_what_was_seen_stays_as_staff_left_it(
    context: dict[str, Any], embedded: list[dict[str, Any]]
) -> None:
    put(context)
    replay()
    ticket = desk_ticket().ticket
    known = {name: value for name, value in ticket.attributes["zendesk"].items() if name != "seen"}
    service.change_ticket(
        ticket.ticket_id, None, {"status": "solved", "attributes": {"zendesk": known}, "zendesk": {}}, STAFF
    )
    replay()
    assert desk_ticket().ticket.status == "solved"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"{", "What is in the raw store is not JSON"),
        (b"\xff", "What is in the raw store is not JSON"),
        (b"[]", "Zendesk's answer is not a whole ticket: answer breaks the rule 'type'"),
        (b'{"ticket": {"id": 8}, "comments": []}', "Zendesk answered with another ticket than 9"),
        (b'{"ticket": {"id": 9}, "comments": [], "users": [1]}', "users.0 breaks the rule 'type'"),
    ],
)
def test_a_raw_ticket_that_is_none_is_named_and_the_others_go_on(
    context: dict[str, Any],
    embedded: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    cause: str,
) -> None:
    spoiled = raw_tickets.key("9", "2026-01-04")
    aws.client("s3").put_object(Bucket=settings.S3_BUCKET_TICKETS, Key=spoiled, Body=content)
    put(context)
    with pytest.raises(CommandError, match=r"^1 opened, 0 there already, 1 refused\.$"):
        replay(since="2026-01-04")
    out = capsys.readouterr().out
    assert out.startswith(f"{spoiled}: ")
    assert cause in out


def test_a_function_that_cannot_be_invoked_is_named(
    context: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: Any) -> None:
        raise GiveUp("The ticket is stored, but the function cannot be invoked")

    monkeypatch.setattr(embedding, "invoke", refused)
    put(context)
    with pytest.raises(CommandError, match="1 refused"):
        replay()
    assert capsys.readouterr().out == f"{KEY}: The ticket is stored, but the function cannot be invoked.\n"


def test_an_aws_that_is_away_for_long_says_from_which_day_to_go_on(
    context: dict[str, Any], embedded: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, no_waiting: list[float]
) -> None:
    put(context)
    put(context, "2026-01-06")
    again = pipeline.again

    def away(zendesk_id: str, key: str, delivery_id: str) -> pipeline.Outcome:
        if "day=06" in key:
            raise aws.Retryable("EndpointConnectionError", "away")
        return again(zendesk_id, key, delivery_id)

    monkeypatch.setattr(pipeline, "again", away)
    with pytest.raises(CommandError, match=r"^1 opened, .* away. Run it again with --since 2026-01-05\.$"):
        replay(until="2026-01-06")
    assert sum(no_waiting) > 30


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("yesterday", DAY, "--since: yesterday is neither a time"),
        ("999999w", DAY, "--since: 999999w is longer ago than the calendar goes"),
        (DAY, "9", "--until: 9 is neither a time"),
        (DAY, "2026-01-04", "--since 2026-01-05 is after --until 2026-01-04."),
    ],
)
def test_days_that_are_none_are_refused(since: str, until: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        replay(since=since, until=until)


def test_no_day_after_today_is_looked_at(context: dict[str, Any], embedded: list[dict[str, Any]]) -> None:
    put(context, times.now())
    replay(since="1d", until="9999-12-31")
    assert len(embedded) == 1

"""`manage.py zendesk_backfill`: what was flagged before the webhook stood comes in, once, and at a pace."""

from typing import Any

import pytest
import responses
from django.core.management import CommandError, call_command

from config import aws, celery
from config.aws import metrics
from ingestion.zendesk import intake, tasks
from tests.ingestion.conftest import API, Zendesk, desk_ticket, stored
from ticketing import deliveries, service

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

EXPORT = f"{API}/api/v2/search/export.json"


@pytest.fixture
def flagged(http: responses.RequestsMock) -> Any:
    """Let Zendesk find these tickets, on two pages that share one."""

    def find(*ids: int) -> None:
        more = {"has_more": True, "after_cursor": "a"}
        http.get(EXPORT, json={"results": [{"id": one} for one in ids], "meta": more})
        http.get(EXPORT, json={"results": [{"id": ids[-1]}], "meta": {"has_more": False}})

    return find


def run(*options: str) -> None:
    call_command("zendesk_backfill", "--tag", "need_sme", "--since", "2026-02-09", *options)


def delivery_ids(*ids: int) -> list[str]:
    return [intake.backfill_id(str(one)) for one in ids]


def test_each_found_ticket_becomes_a_delivery_as_a_webhooks_would_be(
    flagged: Any, queued: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    flagged(7, 8)
    run()
    assert capsys.readouterr().out == "2 found, 2 taken in, 0 there already, 0 refused.\n"
    assert queued == delivery_ids(7, 8)
    delivery = stored(queued[0])
    assert (delivery.door, delivery.key, delivery.state, delivery.customer_id) == (
        "zendesk",
        "7",
        "accepted",
        "default",
    )
    assert delivery.request_id != "-"
    assert [one.name for one in metrics._collected.take() if one.name == "TicketIngested"] == ["TicketIngested"]


def test_it_comes_to_the_desk(
    zendesk: Zendesk, flagged: Any, embedded: list[dict[str, Any]], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    for _ in range(2):
        flagged(12345)
        run()
    assert desk_ticket().ticket.subject == "No lesson"
    assert len(embedded) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 found, 0 taken in, 1 there already, 0 refused."


def test_a_repeat_doubles_nothing_and_costs_two_reads_a_ticket(
    flagged: Any, queued: list[str], calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        flagged(7, 8)
        calls.clear()
        run()
    assert queued == delivery_ids(7, 8)
    assert calls == ["GetItem"] * 4
    assert capsys.readouterr().out.splitlines()[-1] == "2 found, 0 taken in, 2 there already, 0 refused."


def test_a_ticket_that_the_desk_has_is_not_fetched_again(
    received: Any, zendesk: Zendesk, flagged: Any, embedded: list[Any], queued: list[str]
) -> None:
    tasks.ingest.apply(("d-1",), throw=True)
    flagged(12345)
    run()
    assert queued == []


def test_ctrl_c_tells_the_progress_and_a_repeat_goes_on(
    flagged: Any, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: str, delivery_id: str) -> None:
        if len(queued) == 1:
            raise KeyboardInterrupt
        queued.append(delivery_id)

    with monkeypatch.context() as patch:
        patch.setattr(celery, "send", interrupted)
        flagged(7, 8, 9)
        with pytest.raises(CommandError) as ended:
            run()
    assert ended.value.returncode == 130
    assert str(ended.value).startswith("Interrupted. 3 found, 1 taken in, 0 there already, 0 refused. Run it again")
    flagged(7, 8, 9)  # 8 is written down, but its task was not queued
    run()
    assert queued == delivery_ids(7, 8, 9)


def test_it_keeps_the_pace_for_what_it_takes_in_alone(flagged: Any, queued: list[str], no_waiting: list[float]) -> None:
    flagged(7, 8)
    run("--rate", "120")
    assert no_waiting == [1.0, 0.5, 0.5]  # the first is between two pages
    flagged(7, 8)
    run("--rate", "120")
    assert no_waiting[3:] == [1.0]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    flagged: Any, queued: list[str], calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    flagged(7, 8)
    run("--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        "Zendesk ticket 7 would be taken in.",
        "Zendesk ticket 8 would be taken in.",
        "2 found, 2 would be taken in, 0 there already, 0 refused.",
    ]
    assert set(calls) == {"GetItem"}
    assert queued == []


def failed(zendesk_id: str = "7") -> str:
    """A delivery of an earlier run that failed since."""
    delivery_id = intake.take_in_flagged(zendesk_id)
    deliveries.finish(delivery_id, "failed", error="Zendesk refused the credentials")
    return delivery_id


def test_what_failed_since_is_told_and_exits_1(
    flagged: Any, queued: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    failed()
    flagged(7)
    with pytest.raises(CommandError, match=r"0 there already, 1 refused\. Repair the cause, then add --retry") as ended:
        run()
    assert ended.value.returncode == 1
    assert capsys.readouterr().out == "Zendesk ticket 7: Zendesk refused the credentials.\n"
    assert queued == delivery_ids(7)


def test_what_failed_since_is_queued_again_if_asked(flagged: Any, queued: list[str]) -> None:
    failed()
    flagged(7)
    run("--retry")
    assert queued == delivery_ids(7, 7)


def test_what_staff_set_aside_stays_aside(flagged: Any, queued: list[str]) -> None:
    delivery_id = failed()
    assert deliveries.set_aside(stored(delivery_id), "Priya: a test ticket")
    flagged(7)
    run("--retry")
    assert queued == delivery_ids(7)


def test_a_task_that_fails_at_once_is_refused(
    zendesk: Zendesk, flagged: Any, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    zendesk.ticket["id"] = 999
    flagged(12345)
    with pytest.raises(CommandError, match="1 refused"):
        run()
    assert capsys.readouterr().out.startswith("Zendesk ticket 12345: ")


def test_a_refusal_of_zendesk_ends_it_with_what_to_do(http: responses.RequestsMock, queued: list[str]) -> None:
    http.get(EXPORT, status=401)
    with pytest.raises(CommandError, match=r"check ZENDESK_EMAIL.*0 found, 0 taken in"):
        run()


def test_zendesk_that_is_away_ends_it_with_run_it_again(http: responses.RequestsMock, queued: list[str]) -> None:
    http.get(EXPORT, status=503, headers={"Retry-After": "60"})
    with pytest.raises(CommandError, match=r"status 503.*Run it again"):
        run()


def test_aws_that_is_away_ends_it_with_the_progress(flagged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise aws.Permanent("AccessDeniedException")

    monkeypatch.setattr(service, "find", away)
    flagged(7)
    with pytest.raises(CommandError, match=r"AccessDeniedException.*1 found, 0 taken in.*Run it again"):
        run()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tag", "two words"], "--tag: it must be one tag"),
        (["--tag", ""], "--tag: it must be one tag"),
        (["--since", "yesterday"], "--since: yesterday is neither"),
        (["--rate", "-1"], "--rate: it cannot be below 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*options)

"""The page *Record*: what people do at the desk is a row; the page lists, finds and exports rows and changes none."""

import csv
import io
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from audit import chain, trail, verifying
from audit.actions import Action
from audit.models import Entry
from audit.who import By
from config import celery, json
from tests.ticketing.desk.conftest import MakeTicket
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.desk.page import ticket_url
from ticketing.jobs import lifecycle
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
RECORD = "/desk/audit/entry/"
Fill = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celery, "send", lambda *_: None)


def told(*, by: str = "ada") -> list[tuple[str, str]]:
    return list(
        Entry.objects.filter(actor=by).exclude(action="sign-in").order_by("number").values_list("action", "target")
    )


def test_what_somebody_does_to_a_ticket_is_a_row_and_its_page_tells_the_fields(
    desk: Client, make_ticket: MakeTicket, fill: Fill
) -> None:
    ticket = make_ticket()
    address, target = ticket_url(ticket.ticket_id), f"ticket {ticket.ticket_id}"
    desk.post(address, fill(ticket, do="save", priority="high"))
    desk.post(address, fill(ticket, do="reply", text="A word of ours"))
    desk.post(f"{address.removesuffix('change/')}redact/", {})
    assert told() == [("ticket changed", target), ("ticket commented", target), ("text redacted", target)]
    changed = Entry.objects.get(action="ticket changed")
    page = desk.get(f"{RECORD}{changed.pk}/change/").content.decode()
    assert "<bdi>priority</bdi> was changed" in page
    assert address in page
    assert verifying_holds()


def verifying_holds() -> bool:
    return list(verifying.findings()) == []


def test_a_ticket_that_is_opened_is_a_row_with_its_id(desk: Client, aws: None) -> None:
    form: Any = desk.get("/desk/ticketing/indexedticket/add/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    answer: Any = desk.post(
        "/desk/ticketing/indexedticket/add/",
        sent | {"description": "Help", "caller": "lea@example.com", "tier": "gold"},
    )
    ((action, target),) = told()
    assert action == "ticket opened"
    assert answer.url == ticket_url(target.removeprefix("ticket "))


def test_nothing_is_written_to_the_record_of_tickets_if_it_cannot_be_recorded(
    desk: Client, make_ticket: MakeTicket, fill: Fill, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    ticket = make_ticket()
    sent = fill(ticket, do="save", priority="high")

    def refuse(**_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(chain, "append", refuse)
    calls.clear()
    desk.raise_request_exception = False
    assert desk.post(ticket_url(ticket.ticket_id), sent).status_code == 500
    assert not set(calls) & {"TransactWriteItems", "PutItem", "UpdateItem"}


@pytest.mark.usefixtures("aws")
def test_deliveries_queues_jobs_and_downloads_are_rows(desk: Client) -> None:
    deliveries.receive(Delivery(delivery_id="d-1", door="zendesk", customer_id="acme", key="k"))
    deliveries.finish("d-1", "failed", error="It failed.")
    page = "/desk/ticketing/delivery/"
    desk.post(page, {"delivery": "d-1"})
    desk.post(page, {"queue": "FoyerJobsDLQ"})
    desk.post(page, {"back": "d-1"})
    jobs = "/desk/ticketing/job/"
    desk.post(jobs, {"start": "check"})
    job = Entry.objects.get(action="job started").target.removeprefix("job ")
    desk.post(jobs, {"stop": job})
    desk.post(jobs, {"stop": job})
    desk.post(jobs, {"resume": job})
    export = lifecycle.start("export", "ada", 1, {"query": "q=secret-search", "by": "ada"})[0]
    export.state = "done"
    export.save()
    b"".join(desk.get(f"{jobs}{export.pk}/tickets.jsonl"))
    assert told() == [
        ("delivery tried again", "delivery d-1"),
        ("queue redriven", "queue FoyerJobs"),
        ("delivery taken back", "delivery d-1"),
        ("job started", f"job {job}"),
        ("job stopped", f"job {job}"),
        ("job resumed", f"job {job}"),
        ("export downloaded", f"job {export.pk}"),
    ]
    assert "secret-search" not in str(list(Entry.objects.values()))


@pytest.mark.usefixtures("aws")
def test_a_command_is_a_row_before_it_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "opal")
    call_command("redrive", "FoyerJobs", "--limit", "1")
    call_command("export_tickets", str(tmp_path / "maria-fernandez.jsonl"))
    call_command("forget_raw", "7", "--dry-run")
    call_command("replay", "--since", "1d", "--until", "1d")
    assert [target for _, target in told(by="opal")] == ["redrive", "export_tickets", "forget_raw", "replay"]
    assert "maria" not in str(list(Entry.objects.values()))


def test_no_words_of_customers_and_no_secrets_get_into_it(desk: Client, make_ticket: MakeTicket, fill: Fill) -> None:
    words = {"subject": "Zebra", "issue_description": "Okapi", "caller_id": "quagga@example.com"}
    ticket: Ticket = make_ticket(**words, requester={"name": "Gnu"})
    address = ticket_url(ticket.ticket_id)
    desk.post(address, fill(ticket, do="reply", text="Tapir"))
    desk.post(address, fill(ticket, do="save", status="solved"))
    desk.post("/desk/ticketing/indexedticket/export/?q=Zebra&caller=quagga@example.com")
    desk.post(f"/desk/ticketing/delivery/{'d-1'}/aside/", {"why": "Wombat"})
    desk.get(f"{RECORD}?q=Numbat")
    everything = str(list(Entry.objects.values())).lower()
    assert len(told()) >= 3
    for word in ("zebra", "okapi", "quagga", "gnu", "tapir", "wombat", "numbat"):
        assert word not in everything, word


def test_the_list_is_filtered_searched_and_exported(desk: Client) -> None:
    eve = User.objects.create_user("eve", password="x")
    trail.record(Action.JOB_STARTED, target="job 7", by=By("eve", "desk"))
    trail.record(Action.SIGN_IN_FAILED, target="user eve", by=By("", "web"))
    trail.record(Action.JOB_STARTED, target="job 8", by=By("=cmd", "desk"))
    shown = desk.get(RECORD, {"who": "eve"}).content.decode()
    assert "Failed to sign in" in shown
    assert "job 7" in shown
    assert "job 8" not in shown
    assert desk.get(RECORD, {"q": '"job 7"'}).context["cl"].result_count == 1
    assert desk.get(RECORD, {"action__exact": "job started"}).context["cl"].result_count == 2
    assert desk.get(RECORD, {"details__regex": "x"}).status_code == 400
    assert desk.get(f"{RECORD}export/csv/", {"details__regex": "x"}).status_code == 400
    lines = b"".join(desk.get(f"{RECORD}export/jsonl/", {"q": "job"})).splitlines()
    assert [json.loads(one)["target"] for one in lines] == ["job 7", "job 8"]
    table = b"".join(desk.get(f"{RECORD}export/csv/", {"q": "job"})).decode()
    assert [one["actor"] for one in csv.DictReader(io.StringIO(table))] == ["eve", "'=cmd"]
    assert Entry.objects.filter(action="record exported", actor="ada").count() == 2
    assert eve.pk


def test_who_may_not_view_it_sees_nothing_of_it(grace: User, client: Client) -> None:
    client.force_login(grace)
    for path in (RECORD, f"{RECORD}1/change/", f"{RECORD}export/csv/"):
        assert client.get(path).status_code == 403
    assert RECORD not in client.get("/desk/ticketing/indexedticket/").content.decode()
    grace.user_permissions.add(Permission.objects.get(codename="view_entry"))
    assert client.get(RECORD).status_code == 200
    assert RECORD in client.get(RECORD).content.decode()


def test_nobody_adds_changes_or_deletes_a_row(desk: Client) -> None:
    count = Entry.objects.count()
    logging.disable(logging.CRITICAL)
    number = Entry.objects.latest("number").pk
    for path in ("add/", f"{number}/delete/"):
        assert desk.post(f"{RECORD}{path}", {"post": "yes", "actor": "eve"}).status_code == 403
    desk.post(f"{RECORD}{number}/change/", {"actor": "eve"})
    desk.post(RECORD, {"action": "delete_selected", "_selected_action": [number], "post": "yes"})
    logging.disable(logging.NOTSET)
    assert Entry.objects.count() == count
    assert not Entry.objects.filter(actor="eve").exists()


def test_a_command_that_cannot_be_recorded_does_nothing_and_says_so(
    monkeypatch: pytest.MonkeyPatch, aws: None, calls: list[str]
) -> None:
    def refuse(**_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(chain, "append", refuse)
    with pytest.raises(CommandError, match=r"cannot be written .* so nothing was done"):
        call_command("redrive", "FoyerJobs")
    assert calls == []

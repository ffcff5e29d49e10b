"""What comes late brings nothing of an erased person back: messages that waited, old files, jobs, others' tickets."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError
from django.test import Client

from audit import trail
from audit.models import Entry
from config import json
from config.aws import sqs
from config.aws.events import SqsEvent
from config.consumer import redrive
from config.refusals import Invalid
from routing import processors
from tests import record
from tests.record import ACTOR
from tests.ticketing.search.conftest import found
from tests.ticketing.transfer.transferring import exported
from tests.ticketing.transfer.transferring import imported as imported_lines
from tests.ticketing.writing import comment
from tests.words import places
from ticketing import service
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.erasing.places import QUEUED
from ticketing.index import analytics_queue
from ticketing.index.following import follow
from ticketing.jobs import export, lifecycle
from ticketing.models import IndexedComment, Job
from ticketing.record import erasure
from ticketing.submissions import worker
from ticketing.tickets import announcement
from ticketing.tickets.ticket import Ticket, new_comment

pytestmark = [pytest.mark.usefixtures("versioned"), pytest.mark.django_db]

WORD = "zanzibar4111"
LEA = Person(caller_id="lea")
SUBMISSIONS = settings.SUBMISSION_QUEUE


def told(**more: Any) -> Ticket:
    ticket = record.opened(**{"subject": WORD, "issue_description": WORD, "requester": {"email": "lea@x.test"}} | more)
    comment(ticket, WORD, author=WORD)
    follow([record.get(ticket.ticket_id)])
    return record.get(ticket.ticket_id)


def erase(person: Person = LEA) -> run.Report:
    return run.erased(person, ACTOR)


def event(*bodies: str) -> SqsEvent:
    return {
        "Records": [{"messageId": f"m-{n}", "body": body, "messageAttributes": {}} for n, body in enumerate(bodies)]
    }


def submit(client: Any, **body: Any) -> str:
    sent = client.post("/ticketing/submissions", json.dumps(body), content_type="application/json")
    assert sent.status_code == 202
    return str(sent.json()["submission_id"])


def work() -> None:
    while messages := sqs.receive(SUBMISSIONS, 10, 0):
        assert worker.handler({"Records": [one.record for one in messages]}) == {"batchItemFailures": []}
        sqs.delete(SUBMISSIONS, messages)


# --- Messages -----------------------------------------------------------------------------------------


def test_announcements_that_waited_are_passed_over() -> None:
    ticket = told()
    bodies = [announcement.to_message(ticket, name)[0] for name in ("ticket.created", "ticket.updated")]
    erase()
    for handler in (analytics_queue.handler, processors.general, processors.priority):
        assert handler(event(*bodies)) == {"batchItemFailures": []}
    assert places(WORD) == []
    assert found(WORD) == []


def test_a_submission_that_waits_in_the_queue_becomes_no_ticket_and_the_others_do(token_client: Any) -> None:
    client = token_client("submit")
    hers = submit(client, caller_id="lea", message=WORD)
    submit(client, caller_id="max", message="Printer")
    planned = run.planned(LEA)
    assert (planned.counts[QUEUED], planned.on_their_way) == (1, 2)
    report = erase()
    assert (report.counts[QUEUED], report.on_their_way) == (1, 1)
    work()
    assert [one.caller_id for one in service.all_tickets()] == ["max"]
    answer = client.get(f"/ticketing/submissions/{hers}").json()
    assert (answer["status"], answer["error"]) == ("failed", "It was erased")
    assert places(WORD) == []


def test_a_copy_of_a_queued_submission_that_comes_later_becomes_no_ticket(token_client: Any) -> None:
    submit(token_client("submit"), caller_id="lea", message=WORD)
    [message] = sqs.receive(SUBMISSIONS, 10, 0)
    sqs.hide(SUBMISSIONS, {message.receipt: 0})
    erase()
    assert worker.handler({"Records": [message.record]}) == {"batchItemFailures": []}
    assert record.ticket_ids() == []


def test_dead_letters_of_every_queue_go_and_redrive_has_nothing_to_move() -> None:
    ticket = told()
    body = announcement.to_message(ticket, "ticket.updated")[0]
    ways = [one for one in redrive.ways() if one.about == "ticketing.tickets.announcement.about"]
    assert len(ways) >= 3
    for way in ways:
        sqs.send(way.dead_letters, body)
    assert erase().counts["dead letters"] == len(ways)
    for way in redrive.ways():
        assert redrive.move(way).seen == 0


# --- Files --------------------------------------------------------------------------------------------


def test_an_old_export_that_is_imported_again_changes_nothing(tmp_path: Path) -> None:
    told()
    lines = exported()
    erase()
    imported_lines(*lines)
    assert places(WORD) == []
    file = tmp_path / "old.jsonl"
    file.write_text("\n".join(lines) + "\n")
    call_command("import_tickets", str(file), stdout=io.StringIO(), stderr=io.StringIO())
    assert (places(WORD), len(record.ticket_ids())) == ([], 1)


# --- Jobs ---------------------------------------------------------------------------------------------


def exporting(query: str) -> Job:
    return lifecycle.start("export", "ada", 1, {"query": query, "by": "ada"})[0]


@pytest.mark.parametrize("query", ["q=lea", "q=printer+LEA%40x.test", "caller=lea"])
def test_a_job_that_names_the_person_is_ended_and_cannot_go_on(query: str) -> None:
    told()
    job, other = exporting(query), exporting("q=please")
    erase()
    job.refresh_from_db()
    assert (job.state, job.parameters, job.alone) == ("stopped", {"erased": True}, None)
    assert not lifecycle.resume(job)
    with pytest.raises(Invalid):
        export.page(job, {}, None)
    other.refresh_from_db()
    assert (other.state, other.parameters["query"]) == ("running", "q=please")


@pytest.mark.parametrize(("query", "kept"), [(f"q={WORD}", False), ("tier__exact=general", True)])
def test_an_export_that_found_the_person_by_their_words_forgets_them(query: str, kept: bool) -> None:
    told()
    job = exporting(query)
    while lifecycle.step(job.parts.select_related("job").get()).moved == "on":
        pass
    assert job.pieces.count() == 1
    erase()
    job.refresh_from_db()
    assert (job.state, job.parameters.get("query")) == ("done", query if kept else None)
    assert (places(WORD), export.whole(list(job.pieces.all()))) == ([], False)


def test_a_page_of_an_export_that_is_made_while_somebody_erases_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    told()
    job = exporting("")
    original = export._stored

    def stored(*given: Any) -> Any:
        monkeypatch.setattr(export, "_stored", original)
        erase()  # it has looked through all pieces before this one is there
        return original(*given)

    monkeypatch.setattr(export, "_stored", stored)
    part = job.parts.select_related("job").get()
    assert lifecycle.step(part).moved == "done"
    assert places(WORD) == []
    pieces = list(job.pieces.all())
    assert (export.whole(pieces), len(pieces)) == (True, 1)


# --- Sessions -----------------------------------------------------------------------------------------


def test_drafts_of_answers_on_their_tickets_leave_the_sessions_and_nothing_else_does(client: Client) -> None:
    ticket, other = told(), record.opened(caller_id="max")
    session = client.session
    said = {f"draft {ticket.ticket_id}": WORD, "said last": [ticket.ticket_id, "digest", "key"]}
    kept = {f"draft {other.ticket_id}": "Printer", "colour": "blue"}
    session.update(said | kept)
    session.save()
    assert run.planned(LEA).counts["drafts in sessions"] == 2
    assert erase().counts["drafts in sessions"] == 2
    left = client.session
    assert {name: value for name, value in left.items() if not name.startswith("_")} == kept


# --- Others' tickets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [LEA, Person(email="Lea@X.test")], ids=["caller", "address"])
def test_what_the_person_wrote_on_others_tickets_goes_and_those_stay(person: Person) -> None:
    told()
    other = record.opened(caller_id="max", issue_description="Printer")
    author = "lea" if person.caller_id else "lea@x.test"
    comment(other, f"I am {WORD}", author=author, key="k")
    comment(other, "Mended", author="Priya")
    follow([record.get(other.ticket_id)])
    assert run.planned(person).counts[run.ELSEWHERE] == 1
    assert erase(person).counts[run.ELSEWHERE] == 1
    assert places(WORD) == []
    texts = (
        IndexedComment.objects.filter(ticket_id=other.ticket_id).order_by("comment_id").values_list("text", "author")
    )
    assert list(texts) == [("(erased)", None), ("Mended", "Priya")]
    assert record.get(other.ticket_id).issue_description == "Printer"
    assert erase(person).counts[run.ELSEWHERE] == 0


def test_a_caller_of_another_customer_with_the_same_id_is_left_alone() -> None:
    told()
    other = record.opened(caller_id="max", customer_id="other", issue_description="Printer")
    service.add_comment(other.ticket_id, "other", new_comment("Not hers", author="lea"), ACTOR)
    erase()
    assert [one.comment for one in service.get_conversation(other.ticket_id, None, 10).comments] == ["Not hers"]


# --- The record of who did what -----------------------------------------------------------------------


def test_it_is_on_record_before_anything_is_gone_and_without_a_word_of_the_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = told()
    seen = list[str]()
    original = erasure.begin

    def begin(*given: Any) -> Any:
        seen.extend(_actions())
        return original(*given)

    monkeypatch.setattr(erasure, "begin", begin)
    erase()
    assert seen == ["person erased", "ticket erased"]
    person, one = Entry.objects.order_by("number")
    assert (one.target, one.actor, person.actor) == (f"ticket {ticket.ticket_id}", ACTOR.name, ACTOR.name)
    assert person.target == f"person {run.digest(LEA)}"
    assert "lea" not in f"{person.target} {person.details} {one.details}"


def _actions() -> list[str]:
    return list(Entry.objects.order_by("number").values_list("action", flat=True))


def test_what_cannot_be_recorded_is_not_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    told()

    def broken(*given: Any, **more: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(trail, "record", broken)
    with pytest.raises(DatabaseError):
        erase()
    assert places(WORD) != []

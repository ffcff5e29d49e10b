"""What was erased is nowhere any more, whatever dies on the way, and whatever comes late."""

import io
from typing import Any

import pytest
from botocore.client import BaseClient
from django.conf import settings
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from config import aws, json
from config.aws import sqs
from config.consumer.dead_letters import SUFFIX
from config.refusals import Final
from tests import record
from tests.record import ACTOR
from tests.ticketing.search.conftest import found
from tests.ticketing.writing import change, changes_of, comment
from tests.words import places
from ticketing import deliveries, service
from ticketing.deliveries import Delivery
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.index.following import follow
from ticketing.models import IndexedTicket
from ticketing.submissions import worker
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("versioned"), pytest.mark.django_db]

WORD = "zanzibar4111"
LEA = Person(caller_id="lea")


class Died(BaseException):
    """The process ended."""


def told(word: str = WORD, **more: Any) -> Ticket:
    """A ticket that has the word everywhere: in its texts, in S3, in comments, keys and notes, and in the index."""
    values: dict[str, Any] = {"subject": word, "issue_description": f"{word} " + "é" * 300_000, "tags": [word]}
    values |= {"requester": {"name": word, "email": "lea@family.test"}, "attributes": {"of": word}}
    ticket = record.opened(**values | more)
    change(ticket, type=word, subject=f"{word} again")
    comment(ticket, word, key="k", author=word)
    comment(ticket, f"And {word}", visibility="internal")
    follow([record.get(ticket.ticket_id)])
    return ticket


def erase(person: Person = LEA) -> run.Report:
    return run.erased(person, ACTOR)


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("erase", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_nothing_is_left_of_a_persons_words_but_an_empty_shell(token_client: Any) -> None:
    ticket, other = told(), record.opened(caller_id="max", issue_description="Printer")
    follow([other])
    assert places(WORD) != []
    report = erase()
    assert report.ticket_ids == [ticket.ticket_id]
    assert (report.counts["tickets"], report.counts["comments"], report.more) == (1, 2, False)
    assert (places(WORD), places("lea"), found(WORD), found("printer")) == ([], [], [], [other.ticket_id])
    shell = record.get(ticket.ticket_id)
    assert (shell.status, shell.comment_count, shell.erasing) == ("closed", 2, False)
    assert (shell.caller_id, shell.requester, shell.tags, shell.attributes) == ("customer:acme", None, [], {})
    client: APIClient = token_client("itsm")
    answer = client.get(f"/itsm/tickets/{ticket.ticket_id}").json()
    assert (answer["issue_description"], answer["subject"]) == ("(erased)", None)
    assert service.find(other.ticket_id) == other


def test_a_dry_run_lists_what_is_erased_then_and_changes_nothing() -> None:
    ticket = told()
    before = places(WORD)
    said = command("--caller", "lea", "--dry-run")
    assert f"ticket {ticket.ticket_id}" in said
    assert places(WORD) == before
    planned, done = run.planned(LEA), erase()
    assert planned.counts == done.counts


def test_it_is_erased_once_and_a_second_time_changes_nothing() -> None:
    ticket = told()
    erase()
    version = record.get(ticket.ticket_id).version
    assert erase().ticket_ids == []
    assert erase(Person(ticket_id=ticket.ticket_id)).ticket_ids == []
    assert record.get(ticket.ticket_id).version == version


def test_neither_reindex_nor_a_late_announcement_brings_words_back() -> None:
    ticket = told()
    before = record.get(ticket.ticket_id)
    erase()
    follow([before])
    assert places(WORD) == []
    call_command("reindex", "--afresh", "--segments", "1", stdout=io.StringIO(), stderr=io.StringIO())
    follow([before])
    assert places(WORD) == []
    assert IndexedTicket.objects.get(pk=ticket.ticket_id).title == "(erased)"


@pytest.mark.parametrize("person", [LEA, Person(email="Lea@Family.Test")], ids=["caller", "address"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_at_any_write_leaves_nothing_that_the_next_one_does_not_finish(
    person: Person, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan: list[int] = []
    _dying(plan, moment, monkeypatch)
    for number in range(1, 40):
        told()
        plan[:] = [number]
        try:
            erase(person)
            died = False
        except Died:
            died = True
        plan.clear()
        erase(person)
        for ticket_id in record.ticket_ids():
            follow([record.get(ticket_id)])  # what the announcements do, if it died before it could itself
        assert places(WORD) == []
        assert not any(record.get(one).erasing for one in record.ticket_ids())
        if not died:
            return
    pytest.fail("it did not end")


_WRITES = {"PutItem", "UpdateItem", "TransactWriteItems", "PutObject", "DeleteObjects", "DeleteMessageBatch"}


def _dying(plan: list[int], moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        if operation not in _WRITES or not plan:
            return original(self, operation, parameters)
        plan[0] -= 1
        if plan[0]:
            return original(self, operation, parameters)
        if moment == "after":
            original(self, operation, parameters)
        raise Died

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def test_what_was_begun_is_finished_by_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    told()
    with monkeypatch.context() as patched:
        _dying([3], "after", patched)
        with pytest.raises(Died):
            erase()
    command("--resume")
    assert places(WORD) == []


def test_a_ticket_that_comes_in_meanwhile_is_erased_too(monkeypatch: pytest.MonkeyPatch) -> None:
    told()
    late: list[Ticket] = []
    original = run._sweep

    def sweep(*given: Any, **more: Any) -> None:
        original(*given, **more)
        if not late:
            late.append(told())

    monkeypatch.setattr(run, "_sweep", sweep)
    done = erase().ticket_ids
    assert (len(done), done[-1]) == (2, late[0].ticket_id)
    assert places(WORD) == []


def test_a_repeated_request_meets_the_shell_and_one_of_tomorrow_is_taken_in() -> None:
    ticket = record.opened_with_key("k", issue_description=WORD).ticket
    erase()
    again = record.opened_with_key("k", issue_description=WORD)
    assert (again.replayed, again.ticket.issue_description) == (True, "(erased)")
    assert places(WORD) == []
    with pytest.raises(Final):
        comment(ticket, WORD, key="another")
    assert record.opened(issue_description="Tomorrow").caller_id == "lea"


def test_a_repeated_comment_is_not_taken_in() -> None:
    ticket = told()
    erase()
    with pytest.raises(Final):
        comment(ticket, WORD, key="k")
    with pytest.raises(Final):
        service.change_ticket(ticket.ticket_id, "acme", {"attributes": {}, "zendesk": {"a": WORD}}, ACTOR)
    assert places(WORD) == []


def test_the_notes_say_that_it_was_erased_and_by_whom() -> None:
    ticket = told()
    erase()
    last = changes_of(ticket)[-1]
    assert (last["by"], last["changes"]) == (ACTOR.name, {"erased": [False, True]})


def test_a_caller_of_several_customers_is_erased_for_the_named_one_alone() -> None:
    told()
    record.opened(customer_id="other", issue_description="Theirs")
    with pytest.raises(CommandError, match=r"acme, other.*--customer"):
        command("--caller", "lea")
    assert places(WORD) != []
    command("--caller", "lea", "--customer", "acme")
    assert (places(WORD), places("Theirs") != []) == ([], True)


def test_who_is_not_there_is_said() -> None:
    with pytest.raises(CommandError, match="no such ticket"):
        command("--ticket", "absent")


def test_deliveries_keep_no_words_and_a_repeat_is_answered_as_before(token_client: Any) -> None:
    client = token_client("submit")

    def sent() -> Any:
        body = json.dumps({"caller_id": "lea", "message": WORD})
        headers = {"Idempotency-Key": WORD}
        return client.post("/ticketing/submissions", body, content_type="application/json", headers=headers)

    first = sent().json()
    work(settings.SUBMISSION_QUEUE)
    erase()
    assert places(WORD) == []
    assert sent().json() == first
    work(settings.SUBMISSION_QUEUE)
    assert places(WORD) == []


def test_dead_letters_of_the_person_go_and_nothing_becomes_a_ticket(token_client: Any) -> None:
    body = json.dumps({"caller_id": "lea", "message": WORD})
    headers = {"Idempotency-Key": "k"}
    client = token_client("submit")
    client.post("/ticketing/submissions", body, content_type="application/json", headers=headers)
    [message] = sqs.receive(settings.SUBMISSION_QUEUE, 10, 0)
    dead = settings.SUBMISSION_QUEUE + SUFFIX
    sqs.forward(dead, message, {})
    sqs.delete(settings.SUBMISSION_QUEUE, [message])
    other = sqs.send(dead, json.dumps({"caller_id": "max", "message": "Printer"}))
    assert run.planned(LEA).counts["dead letters"] == 1
    erase()
    left = sqs.receive(dead, 10, 0)
    assert [one.message_id for one in left] == [other]
    assert [one.state for one in deliveries.scan()] == ["ignored"]
    sqs.forward(settings.SUBMISSION_QUEUE, message, {})  # a copy of it
    work(settings.SUBMISSION_QUEUE)
    assert record.ticket_ids() == []


def work(queue: str) -> None:
    """Work what waits in the submissions' queue."""
    messages = sqs.receive(queue, 10, 0)
    answer = worker.handler({"Records": [one.record for one in messages]})
    assert answer == {"batchItemFailures": []}
    sqs.delete(queue, messages)


def test_large_submissions_and_exports_go_with_all_versions() -> None:
    ticket, client = told(), aws.client("s3")
    delivery = Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k", ticket_id=ticket.ticket_id)
    deliveries.receive(delivery)
    for bucket, key in (
        (settings.LARGE_MESSAGE_BUCKET, "large-tickets/a.json"),
        (settings.ATTACHMENTS_BUCKET, "!exports/1/a.jsonl"),
    ):
        body = json.dumps({"ticket_id": ticket.ticket_id, "caller_id": "lea", "message": WORD})
        client.put_object(Bucket=bucket, Key=key, Body=body.encode(), Metadata={})
        client.put_object(Bucket=bucket, Key=f"{key}x", Body=b'{"message": "Theirs"}')
    report = erase()
    assert report.counts["exports (versions of pieces)"] == 1
    assert report.counts["stored submissions (versions)"] == 1
    for bucket in (settings.LARGE_MESSAGE_BUCKET, settings.ATTACHMENTS_BUCKET):
        assert [one["Key"][-1] for one in client.list_objects_v2(Bucket=bucket)["Contents"]] == ["x"]

"""The index against the record: what differs is named, or put right, while tickets and comments come in."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config import aws as config_aws
from tests import record
from tests.ticketing.search.conftest import found
from tests.ticketing.writing import change, comment
from ticketing import index
from ticketing.index import comparing, rows
from ticketing.jobs import reindex
from ticketing.models import IndexedComment, IndexedTicket, Job
from ticketing.record import bulk
from ticketing.search import documents
from ticketing.search.documents import Document
from ticketing.tickets.ticket import Comment, Ticket

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


def differences() -> dict[str, str]:
    return {one.ticket_id: one.what for one in reindex.differences()}


def rebuild(segments: int = 1) -> int:
    """Go through everything once; how much was put right."""
    found = 0
    for stretch in reindex.stretches(segments):
        page = reindex.page(stretch, None, mend=True)
        found += len(page.found)
        while page.next:
            page = reindex.page(stretch, page.next, mend=True)
            found += len(page.found)
    return found


def indexed(**more: Any) -> Ticket:
    """A ticket with a comment, which the index has."""
    ticket = record.opened(**more)
    said = comment(ticket).comment
    ticket = record.get(ticket.ticket_id)
    index.apply([ticket], [said])
    return ticket


@pytest.fixture
def differing() -> dict[str, str]:
    """One ticket of every kind of difference, and one that is right; what each should be called."""
    indexed()
    different, newer, unsaid, forged, deleted = (indexed() for _ in range(5))
    IndexedTicket.objects.filter(pk=different.ticket_id).update(subject="forged")
    IndexedTicket.objects.filter(pk=newer.ticket_id).update(version=9)
    index.remove_comments([(unsaid.ticket_id, str(unsaid.last_comment_id))])
    IndexedComment.objects.filter(ticket_id=forged.ticket_id).update(visibility="public", text="forged")
    delete_comment(deleted)
    missing = record.opened().ticket_id
    times = dict.fromkeys(("created_at", "received_at", "updated_at"), rows._EPOCH)
    IndexedTicket.objects.create(ticket_id="orphan", version=1, requester=None, **times)
    return {
        missing: "missing",
        different.ticket_id: "different",
        newer.ticket_id: "different",
        "orphan": "not in the record",
        unsaid.ticket_id: "comments missing",
        forged.ticket_id: "comments different",
        deleted.ticket_id: "comments not in the record",
    }


def delete_comment(ticket: Ticket) -> None:
    """Another program deletes the ticket's last comment."""
    key = {"ticket_id": ticket.ticket_id, "item": f"TICKET#COMMENT#{ticket.last_comment_id}"}
    config_aws.client("dynamodb").delete_item(TableName=settings.TABLE_NAME, Key=config_aws.to_wire(key))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("reindex", "--segments", "1", *arguments)
    return capsys.readouterr().out


def test_every_kind_of_difference_is_found(differing: dict[str, str]) -> None:
    assert differences() == differing


@pytest.mark.parametrize("segments", [1, 3])
def test_a_rebuild_puts_everything_right(differing: dict[str, str], segments: int) -> None:
    assert rebuild(segments) == 7
    assert differences() == {}
    assert sorted(IndexedTicket.objects.values_list("pk", flat=True)) == record.ticket_ids()
    assert rebuild(segments) == 0
    for row in IndexedTicket.objects.all():
        assert row.known_comments == IndexedComment.objects.filter(ticket_id=row.pk).count()


def test_an_empty_index_is_rebuilt_from_pages_alone(calls: list[str]) -> None:
    """No item is asked for by itself."""
    for _ in range(5):
        indexed()
    IndexedTicket.objects.all().delete()
    IndexedComment.objects.all().delete()
    calls.clear()
    assert rebuild() == 10
    assert calls == ["Scan"]
    assert differences() == {}


def test_a_check_lists_what_differs_changes_nothing_and_fails(
    differing: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = sorted(IndexedTicket.objects.values_list("pk", "version", "subject"))
    with pytest.raises(CommandError) as caught:
        run(capsys, "--check")
    assert caught.value.returncode == 1
    assert str(caught.value).startswith("7 differ; ")
    assert str(caught.value).endswith(" looked at. `manage.py reindex` puts them right.")
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(f"{name}: {what}" for name, what in differing.items())
    assert sorted(IndexedTicket.objects.values_list("pk", "version", "subject")) == rows


def test_what_the_index_takes_in_a_moment_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is on its way, the other was lost."""
    new, lost, changed = record.opened(), record.opened(), indexed()
    later = change(changed, status="pending")
    said = comment(changed).comment
    waits: list[float] = []

    def follow(seconds: float) -> None:
        waits.append(seconds)
        index.apply([new, later, record.get(changed.ticket_id)], [said])

    monkeypatch.setattr("ticketing.index.comparing.time.sleep", follow)
    assert differences() == {lost.ticket_id: "missing"}
    assert len(waits) == 1
    index.apply([lost])
    assert differences() == {}
    assert len(waits) == 1


def test_a_check_of_an_index_that_is_right_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    index.apply([record.opened(), record.opened()])
    assert run(capsys, "--check") == "The index says what the record says: 4 looked at.\n"
    assert run(capsys) == "4 looked at, 0 put right.\n"


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Have something happen each time after the record was read and before the index is."""
    todo: list[Callable[[], None]] = []
    looked = comparing._suspects

    def suspects(*some: Any) -> Any:
        for one in todo:
            one()
        return looked(*some)

    monkeypatch.setattr(comparing, "_suspects", suspects)
    yield todo.append
    todo.clear()


@pytest.mark.parametrize("mend", [True, False])
def test_a_ticket_that_changes_all_the_time_is_no_difference(meanwhile: Any, mend: bool) -> None:
    """The index is ahead of every reading of the record, and is right."""
    ticket = indexed()
    numbers = iter(range(100))
    meanwhile(lambda: index.apply([change(ticket, subject=f"Number {next(numbers)}")]))
    [stretch, *_] = reindex.stretches(1)
    found = reindex.page(stretch, None, mend).found
    assert mend or found == []
    assert IndexedTicket.objects.get().version == record.get(ticket.ticket_id).version


def test_a_ticket_that_arrives_meanwhile_stays(meanwhile: Any) -> None:
    record.opened()
    arrived: list[Ticket] = []

    def arrive() -> None:
        arrived.append(indexed())

    meanwhile(arrive)
    rebuild()
    assert arrived
    assert sorted(IndexedTicket.objects.values_list("pk", flat=True)) == record.ticket_ids()
    assert IndexedComment.objects.count() == len(arrived)


@pytest.mark.parametrize("counted", [0, 2])
def test_a_ticket_that_comes_back_while_its_row_is_removed_stays_with_its_comments(
    monkeypatch: pytest.MonkeyPatch, counted: int
) -> None:
    ticket = indexed()
    record.forget(ticket.ticket_id)
    remove = index.remove

    def come_back(ticket_ids: Any) -> None:
        record.put(ticket_id=ticket.ticket_id, comment_count=counted)
        record.put(ticket_id=ticket.ticket_id, item="TICKET#COMMENT#0", comment="zebra")
        remove(ticket_ids)

    monkeypatch.setattr(index.store, "remove", come_back)
    rebuild()
    assert found("zebra") == [ticket.ticket_id]
    assert IndexedTicket.objects.get().known_comments == 2
    assert differences() == {}


@pytest.mark.django_db(transaction=True)
def test_comments_that_a_rebuild_meets_just_before_an_import_indexes_their_ticket_are_found() -> None:
    """On PostgreSQL the rebuild's transaction is open when the ticket comes; on SQLite it has just ended."""
    ticket = record.opened()
    said = comment(ticket, "zebra").comment
    met, imported = threading.Event(), threading.Event()

    def meet() -> None:
        with closing(connection), transaction.atomic():
            comparing.mend([], [said])
            met.set()
            imported.wait(1)

    if connection.vendor == "sqlite":  # threads do not share its database in memory
        comparing.mend([], [said])
        met.set()
    with ThreadPoolExecutor(1) as beside:
        rebuilding = None if met.is_set() else beside.submit(meet)
        assert met.wait(10)
        index.apply([record.get(ticket.ticket_id)])
        index.apply([], [said])
        imported.set()
    assert rebuilding is None or rebuilding.result() is None
    assert found("zebra") == [ticket.ticket_id]
    assert IndexedTicket.objects.get().known_comments == 1
    assert differences() == {}


def test_a_ticket_that_does_not_count_all_its_comments_is_made_searchable() -> None:
    ticket = indexed()
    miscounted = indexed()
    IndexedTicket.objects.filter(pk=miscounted.ticket_id).update(known_comments=0)
    documents.replace([Document(miscounted.ticket_id, miscounted.reference, None, "", [])])
    assert found("hello") == [ticket.ticket_id]
    assert differences() == {miscounted.ticket_id: "not searchable"}
    assert rebuild() == 1
    assert differences() == {}
    assert sorted(found("hello")) == sorted([ticket.ticket_id, miscounted.ticket_id])


def test_a_row_that_is_wrong_keeps_its_comments_when_it_is_put_right() -> None:
    ticket = indexed()
    IndexedTicket.objects.update(subject="forged", version=9)
    index.make_searchable([ticket.ticket_id])
    rebuild()
    assert (found("forged"), found("hello")) == ([], [ticket.ticket_id])
    assert IndexedTicket.objects.get().known_comments == 1


def test_comments_of_a_ticket_that_another_program_deleted_are_no_difference() -> None:
    ticket = indexed()
    record.forget(ticket.ticket_id)
    assert differences() == {ticket.ticket_id: "not in the record"}
    rebuild()
    assert differences() == {}
    assert not IndexedTicket.objects.exists()


def test_pages_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAGE", 2)
    monkeypatch.setattr(bulk, "BATCH", 3)
    monkeypatch.setattr(reindex, "ROWS", 2)
    for _ in range(5):
        comment(record.opened())
    assert len(list(reindex.differences())) == 10
    assert rebuild(segments=3) == 10
    assert differences() == {}
    for ticket_id in record.ticket_ids():
        record.forget(ticket_id)
    assert set(differences().values()) == {"not in the record"}
    assert rebuild(segments=3) == 5


def test_a_page_that_is_right_costs_two_queries_and_one_call(calls: list[str]) -> None:
    for _ in range(50):
        indexed()
    stretches = reindex.stretches(1)
    calls.clear()
    for stretch, queries in zip(stretches, (2, 2, 1), strict=True):
        with CaptureQueriesContext(connection) as asked:
            assert reindex.page(stretch, None, mend=True).found == []
        told = [one["sql"] for one in asked if "search" not in one["sql"]]
        assert len(told) == queries
    assert calls == ["Scan", "BatchGetItem", "BatchGetItem"]


def test_items_of_other_programs_are_indexed_and_then_do_not_differ() -> None:
    record.put(ticket_id="bare")
    record.put(ticket_id="odd", subject="a\0b", assignee="x" * 3000, version="three", created_at="yesterday")
    record.put(ticket_id="o\0dd")
    record.put(ticket_id="bare", item="TICKET#COMMENT#1\0")
    record.put(ticket_id="none", item="TICKET#COMMENT#1")
    assert rebuild() == 4
    assert differences() == {}
    assert rebuild() == 0


def test_a_ticket_too_large_for_its_item_is_compared_whole() -> None:
    ticket = record.opened(issue_description="long " * 200_000)
    index.apply([ticket])
    assert differences() == {}
    IndexedTicket.objects.update(issue_description="")
    assert differences() == {ticket.ticket_id: "different"}


@pytest.mark.parametrize("mend", [True, False])
def test_more_differences_than_the_record_can_be_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch, calls: list[str], mend: bool
) -> None:
    monkeypatch.setattr(comparing, "HUNDRED", 2)
    for _ in range(5):
        indexed()
    IndexedTicket.objects.update(subject="forged")
    IndexedComment.objects.update(text="forged")
    [stretch, *_] = reindex.stretches(1)
    calls.clear()
    assert len(reindex.page(stretch, None, mend).found) == 10
    # With `mend`, comments are read once more while nobody else can write them.
    assert calls == ["Scan", *["BatchGetItem"] * 12]
    assert len(list(reindex.differences())) == (0 if mend else 10)


@pytest.mark.parametrize(("characters", "expected"), [(500_000, [1, 1, 1]), (1_100_000, [2, 1]), (4_000_000, [3])])
def test_large_tickets_are_indexed_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch, characters: int, expected: list[int]
) -> None:
    monkeypatch.setattr(bulk, "TEXT", characters)
    for _ in range(3):
        record.opened(issue_description="long " * 100_000)
    batches = list(bulk.page(0, 1, None).batches())
    assert [len(tickets) for tickets, _ in batches] == expected


@pytest.mark.parametrize("apart", [1, 2, 3, 20])
def test_a_page_ends_early_where_it_has_many_large_tickets(monkeypatch: pytest.MonkeyPatch, apart: int) -> None:
    monkeypatch.setattr(bulk, "APART", apart)
    for number in range(6):
        opened = record.opened(issue_description="long " * 100_000 if number % 2 else "short")
        comment(opened)
    pages = list(walked())
    large = [sum(isinstance(one, Ticket) and bool(one.overflow) for one in page.items) for page in pages]
    assert sum(large) == 3
    assert max(large) == min(apart, 3)
    kinds = Counter(type(one) for page in pages for one in page.items)
    assert kinds == {Ticket: 6, Comment: 6}
    assert sorted(len(comments) for _, comments in bulk.conversations()) == [1] * 6


def walked() -> Iterator[bulk.Page]:
    """The pages of the whole table."""
    page = bulk.page(0, 1, None)
    yield page
    while page.next:
        page = bulk.page(0, 1, page.next)
        yield page


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_record_that_cannot_be_read_is_told_in_a_sentence(refuse: set[str], arguments: list[str]) -> None:
    refuse.add("Scan")
    with pytest.raises(CommandError, match=r"The record cannot be read: InternalError.* Nothing is lost; run it again"):
        call_command("reindex", "--segments", "1", *arguments)
    assert Job.objects.get().state == "stopped"

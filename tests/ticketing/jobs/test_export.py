"""Export of a list: each of its tickets once, as the record has it, whatever dies and whoever works beside it."""

import hashlib
from typing import Any

import pytest
from django.core.files.storage import storages

from config import json
from config.web.admin import BadAddress
from tests import record
from tests.ticketing.jobs.conftest import found, parts
from tests.ticketing.transfer.transferring import empty_s3
from tests.ticketing.writing import comment
from ticketing import index, service
from ticketing.jobs import export, lifecycle, tasks
from ticketing.jobs.lifecycle import Moved
from ticketing.models import IndexedTicket, Job
from ticketing.tickets.ticket import Ticket
from ticketing.tickets.workflow import STATUSES

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS", 2)


def ticket(**fields: Any) -> Ticket:
    """In the record and in the index."""
    opened = record.opened(**fields)
    index.apply([opened])
    return opened


def started(query: str = "", by: str = "ada") -> Job:
    job, new = lifecycle.start("export", by, tasks.SEGMENTS, {"query": query, "by": by})
    assert new
    return job


def step(job: Job) -> Moved:
    """A page by somebody who knows only what is stored."""
    [part] = parts(job)
    return lifecycle.step(part).moved


def text_of(job: Job) -> bytes:
    pieces = list(job.pieces.all())
    assert export.whole(pieces)
    text = b"".join(export.content(pieces))
    assert len(text) == sum(piece.size for piece in pieces)
    return text


def lines(job: Job) -> list[dict[str, Any]]:
    while step(job) == "on":
        pass
    job.refresh_from_db()
    assert job.state == "done"
    return [json.loads(line) for line in text_of(job).splitlines()]


def ids(job: Job) -> list[str]:
    return [one["ticket_id"] for one in lines(job)]


@pytest.mark.parametrize("count", range(6))
def test_every_ticket_of_a_list_is_in_it_once(count: int) -> None:
    opened = [ticket().ticket_id for _ in range(count)]
    job = started()
    assert job.total == count
    assert ids(job) == sorted(opened)
    assert lifecycle.counts(job) == (count, 0)


def test_an_empty_list_is_an_empty_file() -> None:
    ticket()
    job = started("status=solved")
    assert lines(job) == []
    assert text_of(job) == b""


def test_a_line_has_the_ticket_as_the_record_has_it_with_all_comments_and_the_internal_notes() -> None:
    opened = ticket(subject="As the index has it")
    comment(opened, "For everybody")
    comment(opened, "For us", visibility="internal")
    service.change_ticket(opened.ticket_id, "acme", {"subject": "As the record has it"}, record.ACTOR)
    [line] = lines(started())
    assert line["subject"] == "As the record has it"
    assert [(one["comment"], one["visibility"]) for one in line["comments"]] == [
        ("For everybody", "public"),
        ("For us", "internal"),
    ]


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("status=unsolved", {"open", "pending", "gold"}),
        ("status=solved", {"ada's"}),
        ("tier__exact=gold", {"gold"}),
        ("channel__exact=zendesk", {"pending"}),
        ("assignee=%3Anobody", {"open", "pending", "gold"}),
        ("assignee=%3Ame", {"ada's"}),
        ("q=printer", {"pending", "gold"}),
        ("q=printer&status=pending&o=1&p=7", {"pending"}),
        ("q=nothing+of+that", set()),
    ],
)
def test_filters_and_search_mean_what_they_mean_on_the_list(query: str, subjects: set[str]) -> None:
    ticket(subject="open")
    ticket(subject="pending", status="pending", channel="zendesk", issue_description="The printer")
    ticket(subject="ada's", status="solved", assignee="ada")
    ticket(subject="gold", tier="gold", issue_description="A PRINTER of gold")
    job = started(query)
    assert job.total == len(subjects)
    assert {one["subject"] for one in lines(job)} == subjects


def test_mine_are_those_of_who_started_it() -> None:
    mine = {name: ticket(assignee=name).ticket_id for name in ("ada", "grace")}
    for name, ticket_id in mine.items():
        assert ids(started("assignee=%3Ame", by=name)) == [ticket_id]


def test_a_list_that_is_none_is_not_begun() -> None:
    with pytest.raises(BadAddress, match="no filter 'colour'"):
        started("colour=red")
    assert not Job.objects.exists()


def test_several_run_side_by_side_but_nobody_runs_the_same_twice() -> None:
    queries = ["", *(f"status={status}" for status in STATUSES)]
    jobs = [started(query) for query in queries]
    assert lifecycle.start("export", "ada", 1, {"by": "ada", "query": queries[1]}) == (jobs[1], False)
    assert lifecycle.start("export", "grace", 1, {"query": "", "by": "grace"})[1]
    lifecycle.stop(jobs[1])
    again = started(queries[1])
    assert not lifecycle.resume(jobs[1])
    lifecycle.stop(again)
    assert lifecycle.resume(jobs[1])


def test_a_ticket_that_the_record_does_not_have_is_left_out() -> None:
    opened = [ticket().ticket_id for _ in range(5)]
    kept = sorted(opened)[:2] + sorted(opened)[4:]
    for ticket_id in set(opened) - set(kept):  # the whole of a page
        record.forget(ticket_id)
    assert ids(started()) == kept


def test_every_reader_finds_a_ticket_a_line() -> None:
    texts = {f"one{end}two" for end in "\x85\u2028\u2029\x0b\x0c\x1c\r\n"}
    for text in texts:
        comment(ticket(issue_description=text), text)
    job = started()
    lines(job)
    exported = text_of(job).decode().splitlines()
    assert len(exported) == len(texts)
    assert {json.loads(one)["issue_description"] for one in exported} == texts
    assert {json.loads(one)["comments"][0]["comment"] for one in exported} == texts


def test_a_ticket_whose_description_is_gone_is_found_and_the_rest_exported() -> None:
    lost = [ticket(issue_description="é" * 300_000).ticket_id for _ in range(3)]
    there = ticket(subject="There").ticket_id
    empty_s3()
    job = started()
    assert {one["ticket_id"]: one["issue_description"] for one in lines(job)} == {
        **dict.fromkeys(lost),
        there: "No lesson",
    }
    assert lifecycle.counts(job) == (4, 3)
    assert found(job) == [(one, "description missing") for one in sorted(lost)]


@pytest.mark.parametrize("pages", range(3))
def test_died_between_a_piece_and_its_place_and_gone_on_with(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    opened = [ticket() for _ in range(5)]
    job = started()
    for _ in range(pages):
        step(job)
    with monkeypatch.context() as patch:
        patch.setattr(lifecycle, "_count", died)
        with pytest.raises(KeyboardInterrupt):
            step(job)
    assert job.pieces.count() == pages
    assert len(stored(job)) == pages + 1
    for one in opened:  # so the piece that nobody counted is another one than that which counts
        comment(one, "Meanwhile")
    found = lines(job)
    assert [one["ticket_id"] for one in found] == sorted(one.ticket_id for one in opened)
    assert len(stored(job)) == 4
    assert [one["comment_count"] for one in found] == [0] * 2 * pages + [1] * (5 - 2 * pages)


def test_of_two_who_work_one_page_one_loses_and_its_piece_with_it() -> None:
    opened = [ticket() for _ in range(3)]
    job = started()
    [slow], [fast] = parts(job), parts(job)
    assert lifecycle.step(fast).moved == "on"
    counted = text_of(job)
    for one in opened:
        comment(one, "Meanwhile")
    assert lifecycle.step(slow).moved == "lost"
    assert text_of(job) == counted
    assert len(stored(job)) == 2
    assert ids(job) == sorted(one.ticket_id for one in opened)


def test_a_piece_is_named_by_what_is_in_it_and_beside_no_ticket() -> None:
    ticket()
    job = started()
    step(job)
    [piece] = job.pieces.all()
    assert piece.name == f"{hashlib.sha256(text_of(job)).hexdigest()}.jsonl"
    assert stored(job) == [piece.name]
    assert storages["default"].exists(f"!exports/{job.pk}/{piece.name}")


def test_a_piece_that_is_gone_is_noticed_before_anything_is_sent() -> None:
    for _ in range(3):
        ticket()
    job = started()
    lines(job)
    pieces = list(job.pieces.all())
    storages["default"].delete(f"!exports/{job.pk}/{pieces[1].name}")
    assert not export.whole(pieces)


def test_a_large_piece_goes_through_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_IN_MEMORY", 10)
    monkeypatch.setattr(storages["default"], "max_memory_size", 10)
    opened = [ticket(issue_description="é" * 100_000).ticket_id for _ in range(3)]
    assert ids(started()) == sorted(opened)


def test_a_page_knows_no_more_of_a_list_than_its_tickets(django_assert_num_queries: Any) -> None:
    """No count, no page of the list and no excerpts: who has tickets (a filter's choices), the ids, what is erased."""
    for _ in range(3):
        ticket()
    job = started()
    with django_assert_num_queries(3):
        export.page(job, {}, None)
    assert IndexedTicket.objects.count() == 3


def stored(job: Job) -> list[str]:
    _, names = storages["default"].listdir(f"!exports/{job.pk}")
    return list(names)


def died(*_: Any) -> bool:
    raise KeyboardInterrupt

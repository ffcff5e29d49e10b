"""A job's life: whatever dies, and whoever works beside it, it comes to the same end."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config import aws
from tests import record
from tests.ticketing.jobs.conftest import found, parts
from ticketing import index
from ticketing.jobs import kinds, lifecycle, reindex, threads
from ticketing.models import IndexedComment, IndexedTicket, Job, JobPart

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


def started(kind: Any = "reindex", segments: int = 2) -> Job:
    return lifecycle.start(kind, "ada", segments)[0]


def work(job: Job, pages: int = 1000) -> int:
    """Work the job alone, so many pages at most; how many there were."""
    count = 0
    for part in parts(job):
        moved = "on"
        while moved == "on" and count < pages:
            moved = lifecycle.step(part).moved
            count += 1
    job.refresh_from_db()
    return count


def differences() -> list[Any]:
    return list(reindex.differences())


def test_a_job_is_worked_to_its_end(tickets: list[str]) -> None:
    job = started()
    assert (job.state, job.alone, job.total) == ("running", "reindex", 10)
    work(job)
    assert (job.state, job.alone, job.error) == ("done", None, "")
    assert job.ended_at
    seen, put_right = lifecycle.counts(job)
    assert put_right == 10
    assert seen >= 10
    assert differences() == []


def test_interrupted_after_any_page_and_gone_on_with_it_comes_to_the_same_end(tickets: list[str]) -> None:
    for _ in range(5):
        orphan = record.opened()
        index.apply([orphan])
        record.forget(orphan.ticket_id)
    whole = started("check")
    pages = work(whole)
    assert pages > 6
    for number in range(pages):
        job = started("check")
        assert work(job, number) == number
        assert job.state == "running"
        work(Job.objects.get(pk=job.pk))  # whoever goes on knows only what is stored
        assert found(job) == found(whole)
        assert lifecycle.counts(job) == lifecycle.counts(whole)
        assert Job.objects.get(pk=job.pk).state == "done"


@pytest.mark.parametrize("number", range(6))
def test_a_rebuild_that_died_after_a_page_s_work_and_before_its_place_was_saved(
    tickets: list[str], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    job, count = started(), lifecycle._count

    def die(part: JobPart, page: Any) -> bool:
        if part.pages == number // 2 and part.number == number % 2 + 1:
            raise KeyboardInterrupt
        return count(part, page)

    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):  # none where the segment has no such page
        patch.setattr(lifecycle, "_count", die)
        work(job)
    work(Job.objects.get(pk=job.pk))
    assert differences() == []
    assert IndexedTicket.objects.count() == IndexedComment.objects.count() == 5


def test_of_two_on_one_part_one_loses_and_no_finding_is_doubled(tickets: list[str]) -> None:
    job = started("check", segments=1)
    mine, theirs = parts(job)[0], parts(job)[0]
    assert lifecycle.step(mine).moved == "on"
    assert lifecycle.step(theirs) == lifecycle.Step("lost")
    assert lifecycle.step(theirs).moved == "lost"  # until it looks again
    theirs.refresh_from_db()
    assert lifecycle.step(theirs).moved == "on"
    assert lifecycle.step(mine).moved == "lost"
    work(Job.objects.get(pk=job.pk))
    assert lifecycle.counts(job)[1] == 10
    assert len(found(job)) == len(set(found(job))) == 10


def test_only_one_of_a_kind_runs(tickets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    job, new = lifecycle.start("reindex", "ada", 1)
    assert new
    assert lifecycle.start("reindex", "grace", 1) == (job, False)
    assert lifecycle.start("check", "grace", 1)[1]
    looked, filtered = iter([Job.objects.none()]), Job.objects.filter
    # The first look finds nothing: the other one was started just after it.
    monkeypatch.setattr(Job.objects, "filter", lambda **wanted: next(looked, filtered(**wanted)))
    assert lifecycle.start("reindex", "grace", 1) == (job, False)
    assert Job.objects.count() == 2


def test_a_stopped_job_is_worked_no_more_and_goes_on_where_it_was(tickets: list[str]) -> None:
    job = started(segments=1)  # so that the first part has more than a page, whatever the ids
    work(job, 1)
    part = parts(job)[0]
    lifecycle.stop(job)
    assert lifecycle.step(part).moved == "lost"
    job.refresh_from_db()
    assert (job.state, job.alone) == ("stopped", None)
    assert lifecycle.unfinished("reindex") == job
    assert lifecycle.resume(job)
    assert (job.state, job.alone) == ("running", "reindex")
    work(job)
    assert job.state == "done"
    assert lifecycle.unfinished("reindex") is None
    assert not lifecycle.resume(job)
    assert differences() == []


def test_a_stopped_job_does_not_go_on_beside_another(tickets: list[str]) -> None:
    job = started()
    lifecycle.stop(job)
    started()
    assert not lifecycle.resume(job)


def test_no_more_than_a_thousand_differences_are_kept_and_all_are_counted(
    tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "FINDINGS", 3)
    job = started("check")
    work(job)
    assert (len(found(job)), lifecycle.counts(job)[1]) == (3, 10)


@pytest.mark.parametrize("kind", ["check", "reindex"])
def test_a_difference_is_kept_by_the_name_that_the_index_has_for_it(kind: str) -> None:
    record.put(ticket_id="o\0dd", caller_id="c")
    job = started(kind)
    work(job)
    assert (job.state, found(job)) == ("done", [("o\ufffddd", "missing")])


def test_parts_are_taken_once_until_they_stall(tickets: list[str]) -> None:
    job = started(segments=6)
    assert [part.number for part in lifecycle.take(job, 2)] == [1, 2]
    assert lifecycle.hands(job) == 2
    assert [part.number for part in lifecycle.take(job, 9)] == [3, 4, 5, 6]
    assert lifecycle.take(job, 1) == lifecycle.take(job, 0) == []
    JobPart.objects.filter(number=2).update(moved_at=timezone.now() - lifecycle.STALLED - timedelta(seconds=1))
    assert lifecycle.hands(job) == 5
    assert [part.number for part in lifecycle.take(job, 9)] == [2]


def test_a_page_costs_one_write_of_its_place(tickets: list[str], django_assert_num_queries: Any) -> None:
    work(started())
    part = parts(started("check"))[0]
    looked = kinds.KINDS["check"].page(part.job, {"walk": "record", "segment": 0, "segments": 2}, None)
    with django_assert_num_queries(3):  # with its transaction's two
        assert lifecycle._count(part, looked)


def test_what_keeps_a_job_is_told_until_it_gets_on(tickets: list[str]) -> None:
    job = started()
    lifecycle.trouble(job.pk, "AWS is away")
    job.refresh_from_db()
    assert (job.state, job.error) == ("running", "AWS is away")
    work(job)
    assert (job.state, job.error) == ("done", "")


@pytest.mark.django_db(transaction=True)
def test_threads_work_a_job_side_by_side(tickets: list[str], atomic: None) -> None:
    from django.db import connection

    shared = connection.vendor == "postgresql"  # threads do not share SQLite's database in memory
    job = started(segments=3)
    seen: list[int] = []
    threads.all_of(job, 3 if shared else 1, lambda step: seen.append(len(step.found)))
    job.refresh_from_db()
    assert job.state == "done"
    assert sum(seen) == 10
    assert differences() == []


@pytest.mark.django_db(transaction=True)
def test_what_a_thread_raises_ends_the_others_and_is_raised(tickets: list[str], refuse: set[str]) -> None:
    job = started(segments=3)
    refuse.add("Scan")
    with pytest.raises(aws.Retryable):
        threads.all_of(job, 3, print)
    job.refresh_from_db()
    assert job.state == "running"
    refuse.clear()
    threads.all_of(job, 1, print)
    assert differences() == []


def test_somebody_who_stops_the_job_ends_the_command_s_work(
    tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "WAIT", 0)
    job = started()
    threads.all_of(job, 1, lambda _: lifecycle.stop(job))
    job.refresh_from_db()
    assert job.state == "stopped"


def test_a_part_that_another_worked_meanwhile_is_gone_on_with(
    tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "WAIT", 0)
    job, other, moves = started(segments=1), [], []
    other += parts(job)

    def report(step: lifecycle.Step) -> None:
        moves.append(step.moved)
        if len(moves) == 1:
            other[0].refresh_from_db()
            lifecycle.step(other[0])

    threads.all_of(job, 1, report)
    assert "lost" in moves
    job.refresh_from_db()
    assert job.state == "done"
    assert differences() == []

"""`manage.py reindex`: worked here and now, resumed, and told on a terminal and elsewhere."""

import io
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from config import aws, progress
from tests.ticketing.jobs.conftest import parts
from ticketing.jobs import lifecycle, reindex, threads
from ticketing.models import IndexedTicket, Job, JobPart
from ticketing.record import bulk

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str, stderr: Any = None) -> tuple[str, str]:
    """What the command says, and what it tells beside it."""
    out, err = io.StringIO(), stderr or io.StringIO()
    call_command("reindex", "--segments", "1", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ctrl-C after so many pages."""
    original = lifecycle.step

    def after(pages: int) -> None:
        left = iter(range(pages))

        def step(part: Any) -> Any:
            if next(left, None) is None:
                monkeypatch.setattr(lifecycle, "step", original)
                raise KeyboardInterrupt
            return original(part)

        monkeypatch.setattr(lifecycle, "step", step)

    return after


def begun_by_another(kind: Any) -> Job:
    """A page of it is done, moments ago."""
    job, _ = lifecycle.start(kind, "a process that is no more", 1)
    lifecycle.step(parts(job)[0])
    return job


def left_for(time: timedelta) -> None:
    moved = JobPart.objects.exclude(moved_at=None)
    assert moved.update(moved_at=timezone.now() - time - timedelta(seconds=1))
    Job.objects.update(started_at=timezone.now() - 2 * time)


def test_elsewhere_a_line_now_and_then(tickets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 4)
    said, told = run()
    assert said.endswith(" looked at, 10 put right.\n")
    lines = told.splitlines()
    assert "4 looked at" in lines
    assert len(lines) <= 5
    assert run()[0].endswith(" looked at, 0 put right.\n")


def test_a_bar_on_a_terminal(tickets: list[str]) -> None:
    _, told = run(stderr=Terminal())
    assert "100%|" in told
    assert " items" in told
    assert told.endswith("\n")


@pytest.mark.parametrize("pages", [0, 1, 3])
def test_interrupted_and_run_again_it_goes_on(tickets: list[str], interrupt: Any, pages: int) -> None:
    interrupt(pages)
    with pytest.raises(CommandError, match=r"Interrupted\. Nothing is lost: run it again"):
        run()
    assert Job.objects.get().state == "stopped"
    said, told = run()
    assert told.startswith("Going on with what was begun ")
    assert said.endswith(" looked at, 10 put right.\n")
    assert Job.objects.get().state == "done"
    assert list(reindex.differences()) == []


@pytest.mark.parametrize("error", [aws.Retryable("ThrottlingException"), OperationalError("deadlock detected")])
def test_a_record_or_database_that_is_away_for_a_while_is_waited_for(
    tickets: list[str], impatient: None, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries: list[int] = []
    original = bulk.page

    def page(*place: Any) -> bulk.Page:
        tries.append(len(tries))
        if len(tries) in range(2, 7):  # five times
            raise error
        return original(*place)

    monkeypatch.setattr(bulk, "page", page)
    said, _ = run()
    assert said.endswith(" looked at, 10 put right.\n")
    assert len(tries) > 7


def test_a_database_that_stays_away_is_said_in_a_sentence(
    tickets: list[str], impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*arguments: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(lifecycle, "step", gone)
    with pytest.raises(CommandError, match=r"cannot be reached: server closed.*; run it again"):
        run()


def test_who_waits_for_the_record_ends_when_the_command_does(
    tickets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Event()

    def step(part: JobPart) -> Any:
        if part.number == 1:
            waiting.wait(5)
            raise KeyError("the first thread died")
        waiting.set()
        raise aws.Retryable("ThrottlingException")

    monkeypatch.setattr(lifecycle, "step", step)
    began = time.monotonic()
    with pytest.raises((KeyError, aws.Retryable)):
        threads.all_of(lifecycle.start("reindex", "Ada", 2)[0], 2, lambda _: None)
    assert time.monotonic() - began < 10  # and not half a minute
    assert waiting.is_set()


def test_a_killed_run_is_gone_on_with(tickets: list[str]) -> None:
    begun_by_another("reindex")
    said, told = run()
    assert "by a process that is no more: 2 looked at" in told
    assert said.endswith(" looked at, 10 put right.\n")


def test_a_check_that_was_interrupted_begins_anew(tickets: list[str], interrupt: Any) -> None:
    interrupt(2)
    with pytest.raises(CommandError, match="Interrupted"):
        run("--check")
    run()
    assert run("--check")[0].startswith("The index says what the record says")


def test_a_check_after_one_that_was_killed_begins_anew_at_once(tickets: list[str]) -> None:
    begun_by_another("check")
    run()
    assert run("--check")[0].startswith("The index says what the record says")


def test_a_check_beside_one_that_runs_is_one_of_its_own(tickets: list[str]) -> None:
    theirs = begun_by_another("check")
    for _ in range(2):
        with pytest.raises(CommandError, match="10 differ") as caught:
            run("--check")
        assert caught.value.returncode == 1
    theirs.refresh_from_db()
    assert theirs.state == "running"
    assert sorted(Job.objects.exclude(pk=theirs.pk).values_list("state", flat=True)) == ["done", "done"]


def test_a_check_that_nobody_works_any_more_is_ended_by_the_next(tickets: list[str]) -> None:
    job = begun_by_another("check")
    left_for(lifecycle.STALLED)
    run()
    run("--check")
    job.refresh_from_db()
    assert job.state == "stopped"


def test_every_difference_is_listed(tickets: list[str]) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="10 differ"):
        call_command("reindex", "--segments", "1", "--check", stdout=out, stderr=io.StringIO())
    assert sorted(out.getvalue().splitlines()) == sorted(
        f"{ticket_id}: {what}" for ticket_id in tickets for what in ("missing", "comments missing")
    )


@pytest.mark.parametrize("stopped", [True, False])
def test_a_rebuild_that_was_left_for_an_hour_begins_anew(tickets: list[str], stopped: bool) -> None:
    job = begun_by_another("reindex")
    left_for(timedelta(hours=1))
    if stopped:  # when that was does not matter: nobody has looked since
        lifecycle.stop(job)
    IndexedTicket.objects.all().delete()
    _, told = run()
    assert "Going on" not in told
    assert list(reindex.differences()) == []
    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "stopped"]


def test_afresh_begins_anew(tickets: list[str], interrupt: Any) -> None:
    interrupt(1)
    with pytest.raises(CommandError):
        run()
    _, told = run("--afresh")
    assert "Going on" not in told
    assert sorted(Job.objects.values_list("state", flat=True)) == ["done", "stopped"]


def test_a_job_that_somebody_stops_says_so(tickets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.jobs.threads.WAIT", 0)
    original = lifecycle.step

    def stopped(part: Any) -> Any:
        lifecycle.stop(part.job)
        return original(part)

    monkeypatch.setattr(lifecycle, "step", stopped)
    with pytest.raises(CommandError, match="Somebody else ended it: stopped"):
        run()


@pytest.mark.parametrize("number", ["0", "65"])
def test_segments_out_of_bounds_are_refused(number: str) -> None:
    with pytest.raises(CommandError, match="from 1 to 64"):
        call_command("reindex", "--segments", number)

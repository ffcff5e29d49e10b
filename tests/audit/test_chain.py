"""The record of who did what: rows are only added, and what is done to one by hand is found."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit import chain, retention, trail, verifying
from audit.actions import Action
from audit.models import Entry
from audit.who import By

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
ADA = By("ada", "desk")
ROOT = Path(__file__).resolve().parents[2]


def rows(count: int) -> None:
    for number in range(count):
        trail.record(Action.JOB_STARTED, target=f"job {number}", by=ADA)


@contextmanager
def by_hand() -> Iterator[Any]:
    """A cursor of somebody who owns the database, and has switched the triggers off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield cursor
        for _, made in triggers:
            cursor.execute(made)


def found(**options: Any) -> list[str]:
    return [str(one) for one in verifying.findings(**options)]


def test_rows_that_nobody_touched_hold() -> None:
    rows(5)
    assert found() == []
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'eve'", "DELETE FROM audit_entry"])
def test_the_application_can_neither_change_nor_delete_a_row(statement: str) -> None:
    rows(2)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.filter(actor="ada").count() == 2


@pytest.mark.parametrize("column", ["actor", "action", "target", "details", "address", "request_id", "door"])
def test_a_changed_row_is_named(column: str) -> None:
    rows(3)
    with by_hand() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {column} = 'x' WHERE number = 2")  # noqa: S608 - ours
    assert found() == ["Row 2 was changed, or was not written by Foyer"]
    with pytest.raises(CommandError, match="1 found"):
        call_command("audit", "--verify", stdout=StringIO())


def test_a_changed_time_is_named() -> None:
    rows(2)
    with by_hand() as cursor:
        cursor.execute("UPDATE audit_entry SET at = '2026-01-01 00:00:00' WHERE number = 1")
    assert found() == ["Row 1 was changed, or was not written by Foyer"]


def test_a_removed_row_is_named() -> None:
    rows(5)
    with by_hand() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE number IN (2, 3)")
    assert found() == ["Row 2 and those up to 3 are missing"]


def test_a_removed_first_row_is_named() -> None:
    rows(3)
    with by_hand() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE number = 1")
    assert found() == ["Row 1 is missing"]


def test_a_row_that_was_put_in_between_is_named() -> None:
    rows(4)
    columns = "at, action, actor, door, target, details, address, request_id, previous, digest"
    with by_hand() as cursor:
        cursor.execute("UPDATE audit_entry SET number = number + 100 WHERE number > 2")
        cursor.execute("UPDATE audit_entry SET number = number - 99 WHERE number > 100")
        cursor.execute(
            f"INSERT INTO audit_entry (number, {columns}) SELECT 3, {columns} FROM audit_entry WHERE number = 1"  # noqa: S608 - ours
        )
    assert "Row 3 was changed, or was not written by Foyer" in found()


def test_two_rows_that_changed_places_are_named() -> None:
    rows(3)
    with by_hand() as cursor:
        for old, new in ((2, 9), (3, 2), (9, 3)):
            cursor.execute("UPDATE audit_entry SET number = %s WHERE number = %s", [new, old])
    assert [one.split()[1] for one in found()] == ["2", "2", "3", "3"]


def test_a_row_without_the_key_is_named_however_well_it_is_made(settings: Any) -> None:
    rows(2)
    own, settings.AUDIT_KEYS = settings.AUDIT_KEYS, ["guessed"]
    trail.record(Action.SIGNED_IN, by=ADA)
    settings.AUDIT_KEYS = own
    assert found() == ["Row 3 was changed, or was not written by Foyer"]


def test_rows_of_an_earlier_key_hold_while_it_is_known(settings: Any) -> None:
    rows(1)
    settings.AUDIT_KEYS = ["a new key", *settings.AUDIT_KEYS]
    rows(1)
    assert found() == []


def test_what_was_cut_off_is_found_by_the_head_that_was_kept_elsewhere() -> None:
    rows(4)
    out = StringIO()
    call_command("audit", "--head", stdout=out)
    with by_hand() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE number > 2")
    assert found() == [], "nothing in the table tells it"
    out2 = StringIO()
    with pytest.raises(CommandError):
        call_command("audit", "--verify", "--holds", out.getvalue().strip(), stdout=out2)
    assert out2.getvalue().startswith("Row 3 and those behind it, at least up to 4, were cut off")


def test_a_chain_that_was_written_anew_is_found_by_the_head(settings: Any) -> None:
    rows(3)
    last = Entry.objects.first()
    assert last
    with by_hand() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE number > 1")
    rows(2)
    assert found() == []
    assert found(known=(last.number, last.digest)) == ["Row 3 has another digest than the one that was noted"]


def test_a_row_goes_with_the_transaction_it_belongs_to() -> None:
    with transaction.atomic():
        rows(1)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def old(count: int, days: int) -> None:
    for _ in range(count):
        chain.append(
            at=datetime.now(UTC) - timedelta(days=days), action=Action.SIGNED_IN.value, actor="ada", door="desk"
        )


def test_old_rows_go_from_the_front_and_the_rest_holds() -> None:
    old(3, days=100)
    old(1, days=50)
    rows(2)
    assert retention.prune(60) == 3
    assert found() == []
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == [4, 5, 6, 7]
    assert retention.prune(40) == 1
    assert retention.prune(40) == 0
    assert found() == []


def test_after_pruning_a_removed_first_row_is_still_named() -> None:
    old(3, days=100)
    rows(2)
    retention.prune(60)
    with by_hand() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE number = 4")
    assert found() == ["Row 1 and those up to 4 are missing"]


def test_rows_that_are_young_stay_even_if_a_row_says_that_they_were_pruned() -> None:
    rows(2)
    chain.append(action=Action.RECORD_PRUNED.value, actor="eve", door="desk", upto=2)
    with pytest.raises(DatabaseError, match="only added"), transaction.atomic():
        Entry.objects.filter(number__lte=2).delete()
    with pytest.raises(ValueError, match="at least 30 days"):
        retention.prune(29)


def test_the_command_lists_filters_exports_and_prunes(settings: Any) -> None:
    old(1, days=100)
    rows(2)
    trail.record(Action.SIGN_IN_FAILED, target="user ada", by=By("", "web"))

    def run(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("audit", *arguments, stdout=out)
        return out.getvalue().splitlines()

    assert "Every row holds: 4 looked at." in run("--verify")
    assert len(run()) == 4
    assert len(run("--actor", "ada")) == 4
    assert len(run("--action", "job started", "--since", "7d")) == 2
    assert run("--limit", "1")[0].startswith("4 ")
    assert len(run("--export", "csv")) == 6, "a heading, four rows, and the export itself"
    assert '"action":"record exported"' in run("--export", "jsonl")[-1]
    settings.AUDIT_DAYS = 90
    assert run("--prune") == ["1 rows older than 90 days deleted."]


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_chain(django_db_blocker: Any) -> None:
    errors: list[BaseException] = []

    def write() -> None:
        try:
            rows(10)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connection.close()

    if connection.vendor == "sqlite":
        rows(40)  # a SQLite in memory belongs to one thread; test_many_processes_on_sqlite has a file
    else:
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert Entry.objects.count() == 40
    assert found() == []


def test_many_processes_on_sqlite_make_one_chain(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'record.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOCAL_DIR": "",
    }
    write = (
        "import django; django.setup(); from audit import trail\n"
        "for number in range(10): trail.record('sign-in', target=f'user {number}')"
    )

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, *arguments], env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)

    assert start("manage.py", "migrate", "--verbosity", "0").wait() == 0
    writers = [start("-c", write) for _ in range(3)]
    assert [one.wait() for one in writers] == [0, 0, 0]
    assert start("manage.py", "audit", "--verify").wait() == 0

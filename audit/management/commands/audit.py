"""`manage.py audit`: the record of who did what: lists, exports, verifies and prunes it."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit import exporting, retention, trail, verifying
from audit.actions import Action
from audit.models import Entry
from config import text, times

LISTED = 100


class Command(BaseCommand):
    help = (
        "Lists who did what, the newest first. --verify looks for rows that were changed, removed, put in between or "
        "cut off in the database, names them, and exits 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", metavar="WHEN", help="a time such as 2026-02-09T10:00Z, or an age such as 7d")
        parser.add_argument("--actor", metavar="NAME", help="what this person did, and what was done to them")
        parser.add_argument("--action", choices=Action.values, metavar="ACTION", help=", ".join(Action.values))
        parser.add_argument("--limit", type=int, default=LISTED, help="how many rows to list (default: %(default)s)")
        parser.add_argument(
            "--export", choices=exporting.FORMATS, help="write all the rows in this form, the oldest first"
        )
        parser.add_argument("--verify", action="store_true", help="check every row")
        parser.add_argument(
            "--holds", type=_known, metavar="NUMBER:DIGEST", help="with --verify: a row that --head printed earlier"
        )
        parser.add_argument(
            "--head", action="store_true", help="print the newest row as NUMBER:DIGEST, to keep elsewhere"
        )
        parser.add_argument("--prune", action="store_true", help="delete the rows that are older than AUDIT_DAYS")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verify"]:
            self._verify(options["holds"])
        elif options["head"]:
            self._head()
        elif options["prune"]:
            self._prune()
        else:
            self._rows(options)

    def _verify(self, known: tuple[int, str] | None) -> None:
        wrong = 0
        for wrong, finding in enumerate(verifying.findings(known), 1):  # noqa: B007 - counted
            self.stdout.write(f"{finding}.")
        if wrong:
            raise CommandError(
                f"{wrong} found. If every row is named, AUDIT_KEYS lacks the key that they were written with."
            )
        self.stdout.write(f"Every row holds: {Entry.objects.count()} looked at.")

    def _head(self) -> None:
        last = Entry.objects.first()
        self.stdout.write(f"{last.number}:{last.digest}" if last else "There is no row yet.")

    def _prune(self) -> None:
        if not settings.AUDIT_DAYS:
            raise CommandError("AUDIT_DAYS is 0, so rows are kept for good. Set it to 30 or more days.")
        try:
            gone = retention.prune(settings.AUDIT_DAYS)
        except DatabaseError as error:
            raise CommandError(f"Nothing was deleted: {error}. Run it as a user who owns the table.") from error
        self.stdout.write(f"{gone} rows older than {settings.AUDIT_DAYS} days deleted.")

    def _rows(self, options: dict[str, Any]) -> None:
        try:
            since = times.given(options["since"]) if options["since"] else None
        except ValueError as error:
            raise CommandError(f"--since: {error}.") from None
        rows = exporting.chosen(since, options["actor"], options["action"])
        if form := options["export"]:
            trail.record(Action.RECORD_EXPORTED, details={"form": form})
            for line in exporting.lines(rows, form):
                self.stdout.write(line, ending="")
            return
        for entry in rows[: max(options["limit"], 1)]:
            self.stdout.write(text.shown(_told(entry)))


def _told(entry: Entry) -> str:
    who = f"{entry.actor or 'somebody'} ({entry.door})"
    about = " ".join(filter(None, [entry.target, entry.details if entry.details != "{}" else "", entry.address]))
    return f"{entry.number} {entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} {who}: {entry.action} {about}".rstrip()


def _known(given: str) -> tuple[int, str]:
    found = re.fullmatch("([0-9]{1,18}):([0-9a-f]{64})", given)
    if not found:
        raise ArgumentTypeError("it is NUMBER:DIGEST, as `manage.py audit --head` prints it")
    return int(found[1]), found[2]

"""`manage.py reindex`: the desk's index from the record."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws
from ticketing import reindex


class Command(BaseCommand):
    help = "Rebuilds the desk's index from the record, while the desk serves. It can be interrupted and run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only list what differs; exits 1 if anything does")

    def handle(self, *args: Any, **options: Any) -> None:
        self.seen = 0
        try:
            self._check() if options["check"] else self._rebuild()
        except aws.AwsError as error:
            raise CommandError(f"The record cannot be read: {error}. Nothing is lost; run it again.") from error

    def _check(self) -> None:
        count = 0
        for difference in reindex.differences(self._progress):
            self.stdout.write(f"{difference.ticket_id}: {difference.what}")
            count += 1
        if count:
            raise CommandError(f"{count} of {self.seen} tickets differ. `manage.py reindex` puts them right.")
        self.stdout.write(f"The index says what the record says: {self.seen} tickets.")

    def _rebuild(self) -> None:
        mended = reindex.rebuild(self._progress)
        self.stdout.write(f"{self.seen} tickets read, {mended} rows put right.")

    def _progress(self, count: int) -> None:
        self.seen += count
        if self.stderr.isatty():
            self.stderr.write(f"\r{self.seen} tickets", ending="")
        elif self.seen // 10_000 != (self.seen - count) // 10_000:
            self.stderr.write(f"{self.seen} tickets")

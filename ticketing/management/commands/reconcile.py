"""`manage.py reconcile`: what was accepted against what there is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws
from ticketing import clock, reconcile


class Command(BaseCommand):
    help = "Compares what the doors accepted, the raw store, the record and the index; names every missing id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", metavar="WHEN", help="only what came in since then: 2026-02-09T10:00Z, or 90m, 24h, 7d ago"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.seen = missing = nobodys = 0
        try:
            since = clock.given(options["since"]) if options["since"] else None
            for finding in reconcile.findings(since, self._progress):
                self.stdout.write(str(finding))
                missing += finding.due
                nobodys += not finding.due
        except ValueError as error:
            raise CommandError(f"--since: {error}.") from None
        except aws.AwsError as error:
            raise CommandError(f"Not everything can be read: {error}. Nothing is lost; run it again.") from error
        if nobodys:
            self.stdout.write(f"{nobodys} that nobody waits for: promised nothing, or set aside.")
        if missing:
            raise CommandError(f"{missing} missing or different; {self.seen} looked at.")
        self.stdout.write(f"Nothing is missing: {self.seen} looked at.")

    def _progress(self, count: int) -> None:
        self.seen += count
        if self.stderr.isatty():
            self.stderr.write(f"\r{self.seen} looked at", ending="")
        elif self.seen // 10_000 != (self.seen - count) // 10_000:
            self.stderr.write(f"{self.seen} looked at")

"""`manage.py reconcile`: what was accepted against what there is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws, times
from ticketing import reconcile


class Command(BaseCommand):
    help = "Compares what the doors accepted, the raw store, the record and the index; names every missing id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", metavar="WHEN", help="only what came in since then: 2026-02-09T10:00Z, or 90m, 24h, 7d ago"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.seen = missing = nobodys = 0
        try:
            for finding in reconcile.findings(self._since(options["since"]), self._progress):
                self.stdout.write(str(finding))
                missing += finding.due
                nobodys += not finding.due
        except aws.AwsError as error:
            raise CommandError(f"Not everything can be read: {error}. Nothing is lost; run it again.") from error
        if nobodys:
            self.stdout.write(f"{nobodys} that nobody waits for: promised nothing, or set aside.")
        if missing:
            raise CommandError(f"{missing} missing or different; {self.seen} looked at.")
        self.stdout.write(f"Nothing is missing: {self.seen} looked at.")

    def _since(self, given: str | None) -> str | None:
        try:
            since = times.given(given) if given else None
        except ValueError as error:
            raise CommandError(f"--since: {error}.") from None
        if since and since > times.now():
            raise CommandError(f"--since: {given} is still to come, so nothing came in since then.")
        return since

    def _progress(self, count: int) -> None:
        self.seen += count
        if self.stderr.isatty():
            self.stderr.write(f"\r{self.seen} looked at", ending="")
        elif self.seen // 10_000 != (self.seen - count) // 10_000:
            self.stderr.write(f"{self.seen} looked at")

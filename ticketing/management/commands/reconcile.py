"""`manage.py reconcile`: compares what was accepted with what there is."""

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws, times
from config.progress import Progress
from ticketing import reconcile


class Command(BaseCommand):
    help = "Compares what the doors accepted, the raw tickets, the record and the index, and names every missing id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            metavar="WHEN",
            help="only what came in since then: a time such as 2026-02-09T10:00Z, or an age such as 90m, 24h, 7d",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        missing = nobodys = 0
        progress = Progress(self.stderr)
        try:
            with closing(progress):
                for finding in reconcile.findings(self._since(options["since"]), progress.add):
                    self.stdout.write(str(finding))
                    missing += finding.due
                    nobodys += not finding.due
        except aws.AwsError as error:
            raise CommandError(f"Not everything can be read: {error}. Nothing is lost; run it again.") from error
        if nobodys:
            self.stdout.write(f"{nobodys} that nobody waits for: promised nothing, set aside, or only noted.")
        if missing:
            raise CommandError(f"{missing} missing or different; {progress.done} looked at.")
        self.stdout.write(f"Nothing is missing: {progress.done} looked at.")

    def _since(self, given: str | None) -> str | None:
        try:
            since = times.given(given) if given else None
        except ValueError as error:
            raise CommandError(f"--since: {error}.") from None
        if since and since > times.now():
            raise CommandError(f"--since: {given} is still to come, so nothing came in since then.")
        return since

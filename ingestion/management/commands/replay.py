"""`manage.py replay`: runs raw Zendesk tickets through the pipeline again."""

from argparse import ArgumentParser
from collections import Counter
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import operators
from config import aws, times
from config.progress import Progress
from config.refusals import Busy, Stale
from config.request_id import working_on
from ingestion.zendesk import replay
from ingestion.zendesk.replay import Replayed
from ticketing.deliveries import raw_tickets
from ticketing.tickets import ids


class Command(BaseCommand):
    help = (
        "Runs stored raw Zendesk tickets through the pipeline again. Whatever the desk lacks of them is added, and the "
        "embedding function is invoked for each, unless the desk knows a newer state of it. Zendesk is not asked, and "
        "what staff changed since then stays. It can be run again at any time. Exits 1 if any raw ticket was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", metavar="D", required=True, help="the first day (UTC): 2026-02-09, or an age such as 7d"
        )
        parser.add_argument("--until", metavar="D", required=True, help="the last day, which is included")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        since, until = self._day("since", options), self._day("until", options)
        if since[:10] > until[:10]:
            raise CommandError(f"--since {since[:10]} is after --until {until[:10]}.")
        self.ends, self.reached, dry_run = Counter[str](), since[:10], options["dry_run"]
        operators.runs("replay", since=since, until=until, dry_run=dry_run)
        try:
            with closing(Progress(self.stderr, 0, "raw tickets replayed")) as progress, working_on(None):
                for one in replay.replayed(since, until, dry_run):
                    self._told(one, dry_run)
                    progress.add(1)
        except (aws.AwsError, Busy, Stale) as error:
            raise CommandError(f"{self._sum(dry_run)} {error}. Run it again with --since {self.reached}.") from error
        if self.ends["refused"]:
            raise CommandError(self._sum(dry_run))
        self.stdout.write(self._sum(dry_run))

    def _day(self, name: str, options: dict[str, Any]) -> str:
        try:
            return times.given(options[name])
        except ValueError as error:
            raise CommandError(f"--{name}: {error}.") from None

    def _told(self, one: Replayed, dry_run: bool) -> None:
        self.ends[one.end] += 1
        self.reached = raw_tickets.day(one.key)
        if one.cause:
            self.stdout.write(f"{one.key}: {one.cause}.")
        if dry_run and one.end != "refused":
            would = "would be opened" if one.end == "created" else "is there, and would get what it lacks"
            self.stdout.write(f"{one.key}: {ids.reference(one.ticket_id)} {would}.")

    def _sum(self, dry_run: bool) -> str:
        opened = "would be opened" if dry_run else "opened"
        return f"{self.ends['created']} {opened}, {self.ends['updated']} there already, {self.ends['refused']} refused."

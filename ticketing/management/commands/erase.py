"""`manage.py erase`: erases a person's tickets, or single ones, with everything that Foyer keeps of them."""

import getpass
from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config import aws
from config.progress import Progress
from config.refusals import Refusal
from config.request_id import request_id
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.erasing.run import Report
from ticketing.tickets.ticket import Actor

_ALL = 1_000_000
_AGAIN = "Run it again, and it goes on where it stopped."


class Command(BaseCommand):
    help = (
        "Erases a person's tickets, or one ticket, with everything that Foyer keeps of them. The words cannot be "
        "brought back. Look at what it would do with --dry-run first. If it is interrupted, run it again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--caller", metavar="ID", default="", help="all tickets of this caller")
        who.add_argument("--email", metavar="ADDRESS", default="", help="all tickets whose requester has this address")
        who.add_argument("--ticket", metavar="ID", default="", help="this ticket")
        who.add_argument("--resume", action="store_true", help="finish whatever was begun and not finished")
        who.add_argument("--closed", action="store_true", help="what ERASE_CLOSED_DAYS says is due, at once")
        parser.add_argument("--customer", metavar="ID", default="", help="only this customer's tickets")
        parser.add_argument("--dry-run", action="store_true", help="list every place and count, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"] and (options["resume"] or options["closed"]):
            raise CommandError("--dry-run goes with --caller, --email or --ticket.")
        if options["closed"] and not settings.ERASE_CLOSED_DAYS:
            raise CommandError("ERASE_CLOSED_DAYS is 0, so nothing is due. Set it to a number of days first.")
        person = Person(options["caller"], options["email"], options["ticket"], options["customer"])
        with closing(Progress(self.stderr, said="tickets erased", unit=" tickets")) as progress:
            try:
                report = self._done(person, progress, **options)
            except Refusal as refusal:
                raise CommandError(refusal.sentence) from None
            except (aws.AwsError, DatabaseError) as error:
                raise CommandError(f"{error}. {_AGAIN}") from error
        self._tell(report, dry_run=options["dry_run"])

    def _done(self, person: Person, progress: Progress, **options: Any) -> Report:
        by = Actor(name=getpass.getuser(), door="command line", request_id=request_id())
        if options["resume"]:
            return run.resumed(by, progress.add)
        if options["closed"]:
            return run.retained(by, _ALL, progress.add)
        person.check()
        return run.planned(person) if options["dry_run"] else run.erased(person, by, progress.add)

    def _tell(self, report: Report, *, dry_run: bool) -> None:
        self.stdout.write("Would be erased:" if dry_run else "Erased:")
        for name, count in report.counts.items():
            self.stdout.write(f"  {count:>7} {name}")
        for ticket_id in report.ticket_ids if dry_run else []:
            self.stdout.write(f"  ticket {ticket_id}")
        self.stdout.write("What Foyer cannot erase:")
        for sentence in run.OTHERS:
            self.stdout.write(f"- {sentence}")
        if report.on_their_way:
            self.stdout.write(
                f"{report.on_their_way} submissions are no tickets yet, and nobody can tell whose they are. "
                "When the consumers have worked them, run it again."
            )
        if report.more:
            raise CommandError("Tickets of this person still come in: stop whatever sends them, and run it again.")

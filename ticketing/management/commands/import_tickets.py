"""`manage.py import_tickets`: tickets with their comments out of JSON Lines."""

import sys
from argparse import ArgumentParser
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config import aws
from config.progress import Progress
from ticketing.transfer import importing
from ticketing.transfer.importing import Refused
from ticketing.transfer.pace import Pace


class Command(BaseCommand):
    help = (
        "Imports tickets with their comments, one JSON object a line, and notifies nobody. What is there already is "
        "left as it is, so it can be interrupted and run again. Refused lines are listed and, from a file, copied to "
        "FILE.refused, to be mended and imported alone; exits 1 if there are any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSON Lines; - is the standard input")
        parser.add_argument(
            "--rate",
            type=int,
            default=settings.IMPORT_ITEMS_PER_SECOND,
            help="how many tickets and comments are written in a second, 0 without limit (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] < 0:
            raise CommandError("--rate: it cannot be below 0.")
        self.created = self.there = self.refused = 0
        self.aside: Path | None = None
        try:
            with ExitStack() as stack:
                self._import(options["file"], Pace(options["rate"]), stack)
        except OSError as error:
            raise CommandError(f"{error.filename or options['file']}: {error.strerror}.") from None
        except (aws.AwsError, DatabaseError) as error:
            raise CommandError(f"Not everything can be written now: {error}. {self._sum()} Run it again.") from error
        if self.refused:
            raise CommandError(self._sum() + (f" The refused lines are in {self.aside}." if self.aside else ""))
        self.stdout.write(self._sum())

    def _import(self, name: str, pace: Pace, stack: ExitStack) -> None:
        source: IO[bytes]
        source, size = sys.stdin.buffer, 0
        if name != "-":
            source = stack.enter_context(Path(name).open("rb"))  # noqa: SIM115 - the stack closes it
            size = Path(name).stat().st_size
            self.aside = Path(f"{name}.refused")
        progress = stack.enter_context(closing(Progress(self.stderr, size, "lines read", "B")))
        aside: IO[bytes] | None = None
        for done in importing.imported(source, pace):
            self.created += done.created
            self.there += done.there
            if done.refused and self.aside and not aside:
                aside = stack.enter_context(self.aside.open("wb"))
            for refused in done.refused:
                self._refuse(refused, aside)
            progress.add(done.lines, done.size)

    def _refuse(self, refused: Refused, aside: IO[bytes] | None) -> None:
        self.refused += 1
        self.stdout.write(f"Line {refused.number}: {refused.sentence}.")
        if aside and refused.text:
            aside.write(refused.text.rstrip(b"\r\n") + b"\n")

    def _sum(self) -> str:
        return f"{self.created} tickets imported, {self.there} there already, {self.refused} lines refused."

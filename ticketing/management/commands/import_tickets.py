"""`manage.py import_tickets`: tickets with their comments from JSON Lines."""

import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import ExitStack, closing
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from config import aws
from config.progress import Progress
from config.refusals import Invalid
from ticketing.transfer import file_kind, importing
from ticketing.transfer.importing import Done
from ticketing.transfer.pace import Pace
from ticketing.transfer.refused_lines import Aside

BUFFER = 65_536  # bytes of a file that are read at once; the first ones show its kind

_AGAIN = "Run it again: what is there already is passed over."


class Command(BaseCommand):
    help = (
        "Imports tickets with their comments, one JSON object a line, and notifies nobody. It never changes an "
        "existing ticket, so it can be interrupted and run again. Refused lines are listed. Those of a file are also "
        "copied to FILE.refused: correct them and import that file. Exits 1 if there are any, 130 if interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="JSON Lines; - is standard input")
        parser.add_argument(
            "--rate",
            type=int,
            default=settings.IMPORT_ITEMS_PER_SECOND,
            help="tickets and comments to write a second, 0 for no limit (default: %(default)s)",
        )
        parser.add_argument(
            "--refused",
            metavar="FILE",
            help="where to copy refused lines; if the file exists, a number is added (default: FILE.refused)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] < 0:
            raise CommandError("--rate: it cannot be below 0.")
        name, self.sums = options["file"], Counter[str]()
        aside = options["refused"] or (None if name == "-" else f"{name}.refused")
        self.aside = Aside(Path(aside) if aside else None, self.stderr.write)
        try:
            with ExitStack() as stack:
                self._import(name, Pace(options["rate"]), stack)
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {self._sum()} {_AGAIN}", returncode=130) from None
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}. {self._sum()} {_AGAIN}") from None
        except (aws.AwsError, DatabaseError) as error:
            raise CommandError(f"Not everything can be written now: {error}. {self._sum()} {_AGAIN}") from error
        if self.sums["refused"]:
            raise CommandError(self._sum())
        self.stdout.write(self._sum())

    def _import(self, name: str, pace: Pace, stack: ExitStack) -> None:
        source, size = _opened(name, stack)
        stack.enter_context(closing(self.aside))
        progress = stack.enter_context(closing(Progress(self.stderr, size, "lines read", "B")))
        for done in importing.imported(source, pace):
            self._report(done)
            progress.add(done.lines, done.size)

    def _report(self, done: Done) -> None:
        self.sums.update(created=done.created, there=done.there, unsaid=done.unsaid)
        self.sums.update(different=len(done.different), refused=len(done.refused))
        for number in done.different:
            self.stdout.write(f"Line {number}: Its ticket is there already, made of another line, and stays as it is.")
        for refused in done.refused:
            self.stdout.write(f"Line {refused.number}: {refused.sentence}.")
            self.aside.put(refused.text)

    def _sum(self) -> str:
        sums = self.sums
        different = f" ({sums['different']} made of another line)" if sums["different"] else ""
        said = f"{sums['created']} tickets imported, {sums['there']} there already{different}, "
        said += f"{sums['refused']} lines refused."
        if sums["unsaid"]:
            said += f" {sums['unsaid']} comments do not say who may see them: they are internal notes."
        return f"{said} {self.aside.said()}".rstrip()


def _opened(name: str, stack: ExitStack) -> tuple[BufferedReader, int]:
    """The source and its size in bytes (0 if unknown). Raises CommandError if it is unreadable, or of another kind."""
    source, size = cast(BufferedReader, sys.stdin.buffer), 0
    try:
        if name != "-":
            source = stack.enter_context(BufferedReader(FileIO(name), BUFFER))
            size = Path(name).stat().st_size
        file_kind.check(source.peek())
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.") from None
    except Invalid as refusal:
        raise CommandError(f"{name}: {refusal.sentence}.") from None
    return source, size

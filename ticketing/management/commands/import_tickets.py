"""`manage.py import_tickets`: tickets with their comments from JSON Lines."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import tzinfo
from functools import partial
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from audit import operators
from config import aws
from config.progress import Progress
from config.refusals import Invalid
from ticketing.transfer import file_kind, foreign, freshdesk, importing, line, zendesk
from ticketing.transfer.account import Account
from ticketing.transfer.importing import Done, Refused
from ticketing.transfer.pace import Pace
from ticketing.transfer.refused_lines import Aside

BUFFER = 65_536  # bytes of a file that are read at once; the first ones show its kind

_SYSTEMS = {"zendesk": zendesk.mapped, "freshdesk": freshdesk.mapped}
_AGAIN = "Run it again: what is there already is passed over."


class Command(BaseCommand):
    help = (
        "Imports tickets with their comments, one JSON object a line, and notifies nobody. It never changes an "
        "existing ticket, so it can be interrupted and run again. Refused lines are told at the end, each reason once. "
        "Those of a file are also copied to FILE.refused: correct them and import that file. Exits 1 if there are any, "
        "130 if interrupted."
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
        parser.add_argument(
            "--from",
            choices=_SYSTEMS,
            dest="system",
            help="the system whose own export this is; without it, the lines have to have Foyer's names",
        )
        parser.add_argument(
            "--timezone",
            type=_zone,
            metavar="NAME",
            help="the zone of times that name none, such as Europe/Berlin; without it, such lines are refused",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] < 0:
            raise CommandError("--rate: it cannot be below 0.")
        operators.runs("import_tickets", system=options["system"])
        name, self.sums = options["file"], Counter[str]()
        self.account, self.told, self.misnamed = Account(), Account(), False
        aside = options["refused"] or (None if name == "-" else f"{name}.refused")
        self.aside = Aside(Path(aside) if aside else None, self.stderr.write)
        try:
            with ExitStack() as stack:
                stack.callback(self._tell)
                self._import(name, Pace(options["rate"]), _reader(options["timezone"], options["system"]), stack)
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {self._sum()} {_AGAIN}", returncode=130) from None
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}. {self._sum()} {_AGAIN}") from None
        except (aws.AwsError, DatabaseError) as error:
            raise CommandError(f"Not everything can be written now: {error}. {self._sum()} {_AGAIN}") from error
        if self.sums["refused"]:
            raise CommandError(self._sum())
        self.stdout.write(self._sum())

    def _import(self, name: str, pace: Pace, read: Callable[[bytes], line.Line], stack: ExitStack) -> None:
        source, size = _opened(name, stack)
        stack.enter_context(closing(self.aside))
        progress = stack.enter_context(closing(Progress(self.stderr, size, "lines read", "B")))
        for done in importing.imported(source, pace, read):
            self._report(done)
            progress.add(done.lines, done.size)

    def _report(self, done: Done) -> None:
        self.sums.update(created=done.created, there=done.there, unsaid=done.unsaid, left_out=len(done.left_out))
        self.sums.update(different=len(done.different), refused=len(done.refused))
        for number in done.different:
            self.account.add(number, "Its ticket is there already, made of another line, and stays as it is")
        for number, reason in done.left_out:
            self.account.add(number, f"{reason}, and is left out")
        for number, sentence in done.told:
            self.told.add(number, sentence, exact=True)
        for refused in done.refused:
            self._refuse(refused)

    def _refuse(self, refused: Refused) -> None:
        for sentence in refused.misnamed or [refused.sentence]:
            self.account.add(refused.number, sentence)
        self.misnamed |= bool(refused.misnamed)
        self.aside.put(refused.text)

    def _tell(self) -> None:
        """Tell each reason once, however the import ended."""
        for sentence in self.account.told():
            self.stdout.write(sentence)
        if self.misnamed:
            self.stdout.write(
                f"A line may have: {', '.join(line.NAMES)}. Only caller_id and issue_description are required. "
                f"A comment may have: {', '.join(line.COMMENT_NAMES)}. Only comment is required."
            )
        for place, sentence in enumerate(self.told.told()):
            self.stdout.write(sentence if place else f"Of what is imported:\n{sentence}")

    def _sum(self) -> str:
        sums = self.sums
        different = f" ({sums['different']} made of another line)" if sums["different"] else ""
        said = f"{sums['created']} tickets imported, {sums['there']} there already{different}, "
        said += f"{sums['left_out']} left out, " if sums["left_out"] else ""
        said += f"{sums['refused']} lines refused."
        return f"{said}{_unsaid(sums['unsaid'])} {self.aside.said()}".rstrip()


def _unsaid(number: int) -> str:
    if number == 1:
        return " 1 comment does not say who may see it: it is an internal note."
    return f" {number} comments do not say who may see them: they are internal notes." if number else ""


def _reader(zone: tzinfo | None, system: str | None) -> Callable[[bytes], line.Line]:
    mapping = partial(_SYSTEMS[system], staff=foreign.staff()) if system else None
    return partial(line.read, zone=zone, mapping=mapping)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):  # OSError: it is a folder of zones, such as Europe
        raise ArgumentTypeError(f"{name} is not a time zone such as Europe/Berlin") from None


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

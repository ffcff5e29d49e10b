"""`manage.py export_tickets`: tickets of the record with their comments, as JSON Lines."""

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit import operators
from config import aws, times
from config.progress import Progress
from config.refusals import Invalid
from ticketing.models import IndexedTicket
from ticketing.record import overflow
from ticketing.tickets.ticket import Ticket
from ticketing.transfer import destination, exporting, line


class Command(BaseCommand):
    help = (
        "Writes every ticket with its comments, including internal notes, one JSON object a line, in no particular "
        "order. FILE is replaced only when the export is complete. If a ticket's description is no longer in S3, "
        "everything else is written, and the command exits 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="where to write; - is standard output")
        parser.add_argument("--customer", metavar="ID", help="only the tickets of this customer")
        parser.add_argument(
            "--since",
            metavar="TIME",
            help="only tickets that were changed or commented since then: a time such as 2026-02-09T10:00Z, or an age "
            "such as 90m, 24h, 7d. `updated_at` decides, which an import keeps. The whole record is read all the same",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.customer, self.since = options["customer"], self._since(options["since"])
        operators.runs("export_tickets", customer=options["customer"], since=options["since"])
        self.exported = self.left_out = self.incomplete = 0
        file = Path(options["file"])
        is_stream = options["file"] == "-" or destination.is_stream(file)
        try:
            with _interrupted_by_signals():
                self._export(file)
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing is lost: run it again.") from None
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None
        except Invalid as refusal:
            raise CommandError(f"{refusal.sentence}.") from None
        except aws.AwsError as error:
            raise CommandError(f"The record cannot be read: {error}. Nothing is lost; run it again.") from error
        if self.incomplete:
            raise CommandError(f"{self._sum()} {self._what_to_do()}")
        (self.stderr if is_stream else self.stdout).write(self._sum())  # the stream may be standard output itself

    def _since(self, given: str | None) -> str | None:
        try:
            return times.given(given) if given else None
        except ValueError as error:
            raise CommandError(f"--since: {error}.") from None

    def _export(self, file: Path) -> None:
        if str(file) == "-":
            self._write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        with destination.opened(file) as to:
            self._write(to)

    def _write(self, to: IO[bytes]) -> None:
        with closing(Progress(self.stderr, IndexedTicket.objects.count(), "tickets read", " tickets")) as progress:
            for found in exporting.everything():
                if self._wanted(found.ticket):
                    to.write(line.write(found) + b"\n")
                    self._count(found.ticket)
                else:
                    self.left_out += 1
                progress.add(1)

    def _wanted(self, ticket: Ticket) -> bool:
        """Whether the options include the ticket.

        `--since` includes it if its `updated_at`, which another program may have written, is not a time: better once
        too often than lost.
        """
        if self.customer is not None and ticket.customer_id != self.customer:
            return False
        changed_at = times.parse(ticket.updated_at)
        return not (self.since and changed_at) or times.stamp(changed_at) >= self.since

    def _count(self, ticket: Ticket) -> None:
        self.exported += 1
        if not overflow.is_whole(ticket):
            self.incomplete += 1
            self.stderr.write(f"{ticket.ticket_id}: description and attributes are not in S3 any more.")

    def _sum(self) -> str:
        of = f" of customer {self.customer}" if self.customer is not None else ""
        of += f" changed since {self.since}" if self.since else ""
        return f"{self.exported} tickets{of} exported" + (f", {self.left_out} others left out." if of else ".")

    def _what_to_do(self) -> str:
        return (
            f"{self.incomplete} of them are named above: their description and attributes are missing, and an import "
            f"refuses their lines. The bucket {settings.ATTACHMENTS_BUCKET} keeps what was deleted as earlier "
            "versions, under the ticket's id: bring that back, and export again."
        )


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Treat SIGTERM and the terminal's end as Ctrl-C in this block, unless they are ignored, as under nohup."""
    deadly = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_DFL]
    for one in deadly:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one in deadly:
            signal.signal(one, signal.SIG_DFL)

"""`manage.py export_tickets`: every ticket of the record with its comments, as JSON Lines."""

import sys
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from config import aws
from config.progress import Progress
from config.refusals import Invalid
from ticketing.models import IndexedTicket
from ticketing.transfer import exporting


class Command(BaseCommand):
    help = (
        "Writes every ticket with its comments, internal notes too, one JSON object a line, in no order. "
        "FILE is replaced when the export is complete, and stays as it is until then."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="where to; - is the standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["file"] == "-":
                self._export(sys.stdout.buffer)
                sys.stdout.buffer.flush()
                return
            with exporting.replacing(Path(options["file"])) as file:
                count = self._export(file)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        except Invalid as refusal:
            raise CommandError(f"{refusal.sentence}.") from None
        except aws.AwsError as error:
            raise CommandError(f"The record cannot be read: {error}. Nothing is lost; run it again.") from error
        self.stdout.write(f"{count} tickets exported.")

    def _export(self, to: IO[bytes]) -> int:
        count = 0
        with closing(Progress(self.stderr, IndexedTicket.objects.count(), "tickets", " tickets")) as progress:
            for line in exporting.everything():
                to.write(line + b"\n")
                count += 1
                progress.add(1)
        return count

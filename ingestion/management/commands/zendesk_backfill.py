"""`manage.py zendesk_backfill`: takes in what was flagged in Zendesk before the webhook stood."""

import re
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
from ingestion.zendesk import backfill, search
from ingestion.zendesk.backfill import Filled
from ingestion.zendesk.errors import PipelineError, TryLater
from ingestion.zendesk.notice import TAG

PER_MINUTE = 40  # each ticket costs two to four requests or more, and Zendesk's smallest plan takes 200 a minute

_AGAIN = "Run it again: what is there already is passed over."
_TAG = re.compile(r"[^\s\"'<>]+")  # a space would begin another condition of the search


class Command(BaseCommand):
    help = (
        "Takes in the Zendesk tickets that have a tag and changed since D, as if the webhook came for each. Workers "
        "then fetch them, and the page Deliveries shows how each ends. What is at the desk, or on its way there, is "
        "passed over, so it can be interrupted and run again. Exits 1 if any ticket was refused, 130 if interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tag", default=TAG, help="the tag (default: %(default)s)")
        parser.add_argument(
            "--since", metavar="D", required=True, help="the day (UTC) or time: 2026-02-09, or an age such as 90d"
        )
        parser.add_argument(
            "--rate",
            type=int,
            metavar="N",
            default=PER_MINUTE,
            help="tickets to take in a minute, 0 for no limit (default: %(default)s)",
        )
        parser.add_argument(
            "--retry", action="store_true", help="also take those in again that an earlier run took in and that failed"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        since = _since(options["since"])
        if not _TAG.fullmatch(options["tag"]):
            raise CommandError("--tag: it must be one tag, without spaces, quotes, < and >.")
        if options["rate"] < 0:
            raise CommandError("--rate: it cannot be below 0.")
        self.sums, self.dry_run = Counter[str](), options["dry_run"]
        operators.runs(
            "zendesk_backfill", tag=options["tag"], since=since, retry=options["retry"], dry_run=self.dry_run
        )
        try:
            with working_on(None):
                self._take_in(self._found(options["tag"], since), options["rate"], options["retry"])
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted. {self._sum()} {_AGAIN}", returncode=130) from None
        except PipelineError as error:
            again = f" {_AGAIN}" if isinstance(error, TryLater) else ""
            raise CommandError(f"{error.sentence}. {self._sum()}{again}") from error
        except (aws.AwsError, Busy, Stale) as error:
            raise CommandError(f"Not everything can be taken in now: {error}. {self._sum()} {_AGAIN}") from error
        if self.sums["refused"]:
            raise CommandError(f"{self._sum()} Repair the cause, then add --retry.")
        self.stdout.write(self._sum())

    def _found(self, tag: str, since: str) -> list[str]:
        """All ids, each once, before the first is taken in: a cursor of Zendesk's search lives for an hour."""
        found: dict[str, None] = {}
        with closing(Progress(self.stderr, 0, "tickets found", " tickets")) as progress:
            for page in search.flagged(tag, since):
                found |= dict.fromkeys(page)
                self.sums["found"] = len(found)
                progress.to(len(found))
        return list(found)

    def _take_in(self, zendesk_ids: list[str], per_minute: int, retry: bool) -> None:
        filled = backfill.backfilled(zendesk_ids, per_minute, retry=retry, dry_run=self.dry_run)
        with closing(Progress(self.stderr, len(zendesk_ids), unit=" tickets")) as progress:
            for one in filled:
                self._told(one)
                progress.add(1)

    def _told(self, one: Filled) -> None:
        self.sums[one.end] += 1
        if one.end == "refused":
            self.stdout.write(f"Zendesk ticket {one.zendesk_id}: {one.cause}.")
        elif self.dry_run and one.end == "taken in":
            self.stdout.write(f"Zendesk ticket {one.zendesk_id} would be taken in.")

    def _sum(self) -> str:
        sums, taken = self.sums, "would be taken in" if self.dry_run else "taken in"
        said = f"{sums['found']} found, {sums['taken in']} {taken}, {sums['there']} there already"
        return f"{said}, {sums['refused']} refused."


def _since(text: str) -> str:
    try:
        return times.given(text)
    except ValueError as error:
        raise CommandError(f"--since: {error}.") from None

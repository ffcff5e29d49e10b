"""`manage.py reindex`: checks or rebuilds the desk's index."""

import getpass
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from config import aws
from config.progress import Progress
from ticketing.jobs import lifecycle, threads
from ticketing.models import Job
from ticketing.tickets import ids

GOES_ON = timedelta(hours=1)  # a rebuild that nobody worked for longer starts over


class Command(BaseCommand):
    help = (
        "Rebuilds the desk's index from the record. The desk stays available. If a rebuild is interrupted, run it "
        "again within an hour, and it continues where it stopped. A check always starts over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only list what differs; exits 1 if anything does")
        parser.add_argument("--segments", type=int, default=4, metavar="N", help="work N parts in parallel (default 4)")
        parser.add_argument(
            "--afresh", action="store_true", help="start over instead of continuing an interrupted rebuild"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["segments"] <= 64:
            raise CommandError("--segments is a number from 1 to 64.")
        self.listing = options["check"]
        try:
            segments = options["segments"]
            job = self._check(segments) if options["check"] else self._rebuild(segments, options["afresh"])
            self._work(job, segments)
        except aws.AwsError as error:
            raise CommandError(f"The record cannot be read: {error}. Nothing is lost; run it again.") from error
        except OperationalError as error:
            raise CommandError(f"The database cannot be reached: {error}. Nothing is lost; run it again.") from error
        seen, found = lifecycle.counts(job)
        self._verdict(seen, found) if options["check"] else self.stdout.write(f"{seen} looked at, {found} put right.")

    def _rebuild(self, segments: int, afresh: bool) -> Job:
        """The rebuild that runs or was interrupted within the last hour; otherwise a new one.

        An older one does not continue, because the part that it has finished may be wrong by now.
        """
        earlier = lifecycle.unfinished("reindex")
        fresh = earlier and not afresh and lifecycle.last_worked(earlier) > timezone.now() - GOES_ON
        if earlier and fresh and lifecycle.resume(earlier):
            seen, found = lifecycle.counts(earlier)
            begun = f"{earlier.started_at:%Y-%m-%d %H:%M} UTC by {earlier.started_by}"
            self.stderr.write(f"Going on with what was begun {begun}: {seen} looked at, {found} found.")
            return earlier
        if earlier:
            lifecycle.stop(earlier)
        return lifecycle.start("reindex", _who(), segments)[0]

    def _check(self, segments: int) -> Job:
        """Always a new check. It has a name of its own, so it runs beside other checks, and none ends another.

        What another check found may have been repaired since, and what it has passed may be wrong by now.
        """
        lifecycle.stop_abandoned("check")
        return lifecycle.start("check", _who(), segments, {"name": ids.new_id()})[0]

    def _work(self, job: Job, count: int) -> None:
        progress = Progress(self.stderr, job.total)

        def report(step: lifecycle.Step) -> None:
            progress.to(lifecycle.counts(job)[0])
            if self.listing:
                for one in step.found:
                    self.stdout.write(f"{one.ticket_id}: {one.what}")

        try:
            threads.all_of(job, count, report)
        except KeyboardInterrupt:
            lifecycle.stop(job)
            raise CommandError("Interrupted. Nothing is lost: run it again.") from None
        except aws.AwsError as error:
            lifecycle.stop(job, str(error))
            raise
        finally:
            progress.close()
        job.refresh_from_db()
        if job.state != "done":
            raise CommandError(f"Somebody else ended it: {job.state}. {job.error}".rstrip())

    def _verdict(self, seen: int, found: int) -> None:
        if found:
            raise CommandError(f"{found} differ; {seen} looked at. `manage.py reindex` puts them right.")
        self.stdout.write(f"The index says what the record says: {seen} looked at.")


def _who() -> str:
    return f"{getpass.getuser()} (command line)"

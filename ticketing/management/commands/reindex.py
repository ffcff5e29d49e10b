"""`manage.py reindex`: the desk's index from the record."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws
from config.progress import Progress
from ticketing.comparing import Difference
from ticketing.jobs import running, working
from ticketing.jobs.kinds import Kind
from ticketing.models import Job


class Command(BaseCommand):
    help = "Rebuilds the desk's index from the record, while the desk serves. Interrupted and run again, it goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only list what differs; exits 1 if anything does")
        parser.add_argument("--segments", type=int, default=4, metavar="N", help="how many at once (4)")
        parser.add_argument("--afresh", action="store_true", help="begin anew, where an earlier run was interrupted")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["segments"] <= 64:
            raise CommandError("--segments is a number from 1 to 64.")
        self.listing = options["check"]
        try:
            job = self._job("check" if options["check"] else "reindex", options["segments"], options["afresh"])
            self._work(job, options["segments"])
        except aws.AwsError as error:
            raise CommandError(
                f"The record cannot be read: {error}. Nothing is lost; run it again, and it goes on."
            ) from error
        seen, found = running.counts(job)
        self._check(seen, found) if options["check"] else self.stdout.write(f"{seen} looked at, {found} put right.")

    def _job(self, kind: Kind, segments: int, afresh: bool) -> Job:
        """A new job, or the one that was interrupted, or that runs already.

        What an interrupted check had found may have been put right since, so a check begins anew unless it runs.
        """
        earlier = running.unfinished(kind)
        worked = earlier and earlier.state == "running" and running.hands(earlier)
        if earlier and (afresh or (kind == "check" and not worked)):
            running.stop(earlier)
        elif earlier and running.resume(earlier):
            seen, found = running.counts(earlier)
            begun = f"{earlier.started_at:%Y-%m-%d %H:%M} UTC by {earlier.started_by}"
            self.stderr.write(f"Going on with what was begun {begun}: {seen} looked at, {found} found.")
            if self.listing:
                self._list([Difference(one.ticket_id, one.what) for one in earlier.findings.all()])  # type: ignore[arg-type]
            return earlier
        return running.start(kind, f"{getpass.getuser()} (command line)", segments)[0]

    def _work(self, job: Job, threads: int) -> None:
        progress = Progress(self.stderr, job.total)

        def report(step: running.Step) -> None:
            progress.to(running.counts(job)[0])
            if self.listing:
                self._list(step.found)

        try:
            working.all_of(job, threads, report)
        except KeyboardInterrupt:
            running.stop(job)
            raise CommandError("Interrupted. Nothing is lost: run it again, and it goes on.") from None
        except aws.AwsError as error:
            running.stop(job, str(error))
            raise
        finally:
            progress.close()
        job.refresh_from_db()
        if job.state != "done":
            raise CommandError(f"Somebody else ended it: {job.state}. {job.error}".rstrip())

    def _list(self, found: Any) -> None:
        for one in found:
            self.stdout.write(f"{one.ticket_id}: {one.what}")

    def _check(self, seen: int, found: int) -> None:
        if found:
            raise CommandError(f"{found} differ; {seen} looked at. `manage.py reindex` puts them right.")
        self.stdout.write(f"The index says what the record says: {seen} looked at.")

"""`manage.py redrive`: moves messages from a dead-letter queue back to their queue."""

from argparse import ArgumentParser
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import operators
from config import aws
from config.consumer import redrive
from config.progress import Progress


class Command(BaseCommand):
    help = "Moves messages from a dead-letter queue back to their queue. Fix the cause of their failure first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(way.name for way in redrive.ways())
        parser.add_argument("queue", metavar="QUEUE", help=f"the queue that they return to, one of: {names}")
        parser.add_argument("--ticket", metavar="ID", help="only the messages of this ticket (or delivery)")
        parser.add_argument("--limit", type=int, metavar="N", help="at most N messages")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit is how many messages to move: a number from 1 on.")
        operators.runs("redrive", queue=options["queue"], ticket=options["ticket"], limit=options["limit"])
        progress = Progress(self.stderr, said="messages", unit=" messages")
        try:
            way = redrive.way(options["queue"])
            with closing(progress):
                moved = redrive.move(way, options["ticket"], options["limit"], tell=progress.add)
        except redrive.UnknownQueue as error:
            raise CommandError(str(error)) from None
        except aws.AwsError as error:
            raise CommandError(
                f"{progress.done} messages moved, then: {error}. Nothing is lost; run it again."
            ) from error
        self.stdout.write(f"{moved.count} messages moved from {way.dead_letters} back to {way.name}.")
        if options["ticket"] and not moved.count and not moved.stayed:
            raise CommandError(
                f"None of the {moved.seen} messages seen there is about {options['ticket']}: it is still being tried, "
                "for three minutes at most, or it went back already."
            )
        for message_id, why in moved.stayed.items():
            self.stderr.write(f"{message_id} stays in {way.dead_letters}: {why}")
        if moved.stayed:
            raise CommandError(
                f"{len(moved.stayed)} messages could not be moved and are still there. Fix the causes and run it again."
            )

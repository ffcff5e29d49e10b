"""`manage.py forget_raw`: takes old words of a Zendesk ticket out of the raw store."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import operators
from config import aws
from config.refusals import Invalid
from ingestion.zendesk import forgetting


class Command(BaseCommand):
    help = (
        "Puts the newest raw document of a Zendesk ticket in place of all earlier ones, and deletes all their earlier "
        "versions. Run it after a redaction in Zendesk, once the ticket's next webhook is through. It can be run again "
        "at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("zendesk_id", metavar="ID", type=_number, help="the ticket's number in Zendesk")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        zendesk_id, dry_run = options["zendesk_id"], options["dry_run"]
        operators.runs("forget_raw", zendesk_id=zendesk_id, dry_run=dry_run)
        try:
            done = forgetting.forget(zendesk_id, dry_run=dry_run)
        except Invalid as error:
            raise CommandError(f"{error.sentence}. Nothing was changed.") from None
        except aws.AwsError as error:
            raise CommandError(f"{error}. Run it again: what is done already does no harm.") from error
        replaced, deleted = ("To replace", "to delete beside those") if dry_run else ("Replaced", "deleted")
        if not done.days:
            versions = f" but deleted documents. Earlier versions {deleted}: {done.versions}" if done.versions else ""
            self.stdout.write(f"The raw store has nothing of Zendesk ticket {zendesk_id}{versions}.")
            return
        self.stdout.write(
            f"Documents: {len(done.days)}, the newest of {done.newest}. {replaced} by it: {done.replaced}. "
            f"Earlier versions {deleted}: {done.versions}."
        )


def _number(text: str) -> str:
    if not re.fullmatch("[0-9]{1,20}", text):
        raise ArgumentTypeError("a Zendesk ticket's number has only digits")
    return text

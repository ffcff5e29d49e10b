"""`manage.py create_token`: issues an API token."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.caller import SCOPES, TIERS
from config.refusals import Invalid
from routing import tokens


class Command(BaseCommand):
    help = "Prints a new API token as its last line. The token is shown only once, because only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="who uses it, e.g. the program's name")
        parser.add_argument("--customer", required=True, metavar="ID", help="whose tickets it sees")
        parser.add_argument("--tier", required=True, choices=TIERS)
        parser.add_argument(
            "--scope",
            required=True,
            action="append",
            choices=SCOPES,
            help="what it may do; give the option again for each further scope",
        )

        parser.add_argument(
            "--days", type=int, metavar="N", help=f"it ends after N days (default and most {settings.TOKEN_DAYS})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = tokens.issue(
                options["name"], options["customer"], options["tier"], options["scope"], options["days"]
            )
        except Invalid as refusal:
            raise CommandError(refusal.sentence) from None
        self.stdout.write(token)

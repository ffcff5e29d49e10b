"""`manage.py zendesk_check`: whether Foyer and Zendesk are set up to work together."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ingestion.zendesk import setup_check


class Command(BaseCommand):
    help = (
        "Says, a line each, whether Zendesk's address, the sign-in, the scopes, the webhook's secret and the clock are "
        "right, and what to do where one is not; also whether replies can be posted, if that is switched on. Asks "
        "Zendesk and changes nothing. Exits 1 if one is not right."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = seen = 0
        for line in setup_check.lines():
            self.stdout.write(str(line))
            seen, wrong = seen + 1, wrong + (line.how != "right")
        if wrong:
            raise CommandError(f"{wrong} of {seen} {'is' if wrong == 1 else 'are'} not right.")

"""`manage.py provision`: creates or updates the AWS resources."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import aws, env
from config.provision.stack import ProvisionError, provision


class Command(BaseCommand):
    help = "Creates or updates the AWS resources from infra/stack.yaml, on the local AWS or a real account."
    requires_system_checks = ()  # the checks may look at resources that this is about to create

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stack-name", default=env.text("STACK_NAME", "foyer"), help="default: foyer")
        parser.add_argument(
            "--parameter",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a template parameter, which overrides its setting; later runs keep parameters that have no setting",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        say = self.stdout.write if options["verbosity"] else _nothing
        try:
            changed = provision(options["stack_name"], _overrides(options["parameter"]), say)
        except ProvisionError as error:
            raise CommandError(str(error)) from error
        except aws.AwsError as error:
            raise CommandError(f"AWS did not do its part: {error.message or error.code}") from error
        name = options["stack_name"]
        say(f"Stack {name} is ready." if changed else f"Stack {name}: nothing to change.")


def _nothing(_line: str) -> None:
    """Says nothing, for `--verbosity 0`."""


def _overrides(given: list[str]) -> dict[str, str]:
    for pair in given:
        if "=" not in pair:
            raise CommandError(f"--parameter {pair} is not of the form NAME=VALUE.")
    return dict(pair.split("=", 1) for pair in given)

"""A local AWS that has been provisioned once, for the tests that look at what is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests import local_aws
from tests.local_aws import pointed_at


@contextmanager
def server(state_dir: Path) -> Iterator[None]:
    """Run a local AWS and point every client of this process at it."""
    with local_aws.running(state_dir) as endpoint, pointed_at(endpoint):
        yield


def run_provision(*arguments: str) -> str:
    """Run the command and give what it printed."""
    printed = StringIO()
    call_command("provision", *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture(scope="session")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """An empty local AWS that was provisioned once, until the session ends: its endpoint, and what was printed."""
    with local_aws.running(tmp_path_factory.mktemp("aws")) as endpoint:
        with pointed_at(endpoint):
            printed = run_provision()
        yield endpoint, printed


@pytest.fixture
def first_run(provisioned: tuple[str, str]) -> Iterator[str]:
    """What the first run printed; clients reach that AWS."""
    endpoint, printed = provisioned
    with pointed_at(endpoint):
        yield printed

"""A local AWS that has been provisioned once, for the tests that look at what is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from config import aws
from tests import local_aws


@contextmanager
def server(state_dir: Path) -> Iterator[None]:
    """Run a local AWS and point every client of this process at it."""
    with local_aws.running(state_dir) as endpoint, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        aws.forget_clients()
        try:
            yield
        finally:
            aws.forget_clients()


def run_provision(*arguments: str) -> str:
    """Run the command and give what it printed."""
    printed = StringIO()
    call_command("provision", *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the first run on an empty local AWS printed; that AWS runs until the session ends."""
    with server(tmp_path_factory.mktemp("aws")):
        yield run_provision()

"""What tests stand on: an AWS in process (moto) or a real local one, callers with tokens, a counter of calls."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from botocore.client import BaseClient
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations
from moto import mock_aws
from rest_framework.test import APIClient

from config import aws as config_aws
from config.aws import calls as aws_calls
from config.aws import metrics
from config.aws.outage import Outage
from config.consumer import batch, polls, pulse, queue_loop
from config.web import health, refused, throttling
from routing import announcer, last_uses, tokens
from tests import local_aws as local_server
from tests import moto_stack
from tests.local_aws import pointed_at

_Client: Any = BaseClient

# A machine that is busy for a moment has found no bug; hypothesis sees it so by itself where CI is set.
if not os.environ.get("CI"):
    hypothesis.settings.register_profile("no deadline", deadline=None)
    hypothesis.settings.load_profile("no deadline")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: what was not run was not shown to hold."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long is run where it is asked for: `-m long`, as `make test-long` does, and `-m large`."""
    unasked = [mark for mark in ("long", "large") if mark not in config.option.markexpr]
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in unasked)]
    if connection.vendor == "postgresql":
        left_out += [item for item in items if item not in left_out and not _has_sql(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _has_sql(item: pytest.Item) -> bool:
    """Whether the test has to do with the database: its own, or that of a copy of the product."""
    fixtures = getattr(item, "fixturenames", ())
    own = item.get_closest_marker("django_db") or "db" in fixtures or "transactional_db" in fixtures
    return bool(own) or item.path.parent.name in ("chain", "e2e", "faults", "large")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Content is no name: it would be long, and what a compressor makes has the time in it, so that each process of a
    run would call the test something else. Bytes are content however few they are."""
    long = isinstance(val, str) and len(val) > _LONGEST_NAME
    return argname if long or isinstance(val, bytes) else None


_LONGEST_NAME = 60


@pytest.fixture(scope="session", autouse=True)
def _what_tests_leave_in_the_record_goes() -> Iterator[None]:
    """A test with transactions of its own ends with all tables emptied, which triggers of the record forbid."""
    original = BaseDatabaseOperations.execute_sql_flush

    def without_triggers(self: BaseDatabaseOperations, statements: list[str]) -> None:
        if self.connection.vendor == "postgresql":
            around = (["SET session_replication_role = replica"], ["SET session_replication_role = DEFAULT"])
        else:
            with self.connection.cursor() as cursor:
                cursor.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'"
                )
                triggers = cursor.fetchall()
            around = ([f"DROP TRIGGER {name}" for name, _ in triggers], [made for _, made in triggers])
        original(self, [*around[0], *statements, *around[1]])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", without_triggers)
        yield


@pytest.fixture(autouse=True)
def _fresh_process_state() -> Iterator[None]:
    """What a process remembers (tokens seen, throttles, metrics) does not pass from test to test."""
    yield
    throttling._buckets.clear()
    metrics._collected.start_anew()
    last_uses._noted.start_anew()
    aws_calls._outage = Outage("AWS")
    announcer._outage = Outage("Announcing changes of tickets")
    queue_loop._outage.cache_clear()
    batch._outage.cache_clear()
    polls._told.clear()
    pulse._due.clear()
    cache.clear()
    health._last.forget()
    refused._told.forget()


@pytest.fixture(autouse=True)
def _tests_keep_their_connection(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """At the end of a request or a batch an old connection is closed, and with it the transaction around a test would
    be gone: not there. (Django's own test client does the same; a SQLite in memory is never closed.) Nor in a test
    that may not ask the database: the connection is what an earlier test left, and closing it asks."""
    databases = {"db", "transactional_db"}.intersection(request.fixturenames)
    may_ask = databases or request.node.get_closest_marker("django_db")
    close = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def close_outside_transactions(connection: BaseDatabaseWrapper) -> None:
        if may_ask and not connection.in_atomic_block:
            close(connection)

    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", close_outside_transactions)


@pytest.fixture
def atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call happens whole, as DynamoDB's do and the fake's, under threads, do not; between calls all may happen."""
    one_at_a_time, original = threading.Lock(), BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        with one_at_a_time:
            return original(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", call)


@pytest.fixture
def aws() -> Iterator[None]:
    """AWS in process, with every table, queue, topic, stream and bucket of the product."""
    with mock_aws():  # clients made before serve here too: making them is what takes time
        moto_stack.create()
        yield


@pytest.fixture
def versioned(aws: None) -> None:
    """The two buckets with versioning have it here, too."""
    for bucket in (settings.ATTACHMENTS_BUCKET, settings.S3_BUCKET_TICKETS):
        config_aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def own_clients() -> Iterator[None]:
    """Clients that only this test has, for one that tampers with them."""
    config_aws.forget_clients()
    yield
    config_aws.forget_clients()


@pytest.fixture(scope="session")
def local_aws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real local AWS, provisioned from infra/stack.yaml; started once, when the first test asks for it."""
    with local_server.running(tmp_path_factory.mktemp("aws")) as endpoint:
        with pointed_at(endpoint):
            call_command("provision", verbosity=0)
        yield endpoint


@pytest.fixture
def local_aws(local_aws_endpoint: str) -> Iterator[str]:
    """Point this process at the real local AWS, which keeps what tests leave there: use ids of your own."""
    with pointed_at(local_aws_endpoint):
        yield local_aws_endpoint


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The AWS calls made so far, by name, e.g. `PutItem`; each try counts.

    A queue's URL is looked up once in a process, whichever test comes first: that is left out.
    """
    made: list[str] = []
    original = _Client._make_api_call

    def counted(self: Any, operation: str, parameters: Any) -> Any:
        if operation != "GetQueueUrl":
            made.append(operation)
        return original(self, operation, parameters)

    monkeypatch.setattr(_Client, "_make_api_call", counted)
    return made


@pytest.fixture
def token_client(db: None) -> Callable[..., APIClient]:
    """A client that calls with a new token: `token_client("itsm", customer="acme", tier="gold")`."""

    def make(*scopes: str, customer: str = "acme", tier: str = "general") -> APIClient:
        token = tokens.issue("test", customer, tier, list(scopes))
        return APIClient(headers={"Token": token})

    return make


@pytest.fixture
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent

"""The suite itself."""

import pytest
from django.db import close_old_connections, connection
from pytest_django.plugin import DjangoDbBlocker


@pytest.mark.xdist_group("suite")
def test_the_tests_of_a_group_share_one_process_and_what_it_started(
    request: pytest.FixtureRequest, worker_id: str
) -> None:
    grouped = request.node.nodeid.endswith("@suite")  # as pytest-xdist's scheduler reads it
    assert grouped == (worker_id != "master")


CONTENT = [b"\x1f\x8b" * 40, "paper jam " * 40]


@pytest.mark.parametrize("content", CONTENT)
def test_a_test_is_not_named_after_its_content(request: pytest.FixtureRequest, content: str | bytes) -> None:
    assert request.node.name.partition("@")[0] == f"{request.node.originalname}[content{CONTENT.index(content)}]"


def test_a_test_without_a_database_may_work_a_batch_whatever_connection_is_left(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with django_db_blocker.unblock():
        connection.ensure_connection()
    close_old_connections()
    assert connection.connection

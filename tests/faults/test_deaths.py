"""Whatever dies, before or after any of its external calls: what was acknowledged is there once, and known everywhere.

After each death everybody does what they would: the client sends its request again with the same key, and once more
when that was acknowledged; the desk's browser sends its form again; the consumers work what is there.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import world as worlds
from tests.faults.operations import OPERATIONS, Operation
from tests.faults.world import Died, World

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("faults")]

MOST_CALLS = 40


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with worlds.running(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_whatever_dies_all_is_there_once_and_known(world: World, operation: str, moment: str) -> None:
    names = _die_at_each_call(world, operation, moment)
    assert len(names) > OPERATIONS[operation].calls
    world.run("working.recover")
    stored = world.run("working.stored", names)
    assert stored == {name: [_expected(OPERATIONS[operation])] for name in names}
    assert world.run("working.dead_letters") == []
    assert world.run("working.complaint", "reindex", "--check") == ""
    assert world.run("working.complaint", "reconcile") == ""


def _die_at_each_call(world: World, operation: str, moment: str) -> list[str]:
    """Let it die at its first external call, its second and so on, until it ends by itself; the names of the runs."""
    names = []
    for number in range(1, MOST_CALLS):
        name = f"{operation}, {moment} call {number}"
        names.append(name)
        given = world.run("operations.prepare", operation, name)
        told, died = None, False
        try:
            told = world.run("operations.act", operation, name, given, fault=(number, moment))
        except Died:
            died = True
        again, once_more = (world.run("operations.act", operation, name, given) for _ in range(2))
        assert again == once_more
        assert died or told == again
        if not died:
            return names
    pytest.fail(f"{operation} did not end within {MOST_CALLS} external calls")


def _expected(operation: Operation) -> dict[str, Any]:
    return {
        "status": operation.status,
        "whole": True,
        "version": operation.version,
        "comments": [operation.comments] * 2,
        "changes": operation.changes,
        "indexed": operation.version,
        "announced": operation.version,
    }

"""The suite itself."""

import pytest


@pytest.mark.xdist_group("suite")
def test_the_tests_of_a_group_share_one_process_and_what_it_started(
    request: pytest.FixtureRequest, worker_id: str
) -> None:
    grouped = request.node.nodeid.endswith("@suite")  # as pytest-xdist's scheduler reads it
    assert grouped == (worker_id != "master")

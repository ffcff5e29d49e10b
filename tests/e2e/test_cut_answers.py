"""Answers of AWS are cut off in the middle: what was taken is worked, once, and no program ends."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests import local_aws
from tests.e2e import cutting, doors
from tests.e2e.copy import Copy, fresh, within

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e")]

SHARE = 0.3  # of the answers: enough that all three tries of some calls fail
OF_EACH_DOOR = 8
SENT_SECONDS = 60
SETTLED_SECONDS = 10  # after AWS was replaced, which is an outage of its own
WORKED_SECONDS = 30  # ten, and the longest pause before a task is tried a third time
MOST_LINES = 20  # in a program's log, beside those of tasks that are done


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of this test's own, whose AWS is replaced."""
    with fresh(tmp_path_factory.mktemp("cut")) as started:
        yield started


@pytest.fixture
def cutter(copy: Copy, tmp_path: Path) -> Iterator[cutting.Cutter]:
    """The copy's own AWS, with its state, behind a proxy on its port."""
    copy.control("stop", "aws")
    (tmp_path / "state").symlink_to(copy.folder / "aws")
    (tmp_path / "s3").symlink_to(copy.folder / "aws-s3")
    port = int(copy.environment["LOCAL_AWS_PORT"])
    with local_aws.running(tmp_path) as endpoint, cutting.before(port, int(endpoint.rpartition(":")[2])) as proxy:
        yield proxy
    copy.control("start", "aws")


def sent(send: Callable[[], requests.Response]) -> None:
    """Send as a good sender does: the same again until it is taken."""
    within(SENT_SECONDS, lambda: send().status_code in {201, 202})


def tickets(copy: Copy) -> dict[str, int]:
    """How many tickets of each door are in the index. Example tickets of the first three have other words."""
    doors_ = ("itsm", "routing", "submission")
    cut = {name: len(copy.indexed(f"channel = '{name}' AND issue_description LIKE 'cut %'")) for name in doors_}
    return cut | {"zendesk": len(copy.indexed("channel = 'zendesk'"))}


def test_what_was_taken_while_answers_were_cut_is_worked_once(copy: Copy, cutter: cutting.Cutter) -> None:
    sent(lambda: doors.itsm(copy, "before", "before"))  # AWS is back, behind the proxy
    time.sleep(SETTLED_SECONDS)
    before, lines, pids = tickets(copy), copy.logs(), copy.pids()
    cutter.share = SHARE
    for number in range(OF_EACH_DOOR):
        sent(lambda n=number: doors.itsm(copy, f"cut {n}", f"itsm-{n}"))  # type: ignore[misc]
        sent(lambda n=number: doors.routing(copy, f"cut {n}", key=f"routing-{n}"))  # type: ignore[misc]
        sent(lambda n=number: doors.submission(copy, f"cut {n}", f"submission-{n}"))  # type: ignore[misc]
        sent(lambda n=number: doors.zendesk(copy, 9300 + n))  # type: ignore[misc]
    cutter.share = 0.0
    assert cutter.cuts > OF_EACH_DOOR

    wanted = {door: count + OF_EACH_DOOR for door, count in before.items()}
    within(WORKED_SECONDS, lambda: all(tickets(copy)[door] >= count for door, count in wanted.items()))
    time.sleep(2)  # for a double, which nothing announces as the last
    assert tickets(copy) == wanted
    new = {name: now[len(lines[name]) :] for name, now in copy.logs().items()}
    written = {name: [line for line in said if " INFO " not in line] for name, said in new.items()}
    assert {name: said for name, said in written.items() if len(said) > MOST_LINES} == {}
    assert copy.pids() == pids

"""Flagged Zendesk tickets by the hundred, on a bad day of Zendesk's: each is filed once, however often it is told.

With the environment's `TICKETS=1000` they are a thousand, which takes some minutes.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import aws
from config.aws import sqs
from tests import databases
from tests.e2e import doors
from tests.e2e.copy import Copy, fresh, within
from tests.local_aws import pointed_at
from tests.standins import zendesk_data as data
from tests.standins import zendesk_shapes as shapes
from tests.standins.zendesk import STALLS, ZendeskStandIn
from ticketing.deliveries import raw_tickets

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.xdist_group("e2e"), pytest.mark.timeout(1500)]

COUNT = int(os.environ.get("TICKETS", "200"))
BAD_SHARE = 0.1
WORKED_SECONDS = 600  # a quarter of it where nothing else runs
SETTLED_SECONDS = 60  # what was announced last may still be on its way to the queue
DELETED = list(shapes.SHAPES).index("deleted")
TOLD = range(shapes.FIRST, shapes.FIRST + COUNT + COUNT // len(shapes.SHAPES) + 3)
FLAGGED = [one for one in TOLD if (one - shapes.FIRST) % len(shapes.SHAPES) != DELETED][:COUNT]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of this test's own, with many tickets more."""
    with fresh(tmp_path_factory.mktemp("storm")) as started:
        yield started


@pytest.fixture
def zendesk(copy: Copy) -> Iterator[ZendeskStandIn]:
    """The copy's Zendesk in this process: its tokens end after 300 s, and a tenth of its answers are faults."""
    copy.control("stop", "zendesk")
    oauth = (copy.secret("ZENDESK_OAUTH_CLIENT_ID"), copy.secret("ZENDESK_OAUTH_CLIENT_SECRET"))
    port = int(copy.environment["ZENDESK_STANDIN_PORT"])
    with ZendeskStandIn(port, oauth=oauth, token_lifetime=300, fail_next=[STALLS] * 3) as standin:
        standin.bad_share = BAD_SHARE
        yield standin


def tell(copy: Copy, numbers: list[int]) -> None:
    """Send the webhooks, in a random order."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: doors.zendesk(copy, one), random.sample(numbers, len(numbers))))
    assert {one.status_code for one in answers} == {202}


def filed(copy: Copy) -> set[str]:
    return set(copy.indexed("channel = 'zendesk'"))


def is_idle(queue: str) -> bool:
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=sqs.url(queue), AttributeNames=names)  # type: ignore[arg-type]
    return not any(int(one) for one in found["Attributes"].values())


def comments(copy: Copy) -> dict[str, int]:
    """How many comments each ticket has."""
    query = "SELECT ticket_id, COUNT(*) FROM ticketing_indexedcomment GROUP BY ticket_id"
    return dict(databases.rows(copy.environment["DATABASE_URL"], query))


def desk_id(zendesk_id: int) -> str:
    return raw_tickets.ticket_key(str(zendesk_id)).keyed_id


def test_tickets_of_a_bad_day_are_filed_once_however_often_they_are_told(copy: Copy, zendesk: ZendeskStandIn) -> None:
    before = filed(copy)
    tell(copy, FLAGGED)
    within(WORKED_SECONDS, lambda: len(filed(copy)) > len(before) + COUNT // 2)
    zendesk.bad_share = 0.0  # the day is better again
    wanted = before | {desk_id(one) for one in FLAGGED}
    within(WORKED_SECONDS, lambda: filed(copy) >= wanted)

    tell(copy, FLAGGED * 2)
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        within(WORKED_SECONDS, lambda: is_idle("FoyerJobs") and is_idle("AnalyticsQueue"))
        aws.forget_clients()
    assert filed(copy) == wanted
    told = {desk_id(one): len(data.comments(one)) - 1 for one in FLAGGED}  # one of them has none
    within(SETTLED_SECONDS, lambda: comments(copy).items() >= {pair for pair in told.items() if pair[1]})
    assert zendesk.sign_ins >= 1

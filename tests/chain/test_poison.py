"""Two thousand messages, twenty of them poisonous, on a real local AWS: the others become tickets, none is doubled."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from config import aws as config_aws
from config import json
from config.aws import sqs
from config.consumer import in_flight, queue_loop, redrive
from config.consumer.sources import sources
from ticketing import deliveries, service
from ticketing.submissions import large
from ticketing.tickets import ids

pytestmark = [pytest.mark.long, pytest.mark.django_db, pytest.mark.xdist_group("local-aws")]

QUEUE, DEAD = "TicketSubmissions", "TicketSubmissionsDLQ"
GOOD, LOST = 1_980, 10  # lost: their S3 objects are not there yet; ten more can never be read
CALLER = f"caller-{uuid.uuid4()}"  # the local AWS is shared: these are ours
UNREADABLE = {
    "no JSON": "The message is not valid JSON",
    "[1]": "The message is JSON, but no JSON object",
    '{"type": "COMPRESSED", "data": "%"}': "The message says COMPRESSED, but its data is no base64 of gzip",
    '{"type": "S3_REFERENCE", "bucket": "theirs", "key": "k"}': "The message points to an object outside the bucket",
    "{" * 1000: "The message is not valid JSON",
}
GONE = "The S3 object that the message points to is not there"


@pytest.fixture(autouse=True)
def _impatient(local_aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A message that failed comes again after some seconds, and its fifth try is the last."""
    client: Any = config_aws.client("sqs")
    for name in (QUEUE, DEAD):
        client.purge_queue(QueueUrl=sqs.url(name))
    monkeypatch.setattr(in_flight, "WAITS", (4,))
    yield
    for name in (QUEUE, DEAD):
        client.purge_queue(QueueUrl=sqs.url(name))


def _bodies() -> list[str]:
    """The poison stands among the good, one in each hundred."""
    good = [json.dumps({"caller_id": CALLER, "subject": f"No. {n}"}) for n in range(GOOD)]
    poison = [_pointer(n) for n in range(LOST)] + [*UNREADABLE, *UNREADABLE]
    for n, body in enumerate(poison):
        good.insert(n * 100, body)
    return good


def _pointer(n: int) -> str:
    key = f"{large.PREFIX}{CALLER}-{n}.json"
    return json.dumps({"type": "S3_REFERENCE", "bucket": settings.LARGE_MESSAGE_BUCKET, "key": key, "size": 9})


def _send(bodies: list[str]) -> dict[str, str]:
    """Straight onto the queue, as another program does; each message's id and its body."""
    sent: dict[str, str] = {}
    for start in range(0, len(bodies), 10):
        batch = bodies[start : start + 10]
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(batch)]
        answer = config_aws.client("sqs").send_message_batch(QueueUrl=sqs.url(QUEUE), Entries=entries)
        sent |= {one["MessageId"]: batch[int(one["Id"])] for one in answer["Successful"]}
    return sent


def _work_all() -> None:
    """Four workers, until nothing is left: neither waiting, nor to come again."""
    [source] = [one for one in sources() if one.name == "submissions"]

    def work() -> None:
        while _left(QUEUE):
            queue_loop.work_once(source, 1)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result()


def _left(name: str) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = config_aws.client("sqs").get_queue_attributes(QueueUrl=sqs.url(name), AttributeNames=names)
    return sum(int(value) for value in answer["Attributes"].values())


def _subjects() -> list[str]:
    return sorted(one.subject or "" for one in service.all_tickets() if one.caller_id == CALLER)


def _causes(message_ids: list[str]) -> dict[str, str]:
    """What the desk says of each of these messages."""
    found = {}
    for message_id in message_ids:
        delivery = deliveries.get(ids.keyed_id(settings.DEFAULT_CUSTOMER, "message", message_id))
        assert delivery
        found[message_id] = f"{delivery.state}: {delivery.error}"
    return found


def test_twenty_poisonous_messages_among_two_thousand(admin_client: Client) -> None:
    sent = _send(_bodies())
    _work_all()
    good = sorted(f"No. {n}" for n in range(GOOD))
    assert _subjects() == good  # 1,980 tickets
    assert _left(DEAD) == 20

    poison = {one: body for one, body in sent.items() if CALLER not in body or "S3_REFERENCE" in body}
    assert len(poison) == 20
    for message_id, cause in _causes(list(poison)).items():
        assert cause.startswith(f"failed: {UNREADABLE.get(poison[message_id], GONE)}"), cause
    page = admin_client.get("/desk/ticketing/delivery/", {"state": "failed"})
    rows = {row["delivery"].key: row["said"] for row in page.context["rows"]}
    assert set(rows) >= set(poison)
    assert all(rows[one] for one in poison)

    for n in range(LOST):  # the repair
        large.store(f"{CALLER}-{n}", json.dumps({"caller_id": CALLER, "subject": f"Repaired {n}"}))
    call_command("redrive", QUEUE, "--limit", "20")
    _work_all()
    assert _subjects() == sorted(good + [f"Repaired {n}" for n in range(LOST)])
    assert _left(DEAD) == 10

    redrive.move(redrive.way(QUEUE))  # once more: what can never be read only comes back, known by its first id
    _work_all()
    assert len(_subjects()) == GOOD + LOST
    assert _left(DEAD) == 10
    assert {redrive.origin(one) for one in sqs.receive(DEAD, 10, 0)} <= set(poison)

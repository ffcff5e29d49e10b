"""What a body or a message costs at its peak. Each is measured in a process of its own, since a peak never falls.

`python -m tests.memory WAY` prints by how many bytes a process grows for each form of content. AWS is there only as
far as its clients: what they would send is made, and answered here.
"""

import base64
import gzip
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

MIB: Final = 1024 * 1024
MESSAGE: Final = 15 * MIB
QUEUED: Final = MIB  # bytes of a message, as SQS takes them
TIMES: Final = 12  # its limit's bytes are the most that anything may cost

LIMITS: Final = {
    "itsm": MIB,
    "itsm, gzip": MIB,
    "routing": MIB,
    "events": MIB,
    "batch": 5 * MIB,
    "submission": 5 * MIB,
    "submission, gzip": 5 * MIB,
    "webhook": MIB,
    "message": MESSAGE,
    "message, compressed": MESSAGE,
    "message, S3": MESSAGE,
    "message, SNS": MESSAGE,
    "announcement": QUEUED,
    "clock": QUEUED,
    "Zendesk's answer": 32 * MIB,
}
FORMS: Final = {
    "empty objects": lambda room, _: _several("{}", room, room),
    "empty lists": lambda room, _: _several("[]", room, room),
    "numbers": lambda room, values: _several("7", values - 20, room),
    "objects": lambda room, values: _several('{"k":1.5}', values // 2 - 20, room),
    "deep": lambda room, values: _several('{"a":' * 180 + "1" + "}" * 180, values // 182 - 2, room),
    "names": lambda room, values: "{" + ",".join(f'"n{n:07}":1.5' for n in range(min(values - 20, room // 15))) + "}",
    "emoji": lambda room, _: _text("\N{PRINTER}", room),
    "one emoji": lambda room, _: '"\N{PRINTER}' + "a" * (room - 10) + '"',
    "surrogates": lambda room, _: _text("\\ud83d", room),
    "escapes": lambda room, _: _text("\\n", room),
    "surrogates apart": lambda room, _: _text("ab\\ud83d", room),
    "escapes apart": lambda room, _: _text("ab\\n", room),
    "long texts": lambda room, _: "[" + ",".join(['"' + "a" * 10_000 + '"'] * (room // 10_010)) + "]",
    "quotes": lambda room, _: '"' * room,
    "no end": lambda room, _: '"' + '\\"' * (room // 2 - 2),
    "digits": lambda room, values: _several("1." + "9" * 50, values - 20, room),
}


def _several(unit: str, most: int, room: int) -> str:
    return "[" + ",".join([unit] * max(1, min(most, room // (len(unit) + 1) - 1))) + "]"


def _text(unit: str, room: int) -> str:
    return '"' + unit * (room // len(unit.encode()) - 2) + '"'


def grown(way: str) -> dict[str, int]:
    """By how many bytes the peak of a process grows that takes in each form by this way."""
    command = [sys.executable, "-m", "tests.memory", way]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1], env=environment
    )
    return {form: int(bytes_) for form, _, bytes_ in (line.rpartition(": ") for line in answer.stdout.splitlines())}


def _status(name: str) -> int:
    [line] = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(name)]
    return int(line.split()[1]) * 1024


class _Raw:
    """An answer's body, as urllib3 gives it to botocore."""

    def __init__(self, content: bytes) -> None:
        self.content, self.closed = content, False

    def read(self, amount: int | None = None, **_: Any) -> bytes:
        said, self.content = self.content[:amount], self.content[len(self.content[:amount]) :]
        return said

    def stream(self, **_: Any) -> Any:
        yield self.content

    def close(self) -> None:
        self.closed = True


class _Aws:
    """In place of botocore's HTTP: answers each call as AWS would that has nothing. `stored` is every S3 object."""

    def __init__(self) -> None:
        self.stored, self.asked, self.records = b"", 0, 0

    def send(self, request: Any) -> Any:
        from botocore.awsrequest import AWSResponse
        from botocore.compat import HTTPHeaders

        self.asked += 1
        target = request.headers.get("X-Amz-Target", b"")
        called = target.decode() if isinstance(target, bytes) else target
        headers = {"ETag": '"1"', "Last-Modified": "Mon, 09 Feb 2026 10:11:12 GMT"}
        self.records = (request.body or b"").count(b'"PartitionKey"') if "Kinesis" in called else 0
        content = self._said(called.rpartition(".")[2])
        if not called and request.method in ("GET", "POST"):  # S3
            content = self.stored if request.method == "GET" else b"<R><UploadId>1</UploadId></R>"
        headers["Content-Length"] = str(len(content))
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict(headers), _Raw(content))

    def _said(self, called: str) -> bytes:
        place = b'{"ShardId":"s","SequenceNumber":"1"}'
        return {
            "": b"",
            "GetQueueUrl": b'{"QueueUrl":"http://127.0.0.1:9/q"}',
            "SendMessage": b'{"MessageId":"m-1"}',
            "PutRecord": place,
            "PutRecords": b'{"FailedRecordCount":0,"Records":[%s]}' % b",".join([place] * self.records),
            "Query": b'{"Items":[],"Count":0}',
        }.get(called, b"{}")


def main(way: str) -> None:
    """Print for each form by how many bytes a process grows that takes it in."""
    import django

    django.setup()
    from botocore.httpsession import URLLib3Session

    aws = _Aws()
    URLLib3Session.send = aws.send  # type: ignore[method-assign, assignment]
    _warm_up()
    _prepared(way, "long texts", aws, 20_000)()
    for form in FORMS:
        sys.stdout.write(f"{form}: {_in_a_child(way, form, aws)}\n")
        sys.stdout.flush()


def _in_a_child(way: str, form: str, aws: _Aws) -> int:
    """What `_measured` says, of a process that begins as this one is now."""
    reading, writing = os.pipe()
    if not os.fork():
        try:
            os.write(writing, str(_measured(way, form, aws)).encode())
        except BaseException:  # noqa: BLE001 - a child goes no further than this
            traceback.print_exc()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        grown = int(said.read())
    os.wait()
    return grown


def _measured(way: str, form: str, aws: _Aws) -> int:
    take_in = _prepared(way, form, aws, QUEUED if way == "message" else LIMITS[way])
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    said = take_in()
    grown = _status("VmHWM") - before
    sys.stderr.write(f"{way}, {form}: {str(said)[:200]}, {aws.asked} calls\n")
    return grown


def _warm_up() -> None:
    """Make the clients, which take more than a small body does, and stay."""
    from config import aws

    for service in ("dynamodb", "sqs", "kinesis"):
        aws.client(service)
    aws.call(aws.client("s3").put_object, Bucket="b", Key="k", Body=b"a")
    aws.call(aws.client("dynamodb").get_item, TableName="t", Key={"a": {"S": "b"}})


def _content(way: str, form: str, limit: int) -> str:
    from config import json

    most = json.MAX_VALUES if way.startswith("message") or limit > MIB else limit // json.BYTES_PER_VALUE
    if way == "batch":
        return f"[{','.join([_content('events', form, min(limit // 5, MIB) - 200)] * 5)}]"
    frame = {
        "itsm": '{"caller_id":"a","issue_description":"b","x":%s}',
        "routing": '{"type":"a","message":"b","x":%s}',
        "events": '{"event_type":"session_completed","payload":{},"x":%s}',
        "webhook": '{"ticket_id":1,"tag_added":"need_sme","x":%s}',
        "announcement": '{"ticket_id":"t","x":%s}',
        "clock": '{"ticket_id":"t","x":%s}',
        "Zendesk's answer": '{"ticket":{"id":1,"x":%s}}',
    }.get(way.partition(",")[0], '{"message":"m","x":%s}')
    made: str = FORMS[form](limit - len(frame), most)
    return frame % made


def _prepared(way: str, form: str, aws: _Aws, limit: int) -> Callable[[], object]:
    """What takes the content in, of nearly `limit` bytes. Everything that comes before is done."""
    body = _content(way, form, limit).encode()
    assert len(body) <= limit
    kind, _, how = way.partition(", ")
    if kind in ("itsm", "routing", "events", "batch", "submission", "webhook"):
        return _at_the_door(kind, body, packed=how == "gzip")
    if kind == "message":
        return _message(how, body, aws)
    if kind == "Zendesk's answer":
        return _zendesk(body)
    return _announcement(kind, body)


def _at_the_door(kind: str, body: bytes, *, packed: bool) -> Callable[[], object]:
    from django.core.cache import cache
    from django.test import Client

    from config.caller import SCOPES, Caller
    from ingestion.zendesk import signature
    from routing import last_uses, tokens

    path = {"itsm": "/itsm/tickets", "routing": "/routing/tickets", "events": "/ingest", "batch": "/ingest/batch"}
    path |= {"submission": "/ticketing/submissions", "webhook": "/webhooks/zendesk"}
    cache.set(tokens._cache_key(tokens._hash("t")), (Caller("acme", "gold", frozenset(SCOPES), 1, "t"), None))
    last_uses.note = lambda *_: None  # asks the database
    headers = {"Token": "t"} | ({"Content-Encoding": "gzip"} if packed else {})
    body = gzip.compress(body, 1) if packed else body
    if kind == "webhook":
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        headers |= {"X-Zendesk-Webhook-Signature-Timestamp": now}
        headers |= {"X-Zendesk-Webhook-Signature": signature.sign("webhook-secret", now, body)}
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    return lambda: _answered(client.post(path[kind], body, content_type="application/json", headers=headers))


def _answered(answer: Any) -> str:
    return f"{answer.status_code} {answer.content[:200].decode(errors='replace')}"


def _message(how: str, body: bytes, aws: _Aws) -> Callable[[], object]:
    from config import json
    from ticketing.submissions import worker

    text = body.decode()
    if how in ("compressed", "SNS"):
        text = json.dumps({"type": "COMPRESSED", "data": base64.b64encode(gzip.compress(body, 6)).decode()})
    if how == "SNS":
        topic = "arn:aws:sns:us-east-1:000000000000:t"
        text = json.dumps({"Type": "Notification", "TopicArn": topic, "MessageId": "s", "Message": text})
    if how == "S3":
        aws.stored = body
        reference = {"type": "S3_REFERENCE", "bucket": "foyer-large-messages", "key": "large-tickets/1.json", "size": 1}
        text = json.dumps(reference)
    del body
    event: Any = {"Records": [{"messageId": "m-1", "body": text, "messageAttributes": {}}]}
    return lambda: worker.handler(event)


def _announcement(kind: str, body: bytes) -> Callable[[], object]:
    from routing import processors
    from ticketing.index import analytics_queue

    handler = analytics_queue.handler if kind == "announcement" else processors.general
    event: Any = {"Records": [{"messageId": "m-1", "body": body.decode(), "messageAttributes": {}}]}
    return lambda: handler(event)


def _zendesk(body: bytes) -> Callable[[], object]:
    from ingestion.zendesk import client
    from ingestion.zendesk.errors import PipelineError
    from ticketing.deliveries import raw_tickets

    def keep() -> None:
        with suppress(PipelineError):
            raw_tickets.store("raw-tickets/1", client._object(body))

    return keep


if __name__ == "__main__":
    main(sys.argv[1])

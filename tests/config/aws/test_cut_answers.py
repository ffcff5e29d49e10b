"""An answer of AWS that is cut off anywhere is no answer: nothing that is there seems to be absent."""

import gc
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from django.core.files.base import ContentFile
from moto.core.botocore_stubber import MockRawResponse

from config import aws
from config.aws.s3 import Bucket

# The SDK leaves the socket of such an answer to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

ITEM = json.dumps({"Item": {"ticket_id": {"S": "t-1"}}}).encode()
WHOLE = (
    b"HTTP/1.1 200 OK\r\nDate: Sun, 29 Nov 2026 08:00:00 GMT\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Content-Length: %d\r\nConnection: close\r\nx-amzn-RequestId: 1\r\n\r\n%s" % (len(ITEM), ITEM)
)
REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\n"


def read_request(client: socket.socket) -> None:
    """Read all of the request: a socket that is closed with something unread resets the connection."""
    read = b""
    while not (head := read.partition(b"\r\n\r\n"))[1]:
        read += client.recv(65_536)
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head[0])
    missing = int(length[1]) - len(head[2]) if length else 0
    while missing > 0:
        missing -= len(client.recv(65_536))


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A service that gives each answer to one request, and closes the connection."""

    def serve(listening: socket.socket) -> None:
        for answer in answers:
            client, _ = listening.accept()
            with client:
                read_request(client)
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    aws.forget_clients()
    gc.collect()  # here, where its warning is expected


def item_from(url: str, environment: pytest.MonkeyPatch) -> Any:
    environment.setenv("AWS_ENDPOINT_URL", url)
    aws.forget_clients()
    with closing(aws.client("dynamodb")) as dynamodb:
        return aws.call_once(dynamodb.get_item, TableName="Tickets", Key={"ticket_id": {"S": "t-1"}}).get("Item")


def test_the_whole_answer_is_taken(at: pytest.MonkeyPatch) -> None:
    with answering(WHOLE) as url:
        assert item_from(url, at) == {"ticket_id": {"S": "t-1"}}


@pytest.mark.parametrize("start", range(0, len(WHOLE), 50))
def test_an_answer_cut_at_any_byte_is_none(at: pytest.MonkeyPatch, start: int) -> None:
    cuts = [WHOLE[:end] for end in range(start, min(start + 50, len(WHOLE)))]
    with answering(*cuts) as url:
        for _ in cuts:
            with pytest.raises(aws.Unreachable):
                item_from(url, at)


def test_a_refusal_whose_reason_was_cut_off_is_no_refusal(at: pytest.MonkeyPatch) -> None:
    with answering(REFUSED) as url, pytest.raises(aws.Unreachable):
        item_from(url, at)


def test_an_answer_without_a_body_needs_no_length(at: pytest.MonkeyPatch) -> None:
    deleted, there = (b"HTTP/1.1 %s\r\nConnection: close\r\n\r\n" % said for said in (b"204 No Content", b"200 OK"))
    with answering(deleted, there) as url:
        at.setenv("AWS_ENDPOINT_URL", url)
        aws.forget_clients()
        with closing(aws.client("s3")) as s3:
            aws.call_once(s3.delete_object, Bucket="bucket", Key="key")
            aws.call_once(s3.head_bucket, Bucket="bucket")


def bucket_at(url: str, environment: pytest.MonkeyPatch) -> Bucket:
    environment.setenv("AWS_ENDPOINT_URL", url)
    return Bucket(bucket_name="raw")


def test_an_object_whose_answer_was_cut_off_is_not_an_empty_one(at: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nLast-Modified: Sun\r\n") as url, pytest.raises(aws.Unreachable):
        aws.call_once(bucket_at(url, at).connection.meta.client.get_object, Bucket="raw", Key="name")


def test_a_file_is_sent_at_once_not_after_an_interim_answer(at: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def note(request: Any, **_: Any) -> Any:
        asked.append((request.method, request.headers.get("Expect")))
        return AWSResponse(request.url, 200, HTTPHeaders.from_dict({"Content-Length": "0"}), MockRawResponse(b""))

    bucket = bucket_at("http://127.0.0.1:9", at)
    bucket.connection.meta.client.meta.events.register("before-send.s3", note)
    bucket.save("name", ContentFile(b"content"))
    assert asked == [("PUT", None)]

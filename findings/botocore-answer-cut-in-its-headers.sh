#!/usr/bin/env bash
# botocore 1.43.106 (boto3 1.43.106): an answer whose connection ends within its headers is a success with nothing in it.
#
# A good guess is that a cut answer raises an error and is tried again, as it does where the cut is in the body or
# before the first byte. But Python's http.client takes the end of the connection for the end of the headers. Without a
# Content-Length there is no body to miss, botocore parses the empty body as an empty answer, and nothing is raised:
#
# - DynamoDB's `get_item` has no `Item`: an item that is there seems to be absent.
# - DynamoDB's `put_item` succeeds, whether it was done or not.
# - SQS's `receive_message` has no `Messages`, while the messages are hidden for the queue's visibility timeout.
# - SQS's `send_message` has no `MessageId`: the first who notices is the code that reads it, with a KeyError.
#
# The server below is a real one on loopback that answers each request with the first bytes of a real answer.
#
# Output seen:
#   cut in the body        get_item         raised ConnectionClosedError
#   cut before any byte    get_item         raised ConnectionClosedError
#   cut in the headers     get_item         no Item, status 200
#   cut in the headers     put_item         success, status 200
#   cut in the headers     receive_message  no Messages, status 200
#   cut in the headers     send_message     no MessageId, status 200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check boto3==1.43.106 botocore==1.43.106 2>/dev/null

"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import json
import socket
import threading

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

ITEM = json.dumps({"Item": {"id": {"S": "1"}}}).encode()
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(ITEM), ITEM)
KEEP = {"body": len(WHOLE) - 5, "first byte": 0, "headers": WHOLE.index(b"Content-Length")}


def serve(listening, keep):
    while True:
        client, _ = listening.accept()
        with client:
            received = b""
            while b"\r\n\r\n" not in received:
                received += client.recv(65536)
            head, _, body = received.partition(b"\r\n\r\n")
            length = int(next(one for one in head.split(b"\r\n") if one.lower().startswith(b"content-length")).split(b":")[1])
            while len(body) < length:
                body += client.recv(65536)
            client.sendall(WHOLE[:keep])


def made(service, keep):
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=[listening, keep], daemon=True).start()
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
        aws_access_key_id="x", aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}),
    )


QUEUE = {"QueueUrl": "http://127.0.0.1/1/q"}
CALLS = [
    ("in the body", "body", "dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "1"}}}, "Item"),
    ("before any byte", "first byte", "dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "1"}}}, "Item"),
    ("in the headers", "headers", "dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "1"}}}, "Item"),
    ("in the headers", "headers", "dynamodb", "put_item", {"TableName": "t", "Item": {"id": {"S": "1"}}}, None),
    ("in the headers", "headers", "sqs", "receive_message", QUEUE, "Messages"),
    ("in the headers", "headers", "sqs", "send_message", QUEUE | {"MessageBody": "hello"}, "MessageId"),
]
for where, keep, service, operation, arguments, wanted in CALLS:
    try:
        answer = getattr(made(service, KEEP[keep]), operation)(**arguments)
    except BotoCoreError as error:
        said = f"raised {type(error).__name__}"
    else:
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        said = f"{'success' if wanted is None else f'no {wanted}' if wanted not in answer else wanted}, status {status}"
    print(f"cut {where:18} {operation:16} {said}")
PYTHON

diff "$folder/seen" - <<'SEEN'
cut in the body        get_item         raised ConnectionClosedError
cut before any byte    get_item         raised ConnectionClosedError
cut in the headers     get_item         no Item, status 200
cut in the headers     put_item         success, status 200
cut in the headers     receive_message  no Messages, status 200
cut in the headers     send_message     no MessageId, status 200
SEEN

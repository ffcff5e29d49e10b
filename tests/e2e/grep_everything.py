"""Where words stand, in everything that a running copy keeps. It shares no code with the product.

    python -P tests/e2e/grep_everything.py ENDPOINT FOLDER DATABASE_URL WORD [WORD …]

Prints one line for each place that has a word, whatever the case. What is packed (base64, gzip) is unpacked, too.
"""

import base64
import gzip
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import boto3
import psycopg

PACKED = re.compile(rb"[A-Za-z0-9+/=_-]{40,}")
OTHERS = {"aws.log", "zendesk.log"}  # AWS's own log, and Zendesk's
Place = tuple[str, bytes]


def main(endpoint: str, folder: str, database: str, *words: str) -> None:
    """Print the places."""
    made: Any = boto3.client  # its types want a literal name
    access = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}

    def client(name: str) -> Any:
        return made(name, endpoint_url=endpoint, **access)

    everything = [tables(client("dynamodb")), buckets(client("s3")), queues(client("sqs")), files(Path(folder))]
    wanted = [word.casefold().encode() for word in words]
    for place, content in (one for some in [*everything, rows(database)] for one in some):
        unpacked = b"\n".join(all_of(content)).lower()
        for word in wanted:
            if word in unpacked:
                sys.stdout.write(f"{place} {word.decode()}\n")


def all_of(content: bytes) -> Iterator[bytes]:
    """The content, and whatever is packed in it."""
    yield content
    with suppress(OSError, EOFError):
        yield gzip.decompress(content)
    for match in PACKED.findall(content):
        with suppress(ValueError):
            plain = base64.b64decode(match + b"=" * (-len(match) % 4), altchars=b"-_" if b"_" in match else None)
            yield plain
            with suppress(OSError, EOFError):
                yield gzip.decompress(plain)


def tables(dynamodb: Any) -> Iterator[Place]:
    """Every item of every table."""
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            for item in page["Items"]:
                key = next(iter(item.values()))
                yield (
                    f"table {table} {key} {item.get('item', '')}",
                    json.dumps(item, default=str, ensure_ascii=False).encode("utf-8", "replace"),
                )


def buckets(s3: Any) -> Iterator[Place]:
    """Every version of every object, and their names."""
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                yield f"bucket {name} {one['Key']}", one["Key"].encode()
            for one in page.get("Versions", []):
                which = {"VersionId": one["VersionId"]} if one.get("VersionId", "null") != "null" else {}
                read = s3.get_object(Bucket=name, Key=one["Key"], **which)
                about = json.dumps(read.get("Metadata", {})).encode()
                yield f"bucket {name} {one['Key']}", read["Body"].read() + about


def queues(sqs: Any) -> Iterator[Place]:
    """Every message that can be had, which is hidden meanwhile for some seconds."""
    for url in sqs.list_queues().get("QueueUrls", []):
        seen = set[str]()
        while True:
            answer = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=20,
                WaitTimeSeconds=0,  # the queues' own is twenty seconds
                MessageAttributeNames=["All"],
            )
            new = [one for one in answer.get("Messages", []) if one["MessageId"] not in seen]
            if not new:
                break
            for one in new:
                seen.add(one["MessageId"])
                yield f"queue {url}", json.dumps(one, default=str).encode() + one["Body"].encode()


def files(folder: Path) -> Iterator[Place]:
    """The database's files, byte by byte, the logs, and whatever else lies there."""
    for file in [*folder.glob("*"), *folder.glob("log/*")]:
        if file.is_file() and file.name not in OTHERS:
            yield f"file {file.name}", file.read_bytes()


def rows(url: str) -> Iterator[Place]:
    """Every row of every table, with those in which search keeps its words."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in names:
                with suppress(sqlite3.OperationalError):
                    for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - the database's own names
                        yield f"sql {name}", repr(row).encode()
        return
    with psycopg.connect(url) as database:
        for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall():
            for row in database.execute(f'SELECT * FROM "{name}"'.encode()):  # noqa: S608
                yield f"sql {name}", repr(row).encode()


if __name__ == "__main__":
    main(*sys.argv[1:])

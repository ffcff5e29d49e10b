"""Where a word stands, anywhere in what Foyer keeps: every table and index, every version in S3, and the database."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from config import aws, json
from tests.ticketing.transfer.transferring import exported


def places(word: str, raw: bool = False) -> list[str]:
    """Where the word still is. The raw store is looked through only if it is asked for."""
    everywhere = [*_tables(), *_objects(raw), *_database(), *(("export", line) for line in exported())]
    return sorted({place for place, text in everywhere if word in text})


def _tables() -> Iterator[tuple[str, str]]:
    """Every item of every table in DynamoDB."""
    client = aws.client("dynamodb")
    for table in client.list_tables()["TableNames"]:
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                yield table, json.dumps(aws.from_wire(item))


def _objects(raw: bool) -> Iterator[tuple[str, str]]:
    """Every version of every object in S3."""
    client = aws.client("s3")
    for bucket in [settings.ATTACHMENTS_BUCKET, *([settings.S3_BUCKET_TICKETS] if raw else [])]:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in page.get("Versions", []):
                read = client.get_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
                yield bucket, read["Body"].read().decode()


def _database() -> Iterator[tuple[str, str]]:
    """Every row of every table in SQL. On SQLite these are the tables, too, in which search keeps its words."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "signin_session":
                continue  # what people type
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                yield table, " ".join(map(_text, row))


def _text(value: Any) -> str:
    return bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)

"""Files in and out, as the commands take them; and what stands in the record afterwards."""

import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command

from config import aws, json
from tests import record
from ticketing.record import store
from ticketing.transfer import exporting, importing
from ticketing.transfer import line as lines
from ticketing.transfer.importing import Done
from ticketing.transfer.pace import Pace


def file_of(folder: Path, *lines: Any) -> Path:
    """A file of lines: bytes as they are, everything else as JSON."""
    file = folder / "tickets.jsonl"
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines]
    file.write_bytes(b"".join(text + b"\n" for text in texts))
    return file


def imported(*lines: Any) -> Done:
    """What becomes of these lines."""
    texts = [one if isinstance(one, bytes | str) else json.dumps(one) for one in lines]
    source = b"".join((one if isinstance(one, bytes) else one.encode()) + b"\n" for one in texts)
    total = Done()
    for done in importing.imported(io.BytesIO(source), Pace(0)):
        total.add(done)
    return total


def command(name: str, *arguments: str) -> tuple[str, str]:
    """What a command says, and what it complains of in the end (nothing if it exits 0)."""
    said = io.StringIO()
    try:
        call_command(name, *arguments, stdout=said)
    except CommandError as error:
        return said.getvalue(), str(error)
    return said.getvalue(), ""


def exported() -> list[str]:
    return sorted(lines.write(found).decode() for found in exporting.everything())


def empty_the_record() -> None:
    """A copy in which nothing is yet. What lies in S3 goes too: a ticket has to bring it along."""
    for item in aws.client("dynamodb").scan(TableName=settings.TABLE_NAME)["Items"]:
        key = {name: item[name] for name in ("ticket_id", "item")}
        aws.client("dynamodb").delete_item(TableName=settings.TABLE_NAME, Key=key)
    empty_s3()


def empty_s3() -> None:
    """Somebody deletes what is kept there for tickets."""
    s3 = aws.client("s3")
    for found in s3.list_objects_v2(Bucket=settings.ATTACHMENTS_BUCKET).get("Contents", []):
        s3.delete_object(Bucket=settings.ATTACHMENTS_BUCKET, Key=found["Key"])


def line(**more: Any) -> dict[str, Any]:
    """A ticket as another system may give it."""
    return {"caller_id": "lea", "issue_description": "No lesson"} | more


def texts_of(ticket_id: str) -> list[str]:
    return [one.comment for one in store.all_comments(ticket_id)]


def only_ticket() -> Any:
    [ticket_id] = record.ticket_ids()
    return record.get(ticket_id)

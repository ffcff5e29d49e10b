"""Export of a list's tickets: a page of them after the other, each stored in S3 as a piece of JSON Lines.

The index says which tickets, the record what stands in their lines. A piece's name is the digest of what is in it: of
two who make the same page at different moments, neither overwrites the other's, and the one whose place counted has
its piece counted with it. What nobody counted is waste, which S3 deletes with the rest after a week.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import storages

from config import aws
from ticketing.jobs.page import Page, Place, Stretch
from ticketing.jobs.selection import matching
from ticketing.models import Job, JobPart, JobPiece
from ticketing.record import overflow
from ticketing.transfer import exporting, line

ROWS = 500  # tickets, a page
KEPT_DAYS = 7  # as infra/stack.yaml has it
# In one bucket with what is kept for a ticket, under the ticket's id; and no id, as it is quoted there, has a "!".
_FOLDER = "!exports"
_CHUNK = 64 * 1024
_IN_MEMORY = 8 * 1024 * 1024  # of a piece; more goes through a file


@dataclass(frozen=True)
class Incomplete:
    """A ticket of the export whose description and attributes S3 has not any more."""

    ticket_id: str
    what: str = "description missing"


Parameters = dict[str, str]  # `query`: the list's query string; `by`: whose list it is


def stretches(parameters: Parameters, segments: int) -> list[Stretch]:
    """One: the list from its first ticket to its last, by their ids."""
    return [{}]


def total(parameters: Parameters) -> int:
    """How many tickets the list has now. Raises IncorrectLookupParameters if there is no such list."""
    return matching(parameters["query"], parameters["by"]).count()


def page(job: Job, stretch: Stretch, place: Place | None) -> Page:
    """Store the lines of the next tickets that match now; of a search the newest, as many as its list shows.

    A ticket that the record does not have is left out. Raises aws.AwsError, or Invalid if one is too long for a line.
    """
    rows = matching(job.parameters["query"], job.parameters["by"]).order_by("pk")
    rows = rows.filter(pk__gt=place["ticket_id"]) if place else rows
    ids = list(rows.values_list("pk", flat=True)[:ROWS])
    next_place = {"ticket_id": ids[-1]} if len(ids) == ROWS else None
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        digest, incomplete = _write(file, ids)
        kept = _stored(job, file, digest)
    return Page(len(ids), incomplete, next_place, kept)


def whole(pieces: list[JobPiece]) -> bool:
    """Whether all of an export's pieces are still kept. Raises aws.AwsError."""
    if not pieces:
        return True
    _, there = aws.call(storages["default"].listdir, _folder(pieces[0].job_id))
    return {piece.name for piece in pieces} <= set(there)


def content(pieces: list[JobPiece]) -> Iterator[bytes]:
    """What stands in the pieces, one after the other. Raises aws.AwsError, or FileNotFoundError if one is gone."""
    for piece in pieces:
        with aws.call(_fetched, f"{_folder(piece.job_id)}/{piece.name}") as file:
            yield from file.chunks(_CHUNK)


def _write(file: IO[bytes], ids: list[str]) -> tuple[str, list[Incomplete]]:
    """The lines' digest, and whose description is missing in them."""
    digest, incomplete = hashlib.sha256(), list[Incomplete]()
    for found in exporting.some(ids):
        text = line.write(found) + b"\n"
        file.write(text)
        digest.update(text)
        if not overflow.is_whole(found.ticket):
            incomplete.append(Incomplete(found.ticket.ticket_id))
    return digest.hexdigest(), incomplete


def _stored(job: Job, file: IO[bytes], digest: str) -> Callable[[JobPart], object] | None:
    """Store the piece, unless it is empty; what notes it down when its page counts."""
    if not (size := file.tell()):
        return None
    name = f"{digest}.jsonl"
    aws.call(storages["default"].save, f"{_folder(job.pk)}/{name}", File(file))

    def note(part: JobPart) -> None:
        JobPiece.objects.create(job_id=part.job_id, part=part.number, number=part.pages, name=name, size=size)

    return note


def _fetched(name: str) -> Any:
    """Opened anew at each try: a file whose fetching broke off holds what had come until then."""
    file = storages["default"].open(name)
    file.seek(0)  # fetches it
    return file


def _folder(job_id: int) -> str:
    return f"{_FOLDER}/{job_id}"

"""Export of a list's tickets. Each page of tickets is stored in S3 as one piece of JSON Lines.

The index says which tickets are exported, and the record what their lines contain. A piece's name is the digest of its
content. If two workers make the same page at different moments, neither overwrites the other's piece. The worker that
moves the place also counts its piece. A piece that nobody counted is waste. S3 deletes all pieces after a week.
"""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages

from config import aws
from config.aws import versions
from config.refusals import Invalid
from ticketing.jobs.page import Page, Place, Stretch
from ticketing.jobs.selection import matching
from ticketing.models import IndexedTicket, Job, JobPart, JobPiece
from ticketing.record import erasure, overflow
from ticketing.transfer import exporting, line

ROWS = 500  # tickets in a page
KEPT_DAYS = 7  # the same as in infra/stack.yaml
# The bucket also holds what is kept for a ticket, under the ticket's id. No id, as it is quoted there, has a "!".
_FOLDER = "!exports"
_CHUNK = 64 * 1024
_IN_MEMORY = 8 * 1024 * 1024  # bytes of a piece; a larger one goes through a file


@dataclass(frozen=True)
class Incomplete:
    """A ticket of the export whose description and attributes are no longer in S3."""

    ticket_id: str
    what: str = "description missing"


Parameters = dict[str, str]  # `query`: the list's query string; `by`: the user name of the person whose list it is


def stretches(parameters: Parameters, segments: int) -> list[Stretch]:
    """A single stretch: the whole list, in the order of the tickets' ids."""
    return [{}]


def total(parameters: Parameters) -> int:
    """How many tickets the list has now. Raises IncorrectLookupParameters or BadAddress if there is no such list."""
    return matching(parameters["query"], parameters["by"]).count()


def page(job: Job, stretch: Stretch, place: Place | None) -> Page:
    """Store the lines of the next tickets that match now. A search matches only its newest, as many as its list shows.

    A ticket that the record does not have is left out. If one is erased while the page is made, the page is made anew:
    whoever erases looks through the pieces after they updated the index, and may have done so before this one was
    there. Raises aws.AwsError, or Invalid if a ticket is too long for a line, or if a person whom the job named was
    erased.
    """
    if "query" not in job.parameters:
        raise Invalid("A person whom it named was erased")
    rows = matching(job.parameters["query"], job.parameters["by"]).order_by("pk")
    rows = rows.filter(pk__gt=place["ticket_id"]) if place else rows
    ids = list(rows.values_list("pk", flat=True)[:ROWS])
    next_place = {"ticket_id": ids[-1]} if len(ids) == ROWS else None
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        digest, incomplete, shells = _write(file, ids)
        kept = _stored(job, file, digest)
    if _erased(ids) - shells:
        _destroy(f"{_folder(job.pk)}/{digest}.jsonl")
        return page(job, stretch, place)
    return Page(len(ids), incomplete, next_place, kept)


def _erased(ids: list[str]) -> set[str]:
    """Which of the tickets are erased by now, as the index says."""
    shells = IndexedTicket.objects.filter(pk__in=ids, status="closed", issue_description=erasure.ERASED)
    return set(shells.values_list("pk", flat=True))


def _destroy(name: str) -> None:
    """Delete a piece that has words of an erased ticket, with all versions."""
    bucket = settings.ATTACHMENTS_BUCKET
    versions.delete(bucket, [one for one in versions.versions(bucket, name) if one["Key"] == name])


def whole(pieces: list[JobPiece]) -> bool:
    """Whether S3 still has all pieces of an export. Raises aws.AwsError."""
    if not pieces:
        return True
    _, there = aws.call(storages["default"].listdir, _folder(pieces[0].job_id))
    return {piece.name for piece in pieces} <= set(there)


def content(pieces: list[JobPiece]) -> Iterator[bytes]:
    """The content of the pieces, in their order.

    Raises aws.AwsError, and FileNotFoundError if a piece is gone or somebody put another in its place.
    """
    for piece in pieces:
        with aws.call(_fetched, f"{_folder(piece.job_id)}/{piece.name}") as file:
            digest = hashlib.sha256()
            for chunk in file.chunks(_CHUNK):
                digest.update(chunk)
            if piece.name != f"{digest.hexdigest()}.jsonl":
                raise FileNotFoundError(f"{piece.name} was overwritten in S3: start the export anew")
            yield from file.chunks(_CHUNK)


def _write(file: IO[bytes], ids: list[str]) -> tuple[str, list[Incomplete], set[str]]:
    """Write the tickets' lines. Returns their digest, the tickets whose description is missing, and the erased ones."""
    digest, incomplete, shells = hashlib.sha256(), list[Incomplete](), set[str]()
    for found in exporting.some(ids):
        text = line.write(found) + b"\n"
        file.write(text)
        digest.update(text)
        if not overflow.is_whole(found.ticket):
            incomplete.append(Incomplete(found.ticket.ticket_id))
        if found.ticket.issue_description == erasure.ERASED:
            shells.add(found.ticket.ticket_id)
    return digest.hexdigest(), incomplete, shells


def _stored(job: Job, file: IO[bytes], digest: str) -> Callable[[JobPart], object] | None:
    """Store the piece, unless it is empty. Returns the function that notes it when its page counts."""
    if not (size := file.tell()):
        return None
    name = f"{digest}.jsonl"
    aws.call(storages["default"].save, f"{_folder(job.pk)}/{name}", File(file))

    def note(part: JobPart) -> None:
        JobPiece.objects.create(job_id=part.job_id, part=part.number, number=part.pages, name=name, size=size)

    return note


def _fetched(name: str) -> Any:
    """Open the file anew at each try. After a download that broke off, a file holds what had arrived until then."""
    file = storages["default"].open(name)
    file.seek(0)  # downloads it
    return file


def _folder(job_id: int) -> str:
    return f"{_FOLDER}/{job_id}"

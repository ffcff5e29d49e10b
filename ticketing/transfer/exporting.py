"""Export: tickets of the record as lines, each with all its comments; one after the other, so memory stays small."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from config.batched import batched
from ticketing import bulk, service
from ticketing.service import Conversation
from ticketing.transfer import line

AT_ONCE = 8  # tickets that are read side by side, where single ones are asked for


def everything() -> Iterator[bytes]:
    """A line for each ticket of the record, in no order. Raises aws.AwsError, or Invalid for one that is too long."""
    for ticket, comments in bulk.conversations():
        if len(comments) == ticket.comment_count:
            yield line.write(Conversation(ticket, comments, None))
        elif found := _whole(ticket.ticket_id):  # commented meanwhile, or counted by another program
            yield line.write(found)


def lines(ticket_ids: Iterable[str]) -> Iterator[bytes]:
    """A line for each of these tickets as the record has it, in their order; none for one that is not there.

    Raises aws.AwsError, or Invalid for one that is too long. The ids are taken as they are needed, in the caller's own
    thread.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for batch in batched(ticket_ids, 4 * AT_ONCE):
            for found in pool.map(_whole, batch):
                if found:
                    yield line.write(found)


def _whole(ticket_id: str) -> Conversation | None:
    ticket = service.find(ticket_id)
    return Conversation(ticket, list(service.all_comments(ticket_id)), None) if ticket else None


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to be written beside that path, which takes its place when the block ended well; else it goes."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # for its owner's eyes alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise

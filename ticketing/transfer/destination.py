"""Where an export goes: a file, which is whole or as it was before; or whatever else takes bytes, as they come.

What is written beside the file until it is whole is locked as long as somebody writes it. The system frees the lock of
whoever is killed, so the next export knows what is left behind from what another one is writing.
"""

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")  # they may lead to a file that has no name
_UNFINISHED = ".unfinished"


def is_stream(path: Path) -> bool:
    """Whether there is something whose place no file can take: a FIFO, a device, a descriptor; or a directory."""
    return str(path).startswith(_DESCRIPTORS) or (path.exists() and not path.is_file())


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """What to write to. A file is replaced when the block ended well, the one that a link leads to; else it stays.

    Raises OSError.
    """
    if is_stream(path):
        with path.open("ab") as stream:
            yield stream
        return
    with _replacing(Path(os.path.realpath(path))) as file:
        yield file


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    _clear(path)
    with _beside(path) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)  # before the lock goes: without it, it would be taken for left behind
        except BaseException:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()
            raise


def _beside(path: Path) -> IO[bytes]:
    """A new file there, for its owner's eyes alone, and locked."""
    while True:
        file = NamedTemporaryFile(  # noqa: SIM115 - the caller closes it
            prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent, delete=False
        )
        with suppress(OSError):  # a file system without locks: nobody clears there either
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # another export cleared it before it was locked


def _clear(path: Path) -> None:
    """Remove what killed exports to this file left behind: customers' data under a name that nobody looks for."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????{_UNFINISHED}"):
        with suppress(OSError), left.open("r+b") as file:  # somebody else's, locked, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()

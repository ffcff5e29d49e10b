"""Where an export is written: to a file, which is replaced as a whole or stays as it was; or to a stream, directly.

Until it is complete, an export writes to a locked file beside its target. If the process is killed, the system releases
the lock. So the next export can tell a leftover from a file that another export is writing.
"""

import fcntl
import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

_DESCRIPTORS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")  # they may lead to a file without a name
_UNFINISHED = ".unfinished"


def is_stream(path: Path) -> bool:
    """Whether a file cannot replace what is at the path: a FIFO, a device, a descriptor, or a directory."""
    return str(path).startswith(_DESCRIPTORS) or (path.exists() and not path.is_file())


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the path for writing. If it is a link, it stands for the file that it leads to.

    A file is replaced only if the block ends well; otherwise it stays as it was. Raises OSError.
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
            Path(file.name).replace(path)  # while locked: an unlocked one would be taken for a leftover
        except BaseException:
            with suppress(FileNotFoundError):
                Path(file.name).unlink()
            raise


def _beside(path: Path) -> IO[bytes]:
    """A new, locked file in the same folder. Only its owner may read it."""
    while True:
        file = NamedTemporaryFile(  # noqa: SIM115 - the caller closes it
            prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent, delete=False
        )
        with suppress(OSError):  # a file system without locks, where no export clears leftovers either
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # another export cleared it before it was locked


def _clear(path: Path) -> None:
    """Remove leftovers of killed exports to this file: customers' data under a name that nobody would look for."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????{_UNFINISHED}"):
        with suppress(OSError), left.open("r+b") as file:  # another user's, locked, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()

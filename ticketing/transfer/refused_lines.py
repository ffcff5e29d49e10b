"""Copies refused lines to a file, to be corrected and imported alone. Files of earlier runs are never touched."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO


class Aside:
    """A file for refused lines: `path`, or `path.2` and so on if that exists. It is created for the first line.

    If it cannot be written, `complain` is called once with a sentence, and the lines are not kept.
    """

    def __init__(self, path: Path | None, complain: Callable[[str], object]) -> None:
        self._path, self._complain = path, complain
        self._earlier = f"{path} is of an earlier run" if path and path.is_file() else ""
        self._made: Path | None = None
        self._file: IO[bytes] | None = None

    def put(self, line: bytes) -> None:
        """Append the line. It is in the file when this returns."""
        if not self._path or not line:
            return
        try:
            if not self._file:
                self._made, self._file = _new(self._path)
            self._file.write(line.rstrip(b"\r\n") + b"\n")
            self._file.flush()
        except OSError as error:
            where = f"{self._made or self._path}: {error.strerror}"
            self._complain(f"The refused lines are not kept: {where}. --refused FILE names another place.")
            self.close()
            self._path = None

    def close(self) -> None:
        if self._file:
            with suppress(OSError):  # if something could not be written, `put` has complained
                self._file.close()

    def said(self) -> str:
        """Where this run's lines are, and that `path` is of an earlier run, if so. Empty if there is neither."""
        here = f"The refused lines are in {self._made}" if self._made else ""
        return "; ".join(one for one in (here, self._earlier) if one) + ("." if here or self._earlier else "")


def _new(path: Path) -> tuple[Path, IO[bytes]]:
    """A new file that only its owner may read. If `path` is no file but is there (`/dev/stderr`), it is opened."""
    if path.exists() and not path.is_file():
        return path, path.open("ab")
    name, number = path, 1
    while True:
        try:
            return name, os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except FileExistsError:
            number += 1
            name = path.with_name(f"{path.name}.{number}")

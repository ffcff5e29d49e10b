"""Becomes one of the supervised programs: `program.py ARG …` runs `python ARG …`, and reloads it in `make dev`."""

import ctypes
import os
import shlex
import signal
import sys

PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
WATCHED = ("config", "audit", "ticketing", "routing", "ingestion", "itsm", "signin")


def command(arguments: list[str], *, reload: bool) -> list[str]:
    """The program's command line. gunicorn reloads its workers itself; the other programs are restarted."""
    program = [sys.executable, *arguments]
    if "gunicorn" in arguments:
        return [*program, "--reload" if reload else "--preload"]  # preloaded, two workers start as fast as one
    if not reload:
        return program
    patience = ["--sigint-timeout", "10"]  # long enough for a long poll to end; to kill it would delay its messages
    return [sys.executable, "-m", "watchfiles", "--filter", "python", *patience, shlex.join(program), *WATCHED]


if __name__ == "__main__":
    if sys.platform == "linux":  # if the supervisor is killed, no program stays behind and holds a port
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
    program = command(sys.argv[1:], reload=bool(os.environ.get("FOYER_RELOAD")))
    os.execv(program[0], program)  # noqa: S606 - its own arguments, no shell

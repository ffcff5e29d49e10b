"""The supervisor and, through it, the copy's programs (infra/local/supervisord.conf)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from infra.local.place import ROOT, Failure, Place

CONFIGURATION = ROOT / "infra" / "local" / "supervisord.conf"
STOP_SECONDS = 70  # more than the longest stopwaitsecs of the app and of the local AWS together


class Programs:
    """Starts, watches and stops the programs of one place."""

    def __init__(self, place: Place, environment: dict[str, str]) -> None:
        self.place = place
        self.environment = environment
        self._pid_file = place.folder / "supervisord.pid"
        self.supervisor: subprocess.Popen[bytes] | None = None

    def stop_leftovers(self) -> bool:
        """Stop the programs of a launcher that was killed. Returns whether there were any."""
        with suppress(ValueError):  # if no supervisor answers, it prints a sentence instead of a pid
            os.kill(int(self._control("pid")), signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self._pid_file.exists() and time.monotonic() < deadline:  # it is removed once all programs have ended
                time.sleep(0.1)
            return True
        return False

    def start(self) -> None:
        """Start the supervisor, which starts the outside world: the local AWS and the stand-ins."""
        with self.place.log("supervisord").open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-c", str(CONFIGURATION)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the launcher, which then stops the rest in order
            )

    def start_app(self) -> None:
        """Start web, worker, beat and consume."""
        self._control("start", "foyer:*")

    def run(self, *arguments: str, log: str, sentence: str) -> None:
        """Run a Python program to its end, with its output in a log. Raises Failure with the sentence if it fails."""
        file = self.place.log(log)
        with file.open("wb") as output:
            done = subprocess.run(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=output, stderr=output, check=False
            )
        if done.returncode:
            raise Failure(sentence, file)

    def wait_until(self, ready: Callable[[], bool], seconds: float, sentence: str, log: Path) -> None:
        """Wait until `ready`. Raises Failure with the sentence after `seconds`, or if the supervisor ends."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive():
                raise Failure("The supervisor ended.", self.place.log("supervisord"))
            if time.monotonic() > deadline:
                raise Failure(sentence, log)
            time.sleep(0.1)

    def alive(self) -> bool:
        """Whether the supervisor runs."""
        return self.supervisor is not None and self.supervisor.poll() is None

    def stop(self) -> None:
        """Stop everything: the app first, then the local AWS, which saves its state."""
        if self.supervisor is None:
            return
        self.supervisor.terminate()
        try:
            self.supervisor.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.supervisor.kill()

    def _control(self, *arguments: str) -> str:
        """Run `supervisorctl`, and return what it prints."""
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(CONFIGURATION), *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, check=False
        ).stdout

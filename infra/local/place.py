"""The place of a local copy: its folder, its ports, and the environment of its programs."""

import fcntl
import hashlib
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config import env

ROOT = env.BASE_DIR


class Failure(Exception):
    """Why the copy cannot start: a sentence for the person and, if there is one, the log that says more."""

    def __init__(self, sentence: str, log: Path | None = None) -> None:
        super().__init__(sentence)
        self.log = log


@dataclass(frozen=True)
class Place:
    """Where one copy lives. Copies with other ports and another folder can run side by side."""

    folder: Path
    port: int
    aws_port: int
    zendesk_port: int
    reload: bool = False

    @classmethod
    def from_environment(cls, *, reload: bool = False) -> "Place":
        """The place that `LOCAL_DIR`, `PORT`, `LOCAL_AWS_PORT` and `ZENDESK_STANDIN_PORT` name."""
        return cls(
            folder=(env.local_dir() or ROOT / ".local").resolve(),
            port=env.number("PORT", 8000),
            aws_port=env.number("LOCAL_AWS_PORT", 4566),
            zendesk_port=env.number("ZENDESK_STANDIN_PORT", 0) or free_port(),
            reload=reload,
        )

    @property
    def url(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def aws_url(self) -> str:
        """Where the local AWS answers."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def settings_file(self) -> Path:
        """The file that config/env.py reads its defaults from."""
        return self.folder / "local.env"

    @property
    def access_file(self) -> Path:
        """The login and the tokens. They are kept, so that every start prints the same."""
        return self.folder / "access.json"

    @property
    def control_socket(self) -> Path:
        """The supervisor's socket: in the folder, unless that makes a path too long for a Unix socket."""
        near = self.folder / "supervisor.sock"
        if len(os.fsencode(near)) < 90:  # the limit is about 100, and the supervisor appends its pid while it binds
            return near
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"foyer-{name}.sock"

    def log(self, program: str) -> Path:
        """The log file of one of the programs."""
        return self.folder / "log" / f"{program}.log"

    def make_folders(self) -> None:
        """Create the folder, and the folders that the programs expect in it."""
        for name in ("log", "tmp", "aws", "aws-s3"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def needs_zendesk(self) -> bool:
        """Whether a stand-in must answer for Zendesk, because the environment names no real one."""
        return not (env.text("ZENDESK_DOMAIN") or env.text("ZENDESK_API_URL"))

    def write_settings(self) -> dict[str, str]:
        """Write `local.env` and return its values. Secrets that were generated before are kept."""
        kept = read_settings(self.settings_file)
        region = env.text("REGION", "us-east-1")
        values = {
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "REGION": region,
            "AWS_DEFAULT_REGION": region,
            "DJANGO_SECRET_KEY": kept.get("DJANGO_SECRET_KEY") or secrets.token_urlsafe(50),
            "ZENDESK_WEBHOOK_SECRET": kept.get("ZENDESK_WEBHOOK_SECRET") or secrets.token_urlsafe(32),
        }
        if self.needs_zendesk():
            values["ZENDESK_API_URL"] = f"http://127.0.0.1:{self.zendesk_port}"
            values["ZENDESK_OAUTH_CLIENT_ID"] = "foyer"
            values["ZENDESK_OAUTH_CLIENT_SECRET"] = kept.get("ZENDESK_OAUTH_CLIENT_SECRET") or secrets.token_urlsafe(32)
            values["ZENDESK_OAUTH_SCOPE"] = "read tickets:write"  # as `zendesk_backfill` and answering back need it
        if self.reload:
            values["DJANGO_DEBUG"] = "1"
        write_private(self.settings_file, "".join(f"{name}={value}\n" for name, value in values.items()))
        return values

    def environment(self, values: dict[str, str]) -> dict[str, str]:
        """The programs' environment: the person's own, but with the local AWS in place of any real account."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **values,
            **own,
            "NO_PROXY": ",".join(filter(None, [own.get("NO_PROXY"), "127.0.0.1", "localhost"])),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",  # so that the logs say at once what happens
            # Keep compiled files, whatever the machine says: without them every start takes three times as long.
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"),
            "LOCAL_DIR": str(self.folder),
            "PORT": str(self.port),
            "LOCAL_AWS_PORT": str(self.aws_port),
            "FOYER_PYTHON": sys.executable,
            "FOYER_SOCKET": str(self.control_socket),
            "FOYER_RELOAD": "1" if self.reload else "",
            "FOYER_ZENDESK_STANDIN": "true" if self.needs_zendesk() else "false",
            "ZENDESK_STANDIN_PORT": str(self.zendesk_port),
        }

    def check_ports(self) -> None:
        """Raise Failure if another program holds a port that this copy needs."""
        ports = {"PORT": self.port, "LOCAL_AWS_PORT": self.aws_port}
        if self.needs_zendesk():
            ports["ZENDESK_STANDIN_PORT"] = self.zendesk_port
        for name, port in ports.items():
            if not is_free(port):
                raise Failure(f"Port {port} is in use: stop the program that has it, or set {name} to another port.")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder, so that no second copy runs in it. Raises Failure if one does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "run.pid").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise Failure(
                    f"Foyer already runs from {self.folder} (process {file.read().strip()}): stop it with Ctrl-C, "
                    "or give a second copy a PORT, a LOCAL_AWS_PORT and a LOCAL_DIR of its own."
                ) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield


def read_settings(file: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file; empty if there is no file."""
    if not file.is_file():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: value for name, _, value in pairs if name}


def write_private(file: Path, text: str) -> None:
    """Replace the file in one step, readable by its owner only."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(0o600)
    draft.write_text(text)
    draft.replace(file)


def free_port() -> int:
    """A port on which nobody listens, for a server that no person has to find: the settings name it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of this machine."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

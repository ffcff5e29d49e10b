"""Starts a local copy step by step, tells how to get in, and stops it in order."""

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import requests
from django.core.exceptions import ImproperlyConfigured

from infra.local import demo
from infra.local.place import Failure, Place
from infra.local.programs import Programs

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(*, reload: bool) -> int:
    """Run a copy until Ctrl-C or SIGTERM, and return the exit code."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.default_int_handler)  # any of them is a KeyboardInterrupt from here on
    try:
        place = Place.from_environment(reload=reload)
        with place.hold():
            return run(place)
    except (Failure, ImproperlyConfigured) as problem:
        report(problem)
        return 1


def run(place: Place) -> int:
    """Start everything in the place, watch it, and stop it again. Returns the exit code."""
    place.make_folders()
    settings = place.write_settings()
    environment = place.environment(settings)
    programs = Programs(place, environment)
    try:
        start(place, programs, environment)
        watch(place, programs)
    except KeyboardInterrupt:
        return 0
    except Failure as problem:
        report(problem)  # report now: the programs' last log lines would hide the reason
        return 1
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # an impatient second Ctrl-C must not lose the local AWS's state
        if programs.alive():
            with step("\nStopping"):
                programs.stop()


def start(place: Place, programs: Programs, environment: dict[str, str]) -> None:
    """Take every step from nothing to a desk that can be used."""
    if programs.stop_leftovers():
        say("Stopped what an earlier start had left running.")
    place.check_ports()
    with step("Starting the local AWS"):
        programs.start()
        wait_for_aws(place, programs)
    with step("Provisioning it and migrating the database"):
        prepare(programs)
    with step("Starting web, worker, beat and consumers"):
        programs.start_app()
        wait_for_app(place, programs)
    access = json.loads(place.access_file.read_text())
    load_demo(place, access, environment)
    say(f"Ready; logs are in {place.folder / 'log'}, Ctrl-C stops everything.\n")
    say(f"desk: {place.url}/desk/\nlogin: {access['login']['user']} {access['login']['password']}")
    for token in access["tokens"]:
        say(f"token {token['tier']} {','.join(token['scopes'])}: {token['token']}")


def watch(place: Place, programs: Programs) -> NoReturn:
    """Wait until the supervisor ends, which is a Failure. Provision again if the local AWS was restarted.

    If the local AWS is killed, it loses everything that was created since its start, also the tables.
    """
    pid_file = place.folder / "tmp" / f"ministack-{place.aws_port}.pid"
    known = read(pid_file)
    while programs.alive():
        time.sleep(1)
        if (pid := read(pid_file)) and pid != known and provision_again(place, programs):
            known = pid
    raise Failure("The supervisor ended.", place.log("supervisord"))


def provision_again(place: Place, programs: Programs) -> bool:
    """Provision a restarted local AWS. Returns whether that worked, since it may have gone again meanwhile."""
    try:
        with step("The local AWS was started again; provisioning it"):
            wait_for_aws(place, programs)
            prepare(programs)
    except Failure as problem:
        report(problem)
        return False
    return True


def prepare(programs: Programs) -> None:
    """Provision, migrate, and make sure that the login and the tokens exist."""
    sentence = "The local AWS could not be provisioned, or the database not migrated."
    programs.run("-m", "infra.local.prepare", log="prepare", sentence=sentence)


def wait_for_aws(place: Place, programs: Programs) -> None:
    """Wait until the local AWS answers."""
    sentence = f"The local AWS does not answer at {place.aws_url}."
    programs.wait_until(lambda: answers(f"{place.aws_url}/_ministack/health"), 60, sentence, place.log("aws"))


def wait_for_app(place: Place, programs: Programs) -> None:
    """Wait until `/readyz` answers 200."""
    sentence = f"The web server is not ready: ask {place.url}/readyz what it misses."
    programs.wait_until(lambda: answers(f"{place.url}/readyz"), 60, sentence, place.log("web"))


def answers(url: str) -> bool:
    """Whether a GET of the address returns 200."""
    try:
        return demo.session().get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def load_demo(place: Place, access: demo.Access, environment: dict[str, str]) -> None:
    """Load the demo through the doors, at the first start only."""
    marker = place.folder / "demo-loaded"
    if marker.exists():
        return
    with step("Loading a small demo"):
        secret = environment["ZENDESK_WEBHOOK_SECRET"] if place.needs_zendesk() else ""
        try:
            demo.load(place.url, access, secret)
        except requests.RequestException as problem:
            raise Failure(f"The demo could not be loaded: {problem}", place.log("web")) from problem
    marker.touch()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    began = time.monotonic()
    print(f"{name} ...", end=" ", flush=True)
    yield
    say(f"{time.monotonic() - began:.1f} s")


def report(problem: Exception) -> None:
    """Say what went wrong, where the log is, and what its last lines are."""
    print(f"\n{problem}", file=sys.stderr)
    log = getattr(problem, "log", None)
    if isinstance(log, Path) and log.is_file():
        print(f"The log is {log}; it ends:", file=sys.stderr)
        for line in log.read_text(errors="replace").splitlines()[-15:]:
            print(f"  {line}", file=sys.stderr)


def say(text: str) -> None:
    """Print a line at once, even if the output is not a terminal."""
    print(text, flush=True)


def read(file: Path) -> str:
    """The file's text, or an empty one if there is no file."""
    return file.read_text() if file.is_file() else ""

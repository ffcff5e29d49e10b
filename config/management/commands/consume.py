"""`manage.py consume`: works the event sources where no Lambda does."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.consumer import pulse, queue_loop, stream_loop
from config.consumer.sources import Source, sources

TASKS = "tasks"  # `manage.py worker` works these

_LOOPS = {"queue": queue_loop.run, "change-stream": stream_loop.run}


class Command(BaseCommand):
    help = "Works the event sources: all but Celery's tasks, or those named. Any number may run side by side."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(_known())
        parser.add_argument("source", nargs="*", metavar="SOURCE", help=f"one of: {names}")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        chosen = _chosen(options["source"])
        threads = [
            threading.Thread(target=_LOOPS[source.kind], args=(source, stop), name=f"{source.name} {n}")
            for source in chosen
            for n in range(source.workers)
        ]
        pulse.watch()
        for thread in threads:
            thread.start()
        self.stdout.write(f"Working {', '.join(source.name for source in chosen)}. Stop with Ctrl-C.")
        self._wait(threads, stop)

    def _wait(self, threads: list[threading.Thread], stop: threading.Event) -> None:
        """Wait until `stop` is set. If a thread dies, end the process, so that its supervisor restarts it."""
        while not stop.wait(1):
            if not all(thread.is_alive() for thread in threads):
                stop.set()
                raise CommandError("A source's thread died; its traceback is above. The process ends to be restarted.")
        for thread in threads:
            thread.join()


def _known() -> dict[str, Source]:
    return {source.name: source for source in sources() if source.kind != TASKS}


def _chosen(names: list[str]) -> list[Source]:
    known = _known()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CommandError(f"Unknown source {', '.join(unknown)}. Sources are: {', '.join(known)}.")
    return [known[name] for name in names] if names else list(known.values())

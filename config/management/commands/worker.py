"""`manage.py worker`: works Celery's tasks, one at a time."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from config import notices
from config.celery import app
from config.consumer import pulse, queue_loop
from config.consumer.sources import sources


class Command(BaseCommand):
    help = "Works Celery's tasks, one at a time. Any number may run side by side."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        [tasks] = (source for source in sources() if source.kind == "tasks")
        app.loader.import_default_modules()
        pulse.watch()
        notices.tell(logging.getLogger(__name__))
        self.stdout.write(f"Working {tasks.of}. Stop with Ctrl-C.")
        queue_loop.run(tasks, stop)  # in the main thread, which alone a time limit can interrupt

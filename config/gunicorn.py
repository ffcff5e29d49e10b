"""The web server's settings, wherever it runs: `gunicorn --config python:config.gunicorn config.wsgi`.

Options on the command line (`--bind`, `--workers`, `--threads`) override these.
"""

import logging
from typing import Any

from config import notices

workers = 2
worker_class = "config.web.worker.Worker"
logger_class = "config.web.worker.Log"
threads = 8
timeout = 30
graceful_timeout = 10
limit_request_line = 8190  # gunicorn's maximum: a caller's id may have 2,048 bytes, each of which takes three in a URL
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Tell the notices once for all of the server's processes, when the first has the settings."""
    if worker.age == 1:
        notices.tell(logging.getLogger(__name__))

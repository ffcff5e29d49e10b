"""The web server's settings, wherever it runs: `gunicorn --config python:config.gunicorn config.wsgi`.

Options on the command line (`--bind`, `--workers`, `--threads`) override these.
"""

workers = 2
worker_class = "config.web.worker.Worker"
logger_class = "config.web.worker.Log"
threads = 8
timeout = 30
graceful_timeout = 10
limit_request_line = 8190  # gunicorn's maximum: a caller's id may have 2,048 bytes, each of which takes three in a URL
control_socket_disable = True

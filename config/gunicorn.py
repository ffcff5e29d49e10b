"""The web server's settings, wherever it runs: `gunicorn --config python:config.gunicorn config.wsgi`.

Options on the command line (`--bind`, `--workers`, `--threads`) come before these.
"""

workers = 2
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 10
limit_request_line = 8190  # the most there is: a caller's id may have 2,048 bytes, each of them three in an address
control_socket_disable = True

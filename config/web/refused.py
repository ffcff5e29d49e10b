"""Writes what was refused as one line. Whoever is refused needs no token, and could fill the log with tracebacks."""

import logging

_LONGEST = 200  # characters of a line: it quotes what was sent


class RefusedFilter(logging.Filter):
    """Takes the traceback off what Django logs of a refused request, and shortens the line. What failed keeps it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        if _is_refusal(record):
            record.exc_info = record.exc_text = None
            said = record.getMessage()
            record.msg, record.args = said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…", ()
        return True


def _is_refusal(record: logging.LogRecord) -> bool:
    if record.name.startswith("django.security."):
        return True
    return record.name == "django.request" and int(getattr(record, "status_code", 500)) < 500

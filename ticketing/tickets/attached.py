"""Attached files as lines of a text: the files themselves stay in the system that the ticket comes from."""

from collections.abc import Mapping
from typing import Any

from config.text import mended

NO_TEXT = "(no text)"  # what stands for a comment that says nothing


def with_files(said: str | None, files: list[dict[str, Any]]) -> str | None:
    """The text with a line for each attached file: its name, type, size and address. None if nothing is there.

    A file in which the other system found malware has a warning in place of its address, in the text as well.
    """
    for file in files:
        if said and _is_malware(file) and (address := _address(file)):
            said = said.replace(address, "(malware was found here)")
    lines = "\n".join(map(_line, files))
    return "\n\n".join(one for one in (said, lines) if one) or None


def told(files: list[dict[str, Any]]) -> list[Any]:
    """What the other system tells of the files, to see later whether it redacted one or found malware in it."""
    return [[_file(one).get("file_name"), _address(one), _is_malware(one)] for one in files]


def _line(given: Mapping[str, Any]) -> str:
    file = _file(given)
    name = file.get("file_name") or file.get("name") or file.get("content_file_name") or "a file"
    size = file.get("size", file.get("content_file_size"))
    bytes_ = f"{size:,} bytes" if isinstance(size, int) else None
    address = "malware was found in it" if _is_malware(given) else _address(given)
    shown = (name, file.get("content_type"), bytes_, address)
    return mended("Attached: " + ", ".join(" ".join(str(one).split()) for one in shown if one))


def _file(given: Mapping[str, Any]) -> Mapping[str, Any]:
    wrapped = given.get("attachment")  # as Freshdesk's older API does
    return wrapped if isinstance(wrapped, dict) and wrapped else given


def _is_malware(given: Mapping[str, Any]) -> bool:
    return _file(given).get("malware_scan_result") == "malware_found"


def _address(given: Mapping[str, Any]) -> str:
    address = _file(given).get("content_url") or _file(given).get("attachment_url")
    return address if isinstance(address, str) else ""

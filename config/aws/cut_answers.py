"""Refuses an answer of AWS that was cut off within its headers.

The SDK takes such an answer for a whole one with an empty body: an item that is there would seem to be absent, and
received messages would seem to be none. Within the body, the SDK notices by itself.
"""

from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel

_BODILESS = {204, 304}


class CutAnswer(BotoCoreError):
    """The answer ended before it named its length. The request may have been carried out."""

    fmt = "The connection was closed within the headers of the answer"


def guard(events: BaseEventHooks) -> None:
    """Guard all clients of a boto3 session, or one client, by its events."""
    events.register("before-parse", _refuse)
    events.register("before-call.s3", _send_without_asking)


def _send_without_asking(params: dict[str, Any], **_: Any) -> None:
    """Leave out `Expect: 100-continue`: the SDK waits without end for the rest of an interim answer that is cut off."""
    params["headers"].pop("Expect", None)


def _refuse(response_dict: dict[str, Any], operation_model: OperationModel, **_: Any) -> None:
    """Raises CutAnswer if there is no body, and no header says that it is so.

    An answer to HEAD, and one with the status 204 or 304, has no body and needs no length (RFC 9112, section 6.3).
    """
    headers, body = response_dict["headers"], response_dict["body"]
    bodiless = response_dict["status_code"] in _BODILESS or operation_model.http.get("method") == "HEAD"
    read = isinstance(body, bytes) and body  # a stream has yet to be read
    if not (bodiless or read or headers.get("Content-Length") or headers.get("Transfer-Encoding")):
        raise CutAnswer

"""The SDK's errors, reduced to five that a caller can act on.

| error | meaning | what the caller does |
|---|---|---|
| `NotFound` | the thing named is not there | treats it as absent |
| `Conflict` | a condition did not hold, or another writer was faster | reads and decides again |
| `Retryable` | it may work later, and may have been done already | tries again, or asks its own caller to |
| `Contended` | other transactions held the item all the time | answers *busy*, or tries again later |
| `Permanent` | it will not work, however often it is tried | reports it |
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, ParamValidationError
from s3transfer.exceptions import RetriesExceededError
from urllib3.exceptions import HTTPError

_NOT_FOUND: Final = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchKey",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}
_CONDITION_FAILED: Final = {"ConditionalCheckFailedException", "PreconditionFailed"}  # DynamoDB's code, and S3's
_CONFLICT: Final = _CONDITION_FAILED | {"TransactionCanceledException", "TransactionConflictException"}
_RETRYABLE: Final = {
    "ConditionalRequestConflict",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "KMSThrottlingException",
    "LimitExceededException",
    "OverLimit",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
_THROTTLED_REASONS: Final = {"ThrottlingError", "ProvisionedThroughputExceeded"}


class AwsError(Exception):
    """The base of the five. `code` and `message` are for logs, never for outside callers."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


class NotFound(AwsError):
    """The thing named is not there. The caller treats it as absent."""


class Conflict(AwsError):
    """A condition did not hold, or another writer was faster. The caller reads and decides again.

    `item` is the existing item, if ALL_OLD was asked for. After a transaction, `reasons` has one `{"Code", "Item"?}`
    for each action, in order. Both are in DynamoDB's wire format; a `Table` turns them into Python values.
    """

    def __init__(self, code: str, message: str, item: dict[str, Any] | None, reasons: list[dict[str, Any]]) -> None:
        super().__init__(code, message)
        self.item = item
        self.reasons = reasons


class Retryable(AwsError):
    """It may work later: AWS throttled, was unreachable or did not answer. It may also have been done already."""


class Unreachable(Retryable):
    """AWS could not be reached, or did not answer. `call` itself tells the log (config/aws/outage.py)."""


class Contended(AwsError):
    """Other transactions held the item for as long as `call` waits. The caller answers *busy*, or tries again later."""


class Permanent(AwsError):
    """It will not work, however often it is tried: the request or the setup is wrong."""


@contextmanager
def translated() -> Iterator[None]:
    """Translate the SDK's errors that leave the block. Also for libraries that call AWS themselves.

    An exception that a signal raised inside a call, such as a time limit, leaves the block as itself.
    """
    try:
        yield
    except ClientError as error:
        raise _translate(error) from error
    except ParamValidationError as error:
        raise Permanent("ParamValidation", str(error)) from error
    except (BotoCoreError, RetriesExceededError) as error:  # no connection, a timeout, a broken connection
        if interrupt := _interrupt(error):
            raise interrupt from None
        raise Unreachable(type(error).__name__, str(error)) from error


def _interrupt(error: Exception) -> Exception | None:
    """What came up inside the call and is no fault of AWS: botocore wraps whatever leaves urllib3 in one error."""
    inner = error.kwargs.get("error") if type(error) is HTTPClientError else None
    network = (HTTPError, HTTPException, OSError)
    return inner if isinstance(inner, Exception) and not isinstance(inner, network) else None


def _translate(error: ClientError) -> AwsError:
    code = error.response.get("Error", {}).get("Code", "Unknown")
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _NOT_FOUND:
        return NotFound(code, message)
    if code in _CONFLICT:
        return _conflict(code, message, dict(error.response))
    if code in _RETRYABLE or status >= 500:
        return Retryable(code, message)
    return Permanent(code, message)


def _conflict(code: str, message: str, response: dict[str, Any]) -> AwsError:
    """Classify a conflict. A cancelled transaction gives a code for each action; the text "None" means no fault.

    A failed condition outweighs the other codes, because waiting does not change it.
    """
    reasons: list[dict[str, Any]] = response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons} - {"None"}
    if code in _CONDITION_FAILED or "ConditionalCheckFailed" in codes:
        return Conflict(code, message, response.get("Item"), reasons)
    if code == "TransactionConflictException" or "TransactionConflict" in codes:
        return Contended(code, message)
    if codes & _THROTTLED_REASONS:
        return Retryable(code, message)
    return Permanent(code, message)

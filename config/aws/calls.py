"""The one door to AWS: clients, and the SDK's errors as four words a caller can act on.

Every AWS call of the product goes through `call`, so that waits, tries and errors are the same everywhere:
it connects within a second, answers within two, and is tried three times in all (seed 003), the waits doubling
from 0.1 s with jitter, unless a web request has no time left for it (config/deadline.py). botocore's own retries are
off, or the two would multiply.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, ParamSpec, TypeVar

import boto3
import tenacity
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from django.conf import settings
from s3transfer.exceptions import RetriesExceededError

from config import deadline

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

TRIES: Final = 3
FIRST_WAIT: Final = 0.1  # seconds
CONTENTION_SECONDS: Final = 2.0  # how long two writers that meet on one item wait to try again

_NOT_FOUND: Final = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchKey",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}
_CONDITION_FAILED: Final = {"ConditionalCheckFailedException", "PreconditionFailed"}  # DynamoDB's and S3's word
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
    """What AWS answered. `code` and `message` are for logs, never for an outside caller."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


class NotFound(AwsError):
    """The thing named is not there. The caller treats it as absent."""


class Conflict(AwsError):
    """A condition did not hold, or another writer was faster. The caller reads and decides anew.

    `item` is what stands there (wire format; ALL_OLD was asked for), for a transaction `reasons` has one
    `{"Code", "Item"?}` for each action, in order.
    """

    def __init__(self, code: str, message: str, item: dict[str, Any] | None, reasons: list[dict[str, Any]]) -> None:
        super().__init__(code, message)
        self.item = item
        self.reasons = reasons


class Retryable(AwsError):
    """It may well work later: throttled, unreachable, or no answer. It may also have been done already."""


class Contended(AwsError):
    """Other transactions held the item for the whole time that `call` waits. The caller asks to come again."""


class Permanent(AwsError):
    """It will not work, however often it is tried: the request or the setup is wrong."""


def client_config(read_timeout: float = 2.0) -> Config:
    """botocore's settings for every client: short waits, no tries of its own."""
    return Config(
        region_name=settings.REGION,
        connect_timeout=1,
        read_timeout=read_timeout,
        max_pool_connections=50,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


def transfer_config() -> TransferConfig:
    """boto3's settings for S3 objects that go as files: no tries of its own either."""
    return TransferConfig(num_download_attempts=1)


_making = threading.Lock()


@cache
def _client(service: str, read_timeout: float) -> Any:
    with _making:  # a boto3 session is not safe to share while it makes a client; the client is
        return boto3.client(service, config=client_config(read_timeout))  # type: ignore[call-overload]


def client(service: str, read_timeout: float = 2.0) -> Any:
    """The process's client of a service, e.g. `client("sqs")`; `read_timeout` in seconds, longer for long polls.

    The answer is typed `Any`: name the type where you keep it (`queue: SQSClient = client("sqs")`).
    """
    return _client(service, read_timeout)


def forget_clients() -> None:
    """Make new clients from now on: for a process that just forked, and for tests."""
    _client.cache_clear()
    account_id.cache_clear()


@cache
def account_id() -> str:
    """The account that the credentials belong to. Raises what `call` raises."""
    return str(call(client("sts").get_caller_identity)["Account"])


def secret_string(secret_id: str, region: str) -> str:
    """A secret's text from Secrets Manager. Raises AwsError; the start then stops."""
    # Read while the settings are made, so it cannot use them (nor `client`, which does).
    with errors():
        secrets = boto3.client("secretsmanager", region_name=region)
        return str(secrets.get_secret_value(SecretId=secret_id)["SecretString"])


def call(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run one client method and give its answer, e.g. `call(client("sqs").send_message, QueueUrl=…)`.

    Raises NotFound, Conflict and Permanent at once, Retryable after three tries, Contended when it
    has waited two seconds for other writers; both sooner where a web request has to come to its end.
    """
    answer: R = _meet(_retry, _translated, operation, *args, **kwargs)
    return answer


def call_once(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """`call` without the tries, for loops that come round again by themselves."""
    return _translated(operation, *args, **kwargs)


def all_items(operation: Callable[..., Any], **request: Any) -> Iterator[dict[str, Any]]:
    """The items that a DynamoDB `scan` or `query` finds, read a page at a time as they are taken. Raises as `call`."""
    while True:
        answer = call(operation, **request)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


@contextmanager
def errors() -> Iterator[None]:
    """Translate the SDK's errors that come out of the block (for libraries that call AWS themselves)."""
    try:
        yield
    except ClientError as error:
        raise _translate(error) from error
    except ParamValidationError as error:
        raise Permanent("ParamValidation", str(error)) from error
    except (BotoCoreError, RetriesExceededError) as error:  # no connection, no answer in time, a connection cut
        raise Retryable(type(error).__name__, str(error)) from error


def _translated(operation: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    with errors():
        return operation(*args, **kwargs)


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
    """A cancelled transaction tells why, action by action (`"None"` is a word there).

    A failed condition weighs most: no waiting changes it.
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


def _wait(state: tenacity.RetryCallState) -> float:
    """0.1 s, 0.2 s, 0.4 s …, each up to half as long again."""
    spread = random.uniform(0.0, 0.5)  # noqa: S311 - not a secret
    return FIRST_WAIT * 2.0 ** (state.attempt_number - 1) * (1 + spread)


def _met_too_long(state: tenacity.RetryCallState) -> bool:
    """What counts is the waiting for others, not slow answers."""
    return state.idle_for > CONTENTION_SECONDS or deadline.passed()


def _tried_enough(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number >= TRIES or deadline.passed()


def _log_retry(state: tenacity.RetryCallState) -> None:
    wait = state.next_action.sleep if state.next_action else 0.0
    failure = state.outcome.exception() if state.outcome else None
    log.warning("AWS call failed at try %d, again in %.2f s: %s", state.attempt_number, wait, failure)


_retry = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(Retryable),
    stop=_tried_enough,
    wait=_wait,
    before_sleep=_log_retry,
    reraise=True,
)

# Writers who met part after a random bit. Around the tries, so that a meeting uses none of them up.
_meet = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(Contended),
    stop=_met_too_long,
    wait=tenacity.wait_random(0.01, 0.11),
    before_sleep=_log_retry,
    reraise=True,
)

# --- DynamoDB's wire format ---------------------------------------------------------------------------

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_wire(values: dict[str, Any]) -> dict[str, Any]:
    """Python values as a DynamoDB item: `{"n": 1}` to `{"n": {"N": "1"}}`."""
    return {name: _serializer.serialize(value) for name, value in values.items()}


def from_wire(item: dict[str, Any]) -> dict[str, Any]:
    """A DynamoDB item (a stream's image too) as Python values; numbers as Decimal."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}

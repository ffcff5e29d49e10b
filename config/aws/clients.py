"""The process's boto3 clients: one for each service and timeout, created on first use."""

import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from django.conf import settings

from config.aws import cut_answers
from config.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient


def client_config(read_timeout: float = 2.0) -> Config:
    """botocore's settings for every client: short timeouts, and no retries of its own. `read_timeout` is in seconds."""
    return Config(
        region_name=settings.REGION,
        connect_timeout=1,
        read_timeout=read_timeout,
        max_pool_connections=50,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


def transfer_config() -> TransferConfig:
    """boto3's settings for file transfers with S3: no retries of its own either."""
    return TransferConfig(num_download_attempts=1)


_making = threading.Lock()


@cache
def _client(service: str, read_timeout: float) -> Any:
    with _making:  # threads may share a client, but not the boto3 session while it creates one
        made = boto3.client(service, config=client_config(read_timeout))  # type: ignore[call-overload]
    cut_answers.guard(made.meta.events)
    return made


@overload
def client(service: Literal["cloudformation"], read_timeout: float = ...) -> "CloudFormationClient": ...
@overload
def client(service: Literal["cloudwatch"], read_timeout: float = ...) -> "CloudWatchClient": ...
@overload
def client(service: Literal["dynamodb"], read_timeout: float = ...) -> "DynamoDBClient": ...
@overload
def client(service: Literal["dynamodbstreams"], read_timeout: float = ...) -> "DynamoDBStreamsClient": ...
@overload
def client(service: Literal["kinesis"], read_timeout: float = ...) -> "KinesisClient": ...
@overload
def client(service: Literal["lambda"], read_timeout: float = ...) -> "LambdaClient": ...
@overload
def client(service: Literal["s3"], read_timeout: float = ...) -> "S3Client": ...
@overload
def client(service: Literal["sns"], read_timeout: float = ...) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"], read_timeout: float = ...) -> "SQSClient": ...
@overload
def client(service: Literal["sts"], read_timeout: float = ...) -> "STSClient": ...
@overload
def client(service: str, read_timeout: float = ...) -> Any: ...
def client(service: str, read_timeout: float = 2.0) -> Any:
    """Return the process's client of a service, e.g. `client("sqs")`. Long polls need a longer `read_timeout`
    (seconds).
    """
    return _client(service, read_timeout)


def forget_clients() -> None:
    """Create new clients from now on, after a fork and in tests."""
    _client.cache_clear()


def secret_string(secret_id: str, region: str) -> str:
    """Return a secret's text from Secrets Manager. Raises AwsError, or KeyError if the secret is not text."""
    # Called while the settings are being read, so it cannot use them, nor `client`, which does.
    with translated():
        secrets = boto3.client("secretsmanager", region_name=region)
        return str(secrets.get_secret_value(SecretId=secret_id)["SecretString"])

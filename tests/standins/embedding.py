"""A stand-in of the embedding function, on the local AWS: it keeps what it was given where one can look.

The payload lies as `embeddings/<ticket_id>.json` in the bucket that the payload names.
"""

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client

CODE = """
import json

import boto3


def handler(event, context):
    boto3.client("s3").put_object(
        Bucket=event["s3_bucket"],
        Key=f"embeddings/{event['ticket_id']}.json",
        Body=json.dumps(event).encode(),
    )
    return event
"""


def create(functions: "LambdaClient", name: str = "embedding-generator") -> None:
    """Create the function, unless there is one of this name."""
    try:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/embedding-generator",
            Handler="embedding.handler",
            Code={"ZipFile": _package()},
            Timeout=30,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceConflictException":
            raise


def received(store: "S3Client", bucket: str, ticket_id: str) -> dict[str, Any] | None:
    """The last payload that the function got for the ticket; None where it got none."""
    try:
        answer = store.get_object(Bucket=bucket, Key=f"embeddings/{ticket_id}.json")
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    payload: dict[str, Any] = json.loads(answer["Body"].read())
    return payload


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("embedding.py", CODE)
    return buffer.getvalue()

"""Tells the embedding function that a raw ticket is stored."""

from django.conf import settings

from config import aws, json
from ingestion.zendesk.errors import NotYet


def invoke(zendesk_id: str, key: str) -> None:
    """Start the embedding of a stored raw ticket, without waiting for it. It may be started twice.

    Raises aws.Retryable (try again), and NotYet if the function is missing or we may not call it.
    """
    payload = {"ticket_id": zendesk_id, "s3_bucket": settings.S3_BUCKET_TICKETS, "s3_key": key}
    try:
        aws.call(
            aws.client("lambda").invoke,
            FunctionName=settings.EMBEDDING_FUNCTION,
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
    except (aws.NotFound, aws.Permanent) as error:
        raise NotYet(
            f"The ticket is stored, but the function {settings.EMBEDDING_FUNCTION} cannot be invoked "
            f"({error.code}): check EMBEDDING_FUNCTION and the permission to call it"
        ) from error

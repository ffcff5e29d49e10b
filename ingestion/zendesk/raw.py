"""The raw ticket in S3: what Zendesk answered, whole, by the day on which its webhook was accepted."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from config import aws, json
from ticketing.rawstore import key

__all__ = ["key", "store"]


def store(name: str, context: dict[str, Any]) -> None:
    """Put the ticket there, over what an earlier try left. Raises aws.AwsError: the caller tries again or fails."""
    aws.call(_save, name, json.dumps(context).encode())


def _save(name: str, content: bytes) -> None:
    storages["raw_tickets"].save(name, ContentFile(content))

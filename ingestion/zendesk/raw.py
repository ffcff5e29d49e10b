"""The raw ticket in S3: what Zendesk answered, whole, by the day on which its webhook was accepted."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from config import aws, json


def key(zendesk_id: str, received_at: str) -> str:
    """Where it lies, e.g. `raw-tickets/year=2025/month=01/day=05/ticket-12345.json` (seed 000).

    `received_at` is the delivery's, in UTC: whatever retries follow, the day stays.
    """
    year, month, day = received_at[:10].split("-")
    return f"raw-tickets/year={year}/month={month}/day={day}/ticket-{zendesk_id}.json"


def store(name: str, context: dict[str, Any]) -> None:
    """Put the ticket there, over what an earlier try left. Raises aws.AwsError: the caller tries again or fails."""
    aws.call(_save, name, json.dumps(context).encode())


def _save(name: str, content: bytes) -> None:
    storages["raw_tickets"].save(name, ContentFile(content))

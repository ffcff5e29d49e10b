"""The raw ticket in S3: what Zendesk answered, whole, by the day on which its webhook was accepted."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from config import aws, json
from ingestion.zendesk.errors import GiveUp
from ticketing.rawstore import key

__all__ = ["key", "load", "store"]


def store(name: str, context: dict[str, Any]) -> None:
    """Put the ticket there, over what an earlier try left. Raises aws.AwsError: the caller tries again or fails."""
    aws.call(_save, name, json.dumps(context).encode())


def load(name: str) -> Any:
    """What lies there. Raises GiveUp if nothing does, or no JSON; aws.AwsError."""
    try:
        return json.loads(aws.call(_load, name), json.OWN_DEPTH)
    except FileNotFoundError:
        raise GiveUp("It is not in the raw store any more") from None
    except ValueError:
        raise GiveUp("What is in the raw store is not JSON") from None


def _load(name: str) -> bytes:
    with storages["raw_tickets"].open(name) as file:
        return bytes(file.read())


def _save(name: str, content: bytes) -> None:
    storages["raw_tickets"].save(name, ContentFile(content))

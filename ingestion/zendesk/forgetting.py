"""Takes old words of a ticket out of the raw store, where each day's document and its earlier versions have them.

Each day keeps a document, because `reconcile` looks for it and `replay` reads it. The newest one stands for all. Each
document is replaced first, then its earlier versions are deleted. Whatever dies between, the next run does the rest.
"""

from dataclasses import dataclass
from typing import Any

from config.refusals import Invalid
from ticketing.deliveries import raw_tickets


@dataclass(frozen=True)
class Forgotten:
    """Which days have a document, which one's stands for all, and how many documents and versions of them went."""

    days: list[str]
    newest: str
    replaced: int
    versions: int


def forget(zendesk_id: str, *, dry_run: bool) -> Forgotten:
    """Put the ticket's newest document in place of all others, and delete all earlier versions.

    Raises Invalid if a document is no JSON object, and aws.AwsError.
    """
    documents = {key: _document(key) for key in raw_tickets.of_ticket(zendesk_id)}
    if not documents:
        return Forgotten([], "", 0, 0)
    newest = max(documents, key=lambda key: (_changed(documents[key]), key))
    others = [key for key, document in documents.items() if document != documents[newest]]
    for key in others:
        if not dry_run:
            raw_tickets.store(key, documents[newest])
    versions = sum(raw_tickets.forget_versions(key, dry_run=dry_run) for key in documents)
    return Forgotten([raw_tickets.day(key) for key in documents], raw_tickets.day(newest), len(others), versions)


def _document(key: str) -> dict[str, Any]:
    document = raw_tickets.load(key)
    if not isinstance(document, dict):
        raise Invalid(f"{key} is no raw ticket")
    return document


def _changed(document: dict[str, Any]) -> str:
    """When the ticket had changed last. Of documents with one date, that of the latest day is the newest."""
    ticket = document.get("ticket")
    return str(ticket.get("updated_at") or "") if isinstance(ticket, dict) else ""

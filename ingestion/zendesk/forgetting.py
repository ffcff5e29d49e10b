"""Takes old words of a ticket out of the raw store, where each day's document and its earlier versions have them.

Each day keeps a document, because `reconcile` looks for it and `replay` reads it. The newest one stands for all. It may
be an earlier version, since a run that fetched before another may have stored after it. Each document is replaced
first, then its earlier versions are deleted. Whatever dies between, the next run does the rest.
"""

from dataclasses import dataclass

from config.refusals import Invalid
from ticketing.deliveries import raw_tickets
from ticketing.deliveries.raw_tickets import Raw


@dataclass(frozen=True)
class Forgotten:
    """Which days have a document, which one's stands for all, and how many documents and versions of them went."""

    days: list[str]
    newest: str
    replaced: int
    versions: int


def forget(zendesk_id: str, *, dry_run: bool) -> Forgotten:
    """Put the ticket's newest document in place of all others, and delete all earlier versions.

    What somebody deleted stays so, and loses its versions, too.

    Raises Invalid if a document is no JSON object, and aws.AwsError.
    """
    keys, deleted = raw_tickets.of_ticket(zendesk_id)
    if not keys:
        return Forgotten([], "", 0, sum(raw_tickets.forget_versions(key, dry_run=dry_run) for key in deleted))
    every = ((key, _raw(key, version)) for key in keys for version in raw_tickets.versions_of(key))
    newest, stands = max(every, key=lambda one: _age(*one))
    others = [key for key in keys if _raw(key).document != stands.document]
    for key in others:
        if not dry_run:
            raw_tickets.store(key, stands.document, stands.fetched)
    versions = sum(raw_tickets.forget_versions(key, dry_run=dry_run) for key in [*keys, *deleted])
    return Forgotten([raw_tickets.day(key) for key in keys], raw_tickets.day(newest), len(others), versions)


def _raw(key: str, version: str | None = None) -> Raw:
    raw = raw_tickets.read(key, version)
    if not isinstance(raw.document, dict):
        raise Invalid(f"{key} is no raw ticket")
    return raw


def _age(key: str, raw: Raw) -> tuple[str, str, str]:
    """When the ticket had changed last, and when it was fetched: the greatest is the newest."""
    ticket = raw.document.get("ticket")
    return str(ticket.get("updated_at") or "") if isinstance(ticket, dict) else "", raw.fetched, key

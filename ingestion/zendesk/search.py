"""Finds the tickets that have a tag, by Zendesk's search export.

Zendesk's ordinary search ends at 1,000 tickets. Its incremental export knows no tags, so every ticket of the account
would have to be read. The search export has neither limit, and takes 100 requests a minute from the whole account.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from ingestion.zendesk import client, sign_in
from ingestion.zendesk.errors import GiveUp, TryLater

PATH: Final = "/api/v2/search/export.json"
PAGE_TICKETS: Final = "100"  # what Zendesk recommends: larger pages fail where many tickets are archived
PAUSE_SECONDS: Final = 1.0  # between two pages, so that others may search meanwhile
TRIES: Final = 6
LONGEST_WAIT_SECONDS: Final = 300  # whatever Retry-After says: it may be a proxy's mistake

_SCOPE = (
    "Zendesk does not let Foyer search (status 403): searching needs the OAuth scope `read`, which ZENDESK_OAUTH_SCOPE "
    "does not name by default. Set it for this command alone, as docs/zendesk.md shows"
)


def flagged(tag: str, since: str) -> Iterator[list[str]]:
    """The ids of the tickets that have the tag and changed at or after `since` (a time of the record), page by page.

    Whatever was tagged since then changed since then. A page may repeat a ticket of an earlier one, because tickets
    change while Zendesk is asked. Raises TryLater after some minutes of retries, and GiveUp.
    """
    query = {
        "query": f"tags:{tag} updated>={since[:19]}Z",  # Zendesk's times have no fractions
        "filter[type]": "ticket",
        "page[size]": PAGE_TICKETS,
    }
    cursor: str | None = None
    while True:
        page, after = _patiently(query | ({"page[after]": cursor} if cursor else {}))
        yield [_id(one) for one in _results(page)]
        if after is None:
            return
        if after == cursor:
            raise TryLater("Zendesk gave the same page of tickets twice")
        cursor = after
        time.sleep(PAUSE_SECONDS)


def _patiently(query: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    """A page, and the next one's cursor. Waits as long as Zendesk asks, or 5, 10, 20, 40 and 80 seconds."""
    for tried in range(TRIES - 1):
        try:
            return _page(query)
        except TryLater as error:
            time.sleep(min(error.after or 5 * 2**tried, LONGEST_WAIT_SECONDS))
    return _page(query)


def _page(query: dict[str, str]) -> tuple[dict[str, Any], str | None]:
    try:
        return client.page(PATH, query)
    except GiveUp as error:
        if sign_in.uses_oauth() and error.sentence == sign_in.refusal(403):
            raise GiveUp(_SCOPE) from error
        raise


def _results(page: dict[str, Any]) -> list[Any]:
    results = page.get("results")
    if not isinstance(results, list):
        raise GiveUp("Zendesk's answer is not as documented: results is not a list")
    return results


def _id(result: Any) -> str:
    found = result.get("id") if isinstance(result, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise GiveUp("Zendesk's answer is not as documented: a ticket has no id")
    return str(found)

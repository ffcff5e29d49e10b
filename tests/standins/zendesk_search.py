"""What the Zendesk stand-in finds: its search export, for tickets by tag and time, and pages by cursor."""

import base64
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from tests.standins import zendesk_data as data

PATHS = ("/api/v2/search/export.json", "/api/v2/search/export")
FLAGGED = tuple(range(35_501, 35_526))  # what `make run` finds; the demo has some of them

Query = dict[str, list[str]]

_CONDITION = re.compile(r"tags:(\S+)|updated>=(\S+)")
_INVALID = {"error": "invalid", "description": "Invalid search: the query or filter[type] is not supported"}


def answer(url: str, query: Query, ids: Iterable[int]) -> tuple[int, dict[str, Any]]:
    """The answer to a search among these tickets. As at Zendesk, the type stands in `filter[type]` alone."""
    words = query.get("query", [""])[0].split()
    conditions = [_CONDITION.fullmatch(word) for word in words]
    if query.get("filter[type]") != ["ticket"] or not words or not all(conditions):
        return 422, _INVALID
    tickets = [one for one in map(data.ticket, ids) if all(_fulfils(one, match) for match in conditions if match)]
    return 200, page("results", sorted(tickets, key=lambda one: str(one["created_at"])), url, query, most=1000)


def page(name: str, items: list[Any], url: str, query: Query, most: int) -> dict[str, Any]:
    """One page of a list, by cursor, with where the next one is."""
    size = min(int(query.get("page[size]", ["100"])[0]), most)
    after = query.get("page[after]", [""])[0]
    start = int(base64.urlsafe_b64decode(after)) if after else 0
    more = start + size < len(items)
    cursor = base64.urlsafe_b64encode(str(start + size).encode()).decode() if more else None
    following = {name: values[0] for name, values in query.items()} | {"page[after]": cursor}
    return {
        name: items[start : start + size],
        "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": None},
        "links": {"next": f"{url}?{urlencode(following)}" if more else None, "prev": None},
    }


def _fulfils(ticket: dict[str, Any], condition: re.Match[str]) -> bool:
    tag, since = condition.groups()
    return tag in ticket["tags"] if tag else str(ticket["updated_at"]) >= str(since)

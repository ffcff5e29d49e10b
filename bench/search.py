"""How long the desk's list takes: `python -m bench.search LIMIT` prints each figure, and fails if one exceeds LIMIT ms.

A figure is for a whole page as a browser would get it: its rows, their number, and the excerpts with their marks.
"""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import django

PAGES = 40
PER_PAGE = 50


def measure(get: Callable[[str], Any], queries: Iterator[dict[str, str]]) -> list[float]:
    """The milliseconds of each page. The queries differ, so that it is not the same answer each time."""
    taken = []
    for query in islice(queries, PAGES):
        began = time.perf_counter()
        answer = get(f"?{urlencode(query)}")
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, query
    return taken


def questions() -> dict[str, Callable[[], Iterator[dict[str, str]]]]:
    """The queries to measure, by their names in the table."""
    from bench import corpus
    from ticketing.desk.list_pages import FARTHEST
    from ticketing.models import IndexedTicket

    def texts(*forms: str) -> Iterator[dict[str, str]]:
        return ({"q": form} for n in range(PAGES) for form in [forms[n % len(forms)]])

    words, last = corpus.VOCABULARY, str(min(FARTHEST, IndexedTicket.objects.count()) // PER_PAGE)
    return {
        "a rare word": lambda: texts(corpus.RARE, *words[60_000:60_020]),
        "a common word (a third of the tickets)": lambda: texts(*words[45:65]),
        "a word that is everywhere": lambda: texts(*words[:8]),
        "two common words": lambda: texts(*(f"{words[n]} {words[n + 7]}" for n in range(40, 60))),
        "two words, one rare": lambda: texts(*(f"{words[n]} {words[n + 50_000]}" for n in range(40, 60))),
        "two frequent words": lambda: texts(*(f"{words[n]} {words[n + 30]}" for n in range(380, 400))),
        "a phrase that was said": lambda: texts(*(f'"{" ".join(corpus.spoken(n, 3))}"' for n in range(20))),
        "a phrase of frequent words, nearly nowhere": lambda: texts(
            *(f'"{words[n]} {words[n + 1]}"' for n in range(83, 123))
        ),
        "a prefix": lambda: texts(*(f"{word[:4]}*" for word in words[100:120])),
        "a word that no ticket has": lambda: texts(*(word[:5] for word in words[100:120])),
        "an inner part": lambda: texts(*(f"*{word[1:5]}*" for word in words[100:120])),
        "an inner part of many words": lambda: texts(*(f"*{word[2:5]}*" for word in words[:20])),
        "an inner part, among open gold": lambda: (
            {"q": f"*{word[1:5]}*", "status": "open", "tier__exact": "gold"} for word in words[45 : 45 + PAGES]
        ),
        "a word, its next page": lambda: ({"q": word, "p": "2"} for word in words[45 : 45 + PAGES]),
        "a word, among open gold": lambda: (
            {"q": word, "status": "open", "tier__exact": "gold"} for word in words[45 : 45 + PAGES]
        ),
        "the list": lambda: ({"p": "1"} for _ in range(PAGES)),
        "the list, its next page": lambda: ({"p": "2"} for _ in range(PAGES)),
        "the list, its last page": lambda: ({"p": last} for _ in range(PAGES)),
        "unsolved gold": lambda: ({"status": "unsolved", "tier__exact": "gold"} for _ in range(PAGES)),
        "unsolved gold, next page": lambda: (
            {"status": "unsolved", "tier__exact": "gold", "p": "2"} for _ in range(PAGES)
        ),
        "a word, among one caller's": lambda: (
            {"q": words[n], "caller": f"caller-{n * 1_000 % 50_000}"} for n in range(PAGES)
        ),
        "one caller's tickets": lambda: ({"caller": f"caller-{n * 1_000 % 50_000}"} for n in range(PAGES)),
        "a caller's id, searched for": lambda: ({"q": f"caller-{n * 1_000 % 50_000}"} for n in range(PAGES)),
        "one agent's tickets": lambda: ({"assignee": f"agent-{n % 30}"} for n in range(PAGES)),
    }


def main(limit: float) -> int:
    """Print a line for each question. Returns how many were too slow."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    staff = User.objects.create_superuser("bench")
    client = Client()
    client.force_login(staff)
    address, slow = reverse("admin:ticketing_indexedticket_changelist"), 0
    get: Callable[[str], Any] = lambda query: client.get(address + query)  # noqa: E731 - mypy knows its type so
    measure(get, iter([{}] * 3))  # whatever a process does only once
    for name, asked in questions().items():
        taken = measure(get, asked())
        late = quantiles(taken, n=20)[-1]
        slow += late > limit
        verdict = "TOO SLOW" if late > limit else ""
        print(f"  {name:42} {median(taken):7.0f} {late:7.0f} {late / limit:7.2f}  {verdict}", flush=True)
    return slow


if __name__ == "__main__":
    django.setup()
    sys.exit(1 if main(float(sys.argv[1])) else 0)

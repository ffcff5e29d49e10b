"""Tickets by the million that read a little like language: few words are everywhere, most are rare (Zipf's law).

The same number always gives the same ticket, so that several processes can each load a part.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, product

from config import times
from config.caller import Tier
from ticketing.tickets import ids
from ticketing.tickets.ticket import Comment, Ticket
from ticketing.tickets.workflow import Channel, Priority, Status

COMMENTS = 5  # a ticket
SUBJECT_WORDS, DESCRIPTION_WORDS, COMMENT_WORDS = 6, 60, 35
RARE = "zyzzyva"  # in one of RARE_EVERY tickets
RARE_EVERY = 50_000

_SYLLABLES = ["".join(pair) for pair in product("bcdfghjklmnprstvwz", "aeiou")]
VOCABULARY = ["".join(three) for three in product(_SYLLABLES[::2], _SYLLABLES, _SYLLABLES[::5])]
random.Random(0).shuffle(VOCABULARY)
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))

# The text that everybody quotes. To cut a piece out of it is ten times faster than to choose word by word.
_SPOKEN = random.Random(1).choices(VOCABULARY, cum_weights=_WEIGHTS, k=2_000_000)

_FIRST = datetime(2020, 1, 1, tzinfo=UTC)
_CHANNELS: list[Channel] = ["itsm", "routing", "submission", "zendesk", "event", "desk"]
_STATUSES: list[Status] = ["open", "pending", "solved", "closed"]
_PRIORITIES: list[Priority] = ["low", "normal", "high", "urgent"]
_TIERS: list[Tier] = ["general", "gold"]


def ticket(number: int) -> tuple[Ticket, list[Comment]]:
    """The ticket with that number, and its comments."""
    chance = random.Random(number)
    at = _FIRST + timedelta(minutes=3 * number)
    ticket_id = ids.keyed_id("bench", "bench", str(number))
    spoken = [
        word
        for words in (SUBJECT_WORDS, DESCRIPTION_WORDS, *[COMMENT_WORDS] * COMMENTS)
        for word in _said(chance, words)
    ]
    if number % RARE_EVERY == RARE_EVERY // 2:
        spoken[SUBJECT_WORDS] = RARE
    comments = [_comment(ticket_id, number, n, at, spoken) for n in range(COMMENTS)]
    described = Ticket(
        ticket_id=ticket_id,
        channel=chance.choice(_CHANNELS),
        customer_id=f"customer-{chance.randrange(500)}",
        caller_id=f"caller-{chance.randrange(50_000)}",
        subject=" ".join(spoken[:SUBJECT_WORDS]).capitalize(),
        issue_description=_sentences(spoken[SUBJECT_WORDS:_OPENING]),
        status=chance.choices(_STATUSES, (10, 5, 25, 60))[0],
        priority=chance.choice(_PRIORITIES),
        tier=chance.choices(_TIERS, (9, 1))[0],
        assignee=chance.choice([None, *(f"agent-{n}" for n in range(30))]),
        comment_count=COMMENTS,
        last_comment_id=comments[-1].comment_id,
        created_at=times.stamp(at),
        received_at=times.stamp(at),
        updated_at=times.stamp(at + timedelta(hours=COMMENTS)),
        version=COMMENTS + 1,
    )
    return described, comments


def tickets(start: int, stop: int, step: int = 1) -> Iterator[tuple[Ticket, list[Comment]]]:
    """The tickets with these numbers, each with its comments."""
    return map(ticket, range(start, stop, step))


def fresh(number: int) -> Ticket:
    """The ticket with that number, as it was before anybody commented on it."""
    return replace(ticket(number)[0], version=1, comment_count=0, last_comment_id=None)


_OPENING = SUBJECT_WORDS + DESCRIPTION_WORDS


def _comment(ticket_id: str, number: int, n: int, opened: datetime, spoken: list[str]) -> Comment:
    start = _OPENING + n * COMMENT_WORDS
    return Comment(
        ticket_id=ticket_id,
        comment_id=f"{number:012x}-{n:04}",
        comment=_sentences(spoken[start : start + COMMENT_WORDS]),
        author=None if n % 2 else "Ada",
        visibility="internal" if n == 3 else "public",
        created_at=times.stamp(opened + timedelta(hours=n + 1)),
        door="desk",
    )


def spoken(place: int, words: int) -> list[str]:
    """Words that follow each other in the quoted text, and so in some tickets."""
    return _SPOKEN[place * 1000 : place * 1000 + words]


def _said(chance: random.Random, words: int) -> list[str]:
    start = int(chance.random() * (len(_SPOKEN) - words))
    return _SPOKEN[start : start + words]


def _sentences(words: list[str]) -> str:
    return ". ".join(" ".join(words[n : n + 12]).capitalize() for n in range(0, len(words), 12)) + "."

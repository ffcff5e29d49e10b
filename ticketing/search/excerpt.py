"""Excerpts: the piece of a ticket around the words that were searched for, with these words marked."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Concat, Substr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ticketing.models import IndexedComment, IndexedTicket
from ticketing.search.expression import expression
from ticketing.search.numbers import is_there, may_be_grouped, spellings
from ticketing.search.query import Term
from ticketing.search.words import places

MOST_READ = 20_000  # characters of a text that are searched: a list has fifty tickets, and somebody waits for it
_BEFORE, _LENGTH = 50, 160  # characters shown before the first match, and in all

_Span = tuple[int, int]


def excerpts(ticket_ids: Iterable[str], terms: Sequence[Term]) -> dict[str, SafeString]:
    """HTML excerpts by ticket id, for each ticket that has a term outside its subject. One SQL query."""
    comments = IndexedComment.objects.filter(ticket_id=OuterRef("pk")).alias(read=Substr("text", 1, MOST_READ))
    first = comments.filter(read__regex=expression(terms)).order_by("comment_id")
    said = Subquery(first.values(said=Concat(F("visibility"), Value("\n"), "read"))[:1])
    rows = IndexedTicket.objects.filter(pk__in=list(ticket_ids)).order_by()
    texts = rows.values_list("pk", Substr("issue_description", 1, MOST_READ), said, "caller_id", "requester")
    found = {ticket_id: _of(terms, *of_ticket) for ticket_id, *of_ticket in texts}
    return {ticket_id: piece for ticket_id, piece in found.items() if piece}


def piece(text: str, terms: Sequence[Term]) -> SafeString | None:
    """The text around the first match, as HTML with <mark>; None if no term is in the text."""
    spans = _spans(text[:MOST_READ], terms)
    first = next(spans, None)
    if first is None:
        return None
    start = _at_a_space(text, max(0, first[0] - _BEFORE), first[0])
    stop = max(_last_space(text, start + _LENGTH), first[1])
    shown = [first, *_until(stop, spans)]
    html = _marked(text[start:stop], [(begin - start, end - start) for begin, end in shown])
    return _safe(("… " if start else "") + html + (" …" if stop < len(text) else ""))


def marked(text: str, terms: Sequence[Term]) -> SafeString:
    """The whole text as HTML, with the terms in <mark>."""
    return _safe(_marked(text, list(_spans(text[:MOST_READ], terms))))


def _of(
    terms: Sequence[Term], description: str, said: str | None, caller_id: str, requester: dict[str, str] | None
) -> SafeString | None:
    """The first piece found in one of the texts, with a label that says in which, unless it is the description."""
    visibility, _, comment = (said or "").partition("\n")
    texts = [
        ("", description),
        ("Internal note: " if visibility == "internal" else "Comment: ", comment),
        ("Caller: ", caller_id),
        *(("Requester: ", name) for name in (requester or {}).values()),
    ]
    return next((_safe(label + found) for label, text in texts if (found := piece(text, terms))), None)


def _spans(text: str, terms: Sequence[Term]) -> Iterator[_Span]:
    """Where the terms are in the text, in order: start and end."""
    return merge(_in_words(text, terms), _in_numbers(text, terms))


def _in_words(text: str, terms: Sequence[Term]) -> Iterator[_Span]:
    whole: dict[str, list[Term]] = {}
    parts: list[Term] = []
    for term in terms:
        if term.prefix or term.inside:
            parts.append(term)
        else:
            for way in term.ways:
                whole.setdefault(way[-1], []).append(term)
    longest = max((len(term.words) for term in terms), default=1)
    words: deque[str] = deque(maxlen=longest)
    starts: deque[int] = deque(maxlen=longest)
    for word, start, end in places(text):
        words.append(word)
        starts.append(start)
        for term in (*whole.get(word, ()), *parts):
            if length := term.at_end(words):
                yield starts[-length], end
                break


def _in_numbers(text: str, terms: Sequence[Term]) -> Iterator[_Span]:
    """Where numbers are that others write like a term."""
    wanted = [term for term in terms if _may_be_number("".join(term.words))]
    if any(is_there(way, text) for term in wanted for way in term.ways):
        spelled = spellings(text)
        yield from ((one.start, one.end) for one in spelled if any(term.is_in(one.words) for term in wanted))


def _may_be_number(letters: str) -> bool:
    return any(map(str.isdigit, letters)) or may_be_grouped(letters)


def _until(stop: int, spans: Iterator[_Span]) -> Iterator[_Span]:
    for start, end in spans:
        if end > stop:
            return
        yield start, end


def _at_a_space(text: str, start: int, match: int) -> int:
    """The start of the first whole word, if there is a space before the match."""
    return text.find(" ", start, match) + 1 or start if start else 0


def _last_space(text: str, stop: int) -> int:
    """The end of the last whole word before `stop`, if there is a space within 20 characters before it."""
    return stop if stop >= len(text) else max(text.rfind(" ", stop - 20, stop + 1), stop - 20)


def _marked(text: str, spans: list[_Span]) -> str:
    html, done = [], 0
    for start, end in spans:
        if end > done:
            html += [escape(text[done : max(start, done)]), f"<mark>{escape(text[max(start, done) : end])}</mark>"]
            done = end
    return "".join(html) + escape(text[done:])


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 - made of escaped text and our own words and marks

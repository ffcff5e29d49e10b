"""Where the words that were searched for stand in a ticket: the piece around them, and they are marked."""

import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Concat, Substr
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from ticketing.models import IndexedComment, IndexedTicket
from ticketing.search.query import Term
from ticketing.search.words import places

MOST_READ = 20_000  # characters of a text that are looked through, for a list of fifty tickets while somebody waits
_BEFORE, _LENGTH = 50, 160  # characters that are shown before the first match, and in all

_Span = tuple[int, int]


def excerpts(ticket_ids: Iterable[str], terms: Sequence[Term]) -> dict[str, SafeString]:
    """For each ticket whose description or comments have one of the terms, the piece around it. One SQL query."""
    comments = IndexedComment.objects.filter(ticket_id=OuterRef("pk"), text__iregex=_loosely(terms))
    first = comments.order_by("comment_id").values(
        said=Concat(F("visibility"), Value("\n"), Substr("text", 1, MOST_READ))
    )
    rows = IndexedTicket.objects.filter(pk__in=list(ticket_ids)).order_by()
    texts = rows.values_list("pk", Substr("issue_description", 1, MOST_READ), Subquery(first[:1]))
    found = {ticket_id: _of(description, said or "", terms) for ticket_id, description, said in texts}
    return {ticket_id: piece for ticket_id, piece in found.items() if piece}


def piece(text: str, terms: Sequence[Term]) -> SafeString | None:
    """A piece of the text around the first of the terms, as HTML with <mark>; None where there is none of them."""
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
    """The whole text as HTML, the terms in it with <mark>."""
    return _safe(_marked(text, list(_spans(text[:MOST_READ], terms))))


def _of(description: str, said: str, terms: Sequence[Term]) -> SafeString | None:
    visibility, _, comment = said.partition("\n")
    if from_description := piece(description, terms):
        return from_description
    from_comment = piece(comment, terms)
    label = "Internal note: " if visibility == "internal" else "Comment: "
    return from_comment and _safe(label + from_comment)


def _spans(text: str, terms: Sequence[Term]) -> Iterator[_Span]:
    """Where the terms stand, in order."""
    whole: dict[str, list[Term]] = {}
    for term in terms:
        whole.setdefault("" if term.prefix else term.words[-1], []).append(term)
    prefixes = whole.pop("", [])
    recent: deque[tuple[str, int, int]] = deque(maxlen=max((len(term.words) for term in terms), default=1))
    for place in places(text):
        recent.append(place)
        for term in (*whole.get(place[0], ()), *prefixes):
            if _ends_with(recent, term):
                yield recent[-len(term.words)][1], place[2]
                break


def _ends_with(recent: Sequence[tuple[str, int, int]], term: Term) -> bool:
    *before, last = term.words
    if len(recent) < len(term.words):
        return False
    word = recent[-1][0]
    if not (word.startswith(last) if term.prefix else word == last):
        return False
    return all(recent[n - len(term.words)][0] == wanted for n, wanted in enumerate(before))


def _until(stop: int, spans: Iterator[_Span]) -> Iterator[_Span]:
    for start, end in spans:
        if end > stop:
            return
        yield start, end


def _at_a_space(text: str, start: int, match: int) -> int:
    """The begin of the first whole word, if there is a space before the match."""
    return text.find(" ", start, match) + 1 or start if start else 0


def _last_space(text: str, stop: int) -> int:
    """The end of the last whole word before this place, if there is a space not far from it."""
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


# --- Which comments may match: a regular expression that both databases read, and that never goes back and forth ---

_ACCENTS, _BETWEEN = "\u0300-\u036f", " -/:-@\\[-`{-~\t\n\r\u2000-\u206f"
_FOREIGN = f"[^\t\n\r -~{_ACCENTS}\u2000-\u206f]"


def _loosely(terms: Sequence[Term]) -> str:
    """Finds any of the terms, with whatever accents, and sometimes more: the words themselves are looked at later."""
    phrases = {tuple(unicodedata.normalize("NFC", word) for word in term.words) for term in terms}
    return "|".join(f"[{_BETWEEN}]*".join("".join(map(_letter, word)) for word in words) for words in sorted(phrases))


def _letter(letter: str) -> str:
    if unicodedata.category(letter) == "Lo" or letter.isdigit():  # it has no case, and hardly accents
        return re.escape(letter)
    plain = f"{letter}|" if letter.isascii() else ""
    return f"(?:{plain}{_FOREIGN})[{_ACCENTS}]?"

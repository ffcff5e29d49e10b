"""What Zendesk's comments say, for the Zendesk door and for an import of Zendesk's export.

A comment is its words, its call and its files. The first one mostly repeats the ticket's description.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from config import json, times
from config.text import mended
from ticketing.tickets import attached
from ticketing.tickets.html_text import text_of

SYSTEM = "Zendesk"  # the author of what nobody wrote
BLOCK = "▇"  # what Zendesk puts in place of each letter that it redacts
NUMBER = "zendesk:"  # before the id of an author without a name
_UNNAMED = "?"  # at the end of a mark whose author has no name yet
_STAFF = ("agent", "admin")  # roles of Zendesk's users; the other is `end-user`
_NOBODY = (None, "", -1, "-1")
_BODIES = ("body", "plain_body")
_BLANKS = re.compile(r"\s|\\r|\\n|&nbsp;|\u200b")  # of one text, Zendesk gives forms that differ in these
_TELLS_LENGTH = re.compile(r"\b(length|duration)\b[^:]{0,30}:", re.IGNORECASE)

Comments = list[dict[str, Any]]


def split(ticket: Mapping[str, Any], comments: Comments) -> tuple[dict[str, Any] | None, Comments]:
    """The comment that repeats the ticket's description, if one does, and the others, oldest first.

    One that says the same but for what was redacted in it repeats it, too, since Zendesk may redact it first.
    Those of one moment stay in Zendesk's order, which their ids do not tell. One without a time stays behind the one
    before it, and has its time.
    """
    ordered = sorted(_dated(ticket, comments), key=lambda one: one["created_at"] or "")
    if ordered and _repeats(ordered[0], ticket.get("description")):
        return ordered[0], ordered[1:]
    return None, ordered


def description(ticket: Mapping[str, Any], comment: Mapping[str, Any] | None) -> Any:
    """The ticket's description, or the words of the comment that repeats it if something was redacted only there."""
    said, words = ticket.get("description"), _words(comment) if comment else None
    return words if words and isinstance(said, str) and _hides(_squeezed(words), _squeezed(said)) else said


def whole(comment: Mapping[str, Any]) -> str:
    """All that the comment says: its words, and lines for its call and its files."""
    return _with_extras(_words(comment), comment) or attached.NO_TEXT


def mark(comment: Mapping[str, Any], author: str) -> str:
    """A fingerprint of what Zendesk says: the text, who may read it, and the author's id.

    The author's name is left out, because Zendesk does not always tell it. But the mark shows if it is still unknown.
    """
    said = [whole(comment), comment.get("public") is not False, str(comment.get("author_id"))]
    return json.fingerprint(said)[:12] + (_UNNAMED if author.startswith(NUMBER) else "")


def says_nothing_new(before: str | None, now: str) -> bool:
    """Whether the mark of a comment `now` tells of nothing that the one `before` did not. A name may be new."""
    return before in (now, now.removesuffix(_UNNAMED))


def opening(description: str, comment: Mapping[str, Any] | None) -> str:
    """The ticket's description, with what the comment that repeats it has beside its words."""
    return (_with_extras(description, comment) if comment else None) or description


def files_mark(comment: Mapping[str, Any] | None) -> str | None:
    """A fingerprint of the comment's files. None if it has none."""
    files = _files(comment or {})
    return json.fingerprint(attached.told(files))[:12] if files else None


def is_nobodys(comment: Mapping[str, Any]) -> bool:
    """Whether no person wrote it, but Zendesk itself, or somebody whom Zendesk does not name."""
    return comment.get("author_id") in _NOBODY


def is_by_staff(comment: Mapping[str, Any], author: Mapping[str, Any], requester_id: Any) -> bool:
    """Whether an agent wrote it. An agent who asks for something themselves is the requester, and no staff there."""
    return author.get("role") in _STAFF and str(comment.get("author_id")) != str(requester_id)


def is_answer(comment: Mapping[str, Any], author: Mapping[str, Any], requester_id: Any) -> bool:
    """Whether a customer may have said it, for all to read: the requester, somebody in copy, or whoever is unknown.

    Calls and chats have no author, but a customer in them. What Zendesk itself writes are plain comments.
    """
    is_system = is_nobodys(comment) and str(comment.get("type") or "Comment") == "Comment"
    return comment.get("public") is not False and not is_system and not is_by_staff(comment, author, requester_id)


def is_told_answer(comment: Mapping[str, Any], author: Mapping[str, Any], requester_id: Any) -> bool:
    """As `is_answer`, but not of somebody whom Zendesk does not tell this time: it may be an agent's of long ago."""
    is_told = bool(author) or is_nobodys(comment) or str(comment.get("author_id")) == str(requester_id)
    return is_told and is_answer(comment, author, requester_id)


def opened_by(comment: Mapping[str, Any], author: str, requester_id: Any, *, by_staff: bool) -> dict[str, str] | None:
    """Who wrote the comment that opened a ticket, and for whom. None if the requester did, for all to see."""
    is_internal = comment.get("public") is False
    if str(comment.get("author_id")) == str(requester_id) and not is_nobodys(comment) and not is_internal:
        return None
    return {
        "author": author,
        "by": "staff" if by_staff else "customer",
        "visibility": "internal" if is_internal else "public",
    }


def _dated(ticket: Mapping[str, Any], comments: Comments) -> Iterator[dict[str, Any]]:
    moments = [one.get("created_at") for one in comments if _is_time(one.get("created_at"))]
    last = next((one for one in [*moments, ticket.get("created_at"), ticket.get("updated_at")] if _is_time(one)), None)
    for one in comments:
        last = one["created_at"] if _is_time(one.get("created_at")) else last
        yield one | {"created_at": last}


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and times.parse(value) is not None


def _repeats(comment: Mapping[str, Any], description: Any) -> bool:
    forms = [comment.get(name) for name in _BODIES] + [_words(comment)]
    said = {_squeezed(one) for one in forms if isinstance(one, str) and one.strip()} or {""}
    told = _squeezed(description)
    return told in said or any(_hides(one, told) for one in said)


def _hides(redacted: str, said: str) -> bool:
    """Whether the one text is the other with something redacted in it."""
    first, *more = re.split(f"{BLOCK}+", redacted)
    if not more or redacted == said or not (said.startswith(first) and said.endswith(more[-1])):
        return False
    at = len(first)
    for part in more[:-1]:
        at = said.find(part, at) + len(part)
        if at < len(part):
            return False
    return at + len(more[-1]) <= len(said)


def _squeezed(value: Any) -> str:
    return _BLANKS.sub("", value) if isinstance(value, str) else ""


def _words(comment: Mapping[str, Any]) -> str | None:
    """Its plain text, or else the words of its HTML."""
    html = comment.get("html_body")
    plain = next((one for one in map(comment.get, _BODIES) if isinstance(one, str) and one.strip()), None)
    return _text(plain or (text_of(html) if isinstance(html, str) else None))


def _with_extras(said: str | None, comment: Mapping[str, Any]) -> str | None:
    call = "\n".join(_call(comment, said or ""))
    return attached.with_files("\n\n".join(one for one in (said, call) if one) or None, _files(comment))


def _files(comment: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = comment.get("attachments")
    return [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []


def _call(comment: Mapping[str, Any], said: str) -> Iterator[str]:
    """The lines of a phone call that its words do not have already. Zendesk mostly writes them into the words."""
    data = comment.get("data")
    if "voice" not in str(comment.get("type")).lower() or not isinstance(data, dict):
        return
    for label, name in (("Call from", "from"), ("Call to", "to")):
        number = _text(comment.get(f"formatted_{name}")) or _text(data.get(name))
        if number and not any(_has(said, one) for one in (number, data.get(name))):
            yield f"{label}: {number}"
    if (length := _length(data.get("call_duration"))) and not _TELLS_LENGTH.search(_BLANKS.sub(" ", said)):
        yield f"Length: {length}"
    for label, name in (("Recording", "recording_url"), ("Transcript", "transcription_text")):
        if (value := _text(data.get(name))) and not _has(said, value):
            yield f"{label}: {value}"


def _has(said: str, value: Any) -> bool:
    return bool(_squeezed(value)) and _squeezed(value) in _squeezed(said)


def _length(seconds: Any) -> str | None:
    """For people, such as `2 min 5 s`. None if Zendesk does not say it."""
    if isinstance(seconds, bool) or not re.fullmatch("[0-9]{1,6}", str(seconds)):
        return None
    minutes, rest = divmod(int(str(seconds)), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _text(value: Any) -> str | None:
    return mended(value) if isinstance(value, str) and value.strip() else None

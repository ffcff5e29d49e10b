"""The text of HTML, for a system that gives no plain text beside it.

Python's own parser takes minutes for some malformed HTML of a few hundred kilobytes, and anybody can send such a mail.
The expression here reads each character once or twice.
"""

import re
from html import unescape

_TAG = re.compile(r"<!--|-->|<(/?[A-Za-z][\w:-]*)(?:[\s/][^<>]*)?>|<!\[[^<>\]]*\]>|<![A-Za-z][^<>]*>")
_LINE_ENDS = {"br", "/p", "/div", "/li", "/tr", "/blockquote", "/h1", "/h2", "/h3", "/h4", "/h5", "/h6"}
# A line begins at these, unless one has just begun. HTML may leave out many of the tags that end one, such as `</li>`.
_BLOCKS = {"p", "div", "blockquote", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "/table", "tr", "pre", "/pre"}
_BLOCKS |= {"ul", "/ul", "ol", "/ol", "li", "dl", "/dl", "dt", "dd"}
_CELLS = {"td", "th"}
_ENDED_BY = {"<!--": "-->", "style": "/style", "script": "/script", "title": "/title"}  # what is between is no text


def text_of(html: str) -> str:
    """The words of HTML. Each block and each row of a table is on a line of its own, and a tab is between cells.

    If something that is no text does not end, it is taken as text.
    """
    pieces: list[str] = []
    at, until, hidden_from, end = 0, "", 0, "\n"
    for found in _TAG.finditer(html):
        tag = (found[1] or found[0]).lower()
        if until:
            at, until = (found.end(), "") if tag == until else (at, until)
            continue
        text = html[at : found.start()]
        end = _end(text, end)
        mark = _mark(tag, end)
        pieces += text, mark
        end = mark or end
        at = hidden_from = found.end()
        until = _ENDED_BY.get(tag, "")
    pieces.append(html[hidden_from if until else at :])
    return re.sub(r"\n{3,}", "\n\n", unescape("".join(pieces))).strip()


def _mark(tag: str, end: str) -> str:
    """What keeps the words before a tag and behind it apart. `end` is what `_end` says of the text before it."""
    if tag in _LINE_ENDS or (tag in _BLOCKS and end != "\n"):
        return "\n"
    return "\t" if tag in _CELLS and not end else ""


def _end(text: str, before: str) -> str:
    """How the text so far ends, if this is its last part: with a line end, a blank, or neither ("")."""
    words = text.rstrip(" \t")
    if not words:
        return before or text[-1:]
    return "\n" if words.endswith("\n") else text[len(words) :][-1:]

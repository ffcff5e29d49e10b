"""The text of HTML, for a system that gives no plain text beside it.

Python's own parser takes minutes for some malformed HTML of a few hundred kilobytes, and anybody can send such a mail.
The expression here reads each character once or twice.
"""

import re
from html import unescape

_TAG = re.compile(r"<!--|-->|<(/?[A-Za-z][\w:-]*)(?:[\s/][^<>]*)?>|<!\[[^<>\]]*\]>|<![A-Za-z][^<>]*>")
_LINE_ENDS = {"br", "/p", "/div", "/li", "/tr", "/blockquote", "/h1", "/h2", "/h3", "/h4", "/h5", "/h6"}
_ENDED_BY = {"<!--": "-->", "style": "/style", "script": "/script", "title": "/title"}  # what is between is no text


def text_of(html: str) -> str:
    """The words of HTML, with its line ends. If something that is no text does not end, it is taken as text."""
    pieces: list[str] = []
    at, until, hidden_from = 0, "", 0
    for found in _TAG.finditer(html):
        tag = (found[1] or found[0]).lower()
        if until:
            at, until = (found.end(), "") if tag == until else (at, until)
            continue
        pieces.append(html[at : found.start()])
        at = hidden_from = found.end()
        until = _ENDED_BY.get(tag, "")
        pieces.append("\n" if tag in _LINE_ENDS else "")
    pieces.append(html[hidden_from if until else at :])
    return re.sub(r"\n{3,}", "\n\n", unescape("".join(pieces))).strip()

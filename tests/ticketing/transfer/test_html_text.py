"""The text of HTML: its words and line ends, whatever a mail brings."""

import time

import pytest

from ticketing.transfer.html_text import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; two</p><ul><li>three</li></ul>", "One & two\nthree"),
        ("a<br>b<br/>c<div class='x'>d</div>e", "a\nb\ncd\ne"),
        (
            "<!DOCTYPE html><title>No</title><style>p {color: red}</style><script>if (a<b) x('<p>')</script>1 &lt; 2",
            "1 < 2",
        ),
        ("<!--[if mso]><p>Outlook</p><![endif]-->y<!-- z -->", "y"),
        ("<![if !IE]>x<![endif]>", "x"),
        ("<p>a</p>\n\n\n<p>b</p>", "a\n\nb"),
        ("a < b, <3 <o:p>and</o:p> <lea@family.test>", "a < b, <3 and <lea@family.test>"),
        ("no HTML", "no HTML"),
        ("", ""),
    ],
)
def test_words_and_line_ends_are_kept_and_nothing_else(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize("html", ["before <!-- after", "before <style> after", "before <script>if (a) { after"])
def test_what_does_not_end_hides_nothing(html: str) -> None:
    assert text_of(html).endswith("after")


@pytest.mark.parametrize("piece", ["<a", "<", "<!--", "<style>", "</a", "&", "<![CDATA[", "<a ", "<!x", "-->"])
def test_malformed_html_takes_no_minutes(piece: str) -> None:
    start = time.process_time()
    text_of(piece * 100_000)
    assert time.process_time() - start < 5

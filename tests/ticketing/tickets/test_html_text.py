"""The text of HTML: its words and line ends, whatever a mail brings."""

import time

import pytest

from ticketing.tickets.html_text import text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; two</p><ul><li>three</li></ul>", "One & two\nthree"),
        ("a<br>b<br/>c<div class='x'>d</div>e", "a\nb\nc\nd\ne"),
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


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Hi Lea,<div>the printer is on fire</div>", "Hi Lea,\nthe printer is on fire"),
        ("a<p>b", "a\nb"),
        ("<DIV>a<P CLASS='x'>b</P></DIV>", "a\nb"),
        ("Items:<ul><li>one</li><li>two</li></ul>after", "Items:\none\ntwo\nafter"),
        ("Items:<ol><li>one<li>two</ol>after", "Items:\none\ntwo\nafter"),
        ("<dl><dt>Floor<dd>3</dl>after", "Floor\n3\nafter"),
        ("He wrote:<blockquote>no</blockquote>", "He wrote:\nno"),
        ("a<h1>b</h1>c<h6>d", "a\nb\nc\nd"),
        ("a<hr>b<hr/>c", "a\nb\nc"),
        ("a<pre>b</pre>c", "a\nb\nc"),
        ("See:<table><tr><td>Serial</td><td>4711</td></tr></table>after", "See:\nSerial\t4711\nafter"),
        ("<table><tr><th>Serial<th>Floor<tr><td>4711<td>3</table>after", "Serial\tFloor\n4711\t3\nafter"),
    ],
)
def test_words_of_two_blocks_or_cells_are_apart(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div>a</div> <div>b</div>", "a\n b"),
        ("<div>a</div>\n  <div>b</div>", "a\n\n  b"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<div><div><p>a</p></div></div><div><p>b</p></div>", "a\n\nb"),
        ("<tr><td>a</td>\n<td>b</td></tr>", "a\nb"),
        ("<td><p>a</p></td><td><p>b</p></td>", "a\nb"),
        ("<b>a</b><i>b</i><pa>c</pa>", "abc"),
    ],
)
def test_what_is_apart_already_is_not_moved_further(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize("html", ["before <!-- after", "before <style> after", "before <script>if (a) { after"])
def test_what_does_not_end_hides_nothing(html: str) -> None:
    assert text_of(html).endswith("after")


@pytest.mark.parametrize(
    "piece", ["<a", "<", "<!--", "<style>", "</a", "&", "<![CDATA[", "<a ", "<!x", "-->", "<p> ", "<td>"]
)
def test_malformed_html_takes_no_minutes(piece: str) -> None:
    start = time.process_time()
    text_of(piece * 100_000)
    assert time.process_time() - start < 5

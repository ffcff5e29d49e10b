"""A line: what it may hold, what is refused and in which words, and the ids of tickets that bring none."""

from typing import Any

import pytest

from config import json, times
from config.refusals import Invalid
from tests.ticketing.transfer.transferring import line
from ticketing.tickets import ids
from ticketing.tickets.ticket import Ticket, draft
from ticketing.transfer import line as lines

NO_ADDRESS = 'ticket_id must not have "." or ".." as a part: no address can name such a ticket'


def read(**values: Any) -> Any:
    return lines.read(json.dumps(line(**values)).encode())


def test_a_line_of_another_system_gets_what_the_record_gives_an_item_that_lacks_it() -> None:
    ticket = read().ticket
    assert (ticket.channel, ticket.customer_id, ticket.status, ticket.priority, ticket.tier, ticket.version) == (
        "itsm",
        "default",
        "open",
        "normal",
        "general",
        1,
    )
    assert (ticket.created_at, ticket.updated_at) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z")


def test_a_line_without_an_id_gets_the_same_one_each_time_and_another_line_another() -> None:
    first, spaced = read(subject="A").ticket, lines.read(json.dumps(line(subject="A")).replace(":", ": ").encode())
    assert first.ticket_id == spaced.ticket.ticket_id != read(subject="B").ticket.ticket_id
    assert ids.is_id(first.ticket_id)
    assert read(customer_id="acme").ticket.ticket_id != read().ticket.ticket_id


def test_comments_without_ids_get_the_same_ones_each_time_in_the_order_of_their_times_then_of_the_line() -> None:
    at = ["2026-02-09T10:11:12.345Z", "2026-02-09T10:11:12.344Z", "2026-02-09T10:11:12.345Z"]
    said = [{"comment": "same", "created_at": one} for one in at]
    first, again = read(comments=said).comments, read(comments=said).comments
    assert first == again
    order = sorted(range(3), key=lambda place: first[place].comment_id)
    assert order == [1, 0, 2]
    assert all(ids.is_id(one.comment_id) for one in first)


def test_any_number_of_comments_of_one_moment_keep_their_order() -> None:
    found = read(comments=[{"comment": str(one)} for one in range(5_000)])
    assert sorted(found.comments, key=lambda one: one.comment_id) == found.comments
    assert found.ticket.last_comment_id == found.comments[-1].comment_id


def in_order(found: Any) -> list[str]:
    """The comments' texts as the record sorts them."""
    return [one.comment for one in sorted(found.comments, key=lambda one: one.comment_id.encode())]


def test_ids_of_another_system_are_replaced_by_the_same_ones_each_time_in_the_order_of_time() -> None:
    """Else an answer of ours, whose id begins with the time, would stand before comments of years ago."""
    names = ["36000001", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "\U0001f5a8"]
    said = [
        {"comment_id": name, "comment": str(place), "created_at": f"2026-02-09T10:11:1{place}Z"}
        for place, name in enumerate(names)
    ]
    found = read(comments=said)
    assert found.comments == read(comments=said).comments
    assert in_order(found) == ["0", "1", "2"]
    assert {ids.is_timed(one.comment_id) for one in found.comments} == {True}
    assert max(one.comment_id for one in found.comments) < ids.new_id()
    said[0]["comment_id"] = "36000000"
    assert found.comments[0].comment_id != read(comments=said).comments[0].comment_id


def test_ids_in_the_order_of_time_are_kept_but_only_in_the_form_in_which_they_sort() -> None:
    ours = [ids.new_id(), ids.new_id()]
    found = read(comments=[{"comment_id": one, "comment": "Hi"} for one in ours])
    assert [one.comment_id for one in found.comments] == ours
    strange = [ours[0].upper(), ours[0].replace("-", ""), f"{{{ours[0]}}}"]
    found = read(comments=[{"comment_id": one, "comment": "Hi"} for one in strange])
    assert not {*ours, *strange} & {one.comment_id for one in found.comments}


def test_a_comment_without_a_time_stays_behind_the_one_before_it() -> None:
    times = [None, "2026-02-09T10:11:12Z", None, "2026-02-09T10:11:13Z"]
    said = [{"comment": str(place), "created_at": at} for place, at in enumerate(times)]
    found = read(created_at="2026-02-09T10:11:00Z", comments=said)
    assert in_order(found) == ["0", "1", "2", "3"]
    assert [one.created_at[17:19] for one in found.comments] == ["00", "12", "12", "13"]


def test_comments_are_counted_as_they_stand_in_the_line_whatever_it_says() -> None:
    said = [{"comment": "2", "created_at": "2026"}, {"comment": "1", "created_at": "2025"}]
    said = [one | {"created_at": f"{one['created_at']}-02-09T00:00Z"} for one in said]
    found = read(comments=said, comment_count=7, last_comment_id="z")
    assert (found.ticket.comment_count, found.ticket.last_comment_id) == (2, found.comments[0].comment_id)


def test_a_whole_line_keeps_whatever_ids_the_record_has() -> None:
    names = ["36000001", "b", "a"]
    whole = read().ticket.to_json() | {"comments": [{"comment_id": one, "comment": "Hi"} for one in names]}
    found = lines.read(json.dumps(whole).encode())
    assert [one.comment_id for one in found.comments] == names
    assert found.ticket.last_comment_id == "b"


def test_a_comment_without_a_visibility_is_kept_from_customers() -> None:
    found = read(comments=[{"comment": "Hi"}, {"comment": "Hi", "visibility": "public"}, {"comment": "Hi"}])
    assert [one.visibility for one in found.comments] == ["internal", "public", "internal"]
    assert found.unsaid == 2


def test_the_same_line_has_the_same_fingerprint_however_it_is_written() -> None:
    first = read(ticket_id="t", subject="A")
    spaced = lines.read(json.dumps({"subject": "A", "ticket_id": "t"} | line()).replace(":", ": ").encode())
    assert first.fingerprint == spaced.fingerprint != read(ticket_id="t", subject="B").fingerprint


def test_times_of_another_system_are_put_into_the_records_form() -> None:
    ticket = read(created_at="2026-02-09T11:11:12+01:00").ticket
    assert ticket.created_at == ticket.updated_at == "2026-02-09T10:11:12.000Z"


def test_numbers_in_attributes_keep_every_digit() -> None:
    text = b'{"caller_id":"c","issue_description":"d","attributes":{"n":1.10,"big":123456789012345678901234567890.50}}'
    attributes = lines.write(lines.read(text))
    assert b'"n":1.10' in attributes
    assert b'"big":123456789012345678901234567890.50' in attributes


@pytest.mark.parametrize(
    "text", ["Принтер é 🖨️", "\u2028\x85\x7f", '\0\n"\\', "\ud800 alone", "\udc00\ud800", "\\ud800"]
)
def test_a_line_is_utf_8_and_what_is_no_character_is_escaped(text: str) -> None:
    written = lines.write(read(attributes={"text": text, f"name {text}": 1}))
    assert b"\n" not in written
    assert lines.read(written).ticket.attributes == {"text": text, f"name {text}": 1}
    if text.isprintable():
        assert text.encode() in written


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(chr(code), id=f"U+{code:04X}")
        for code in range(0x11000)
        if len(f"a{chr(code)}b".splitlines()) > 1 or code in (0x7F, 0x2028, 0x2029)
    ],
)
def test_a_line_is_one_line_to_every_reader_and_the_value_comes_back_as_it_was(end: str) -> None:
    text = f"one{end}two{end}{end}"
    comment = {"comment": text, "author": f"Lea{end}", "created_at": "2026-02-09T10:11:12Z"}
    found = read(subject=text, tags=[text], attributes={text: [text, {f"{end}": "\\u2028"}]}, comments=[comment])
    if end == "\0":
        return
    written = lines.write(found).decode()
    assert written.splitlines() == [written]
    again = lines.read(written.encode())
    assert (again.ticket, again.comments) == (found.ticket, found.comments)
    assert (again.ticket.subject, again.comments[0].author) == (text, f"Lea{end}")


def test_no_longer_line_is_written_than_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(subject="é" * 100)
    written = lines.write(found)
    monkeypatch.setattr(lines, "LONGEST", len(written) + 1)  # with its end
    assert lines.read(lines.write(found) + b"\n").ticket == found.ticket
    monkeypatch.setattr(lines, "LONGEST", len(written))
    with pytest.raises(Invalid, match=rf"^The ticket {found.ticket.reference} with its comments is longer than"):
        lines.write(found)


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert lines.read(b"\xef\xbb\xbf" + json.dumps(line()).encode()).ticket.caller_id == "lea"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"caller_id": None}, "caller_id is required"),
        ({"caller_id": " "}, "caller_id is required"),
        ({"caller_id": 7}, "caller_id must be a text"),
        ({"caller_id": "é" * 1025}, "caller_id must have 1 to 2048 bytes"),
        ({"issue_description": None}, "issue_description is required"),
        ({"issue_description": ""}, "issue_description is required"),
        ({"issue_description": ["x"]}, "issue_description must be a text"),
        ({"issue_description": "\ud800"}, "issue_description has a lone surrogate, which is no character"),
        ({"subject": "a\0b"}, "subject has a NUL character, which cannot be kept"),
        ({"subject": "x" * 2001}, "subject must not be longer than 2000 characters"),
        ({"ticket_id": ""}, "ticket_id must have 1 to 2048 bytes"),
        ({"ticket_id": 7}, "ticket_id must be a text"),
        *(({"ticket_id": one}, NO_ADDRESS) for one in (".", "..", "a/..", "./a", "a/../b")),
        ({"ticket_id": "t", "reference": "F-0000-0000"}, "reference is another ticket's: this one's is F-WEWR-MKD3"),
        ({"status": "done"}, "status must be one of: open, pending, solved, closed"),
        ({"status": ["open"]}, "status must be one of: open, pending, solved, closed"),
        ({"priority": 1}, "priority must be one of: low, normal, high, urgent"),
        ({"tier": "silver"}, "tier must be one of: general, gold"),
        ({"channel": "fax"}, "channel must be one of: itsm, routing, submission, zendesk, event, desk"),
        ({"version": 0}, "version must be a whole number from 1 on"),
        ({"version": True}, "version must be a whole number from 1 on"),
        ({"version": 2**63}, "version must be a whole number from 1 on"),
        ({"created_at": "yesterday"}, "created_at must be a time such as 2026-02-09T10:11:12.345Z"),
        ({"updated_at": 7}, "updated_at must be a text"),
        ({"tags": "printer"}, "tags must be a list of texts"),
        ({"tags": [1]}, "tags must be a list of texts"),
        ({"tags": ["x"] * 101}, "tags must not be more than 100"),
        ({"tags": ["x" * 201]}, "tags must not be longer than 200 characters"),
        ({"requester": {"id": "7"}}, "requester must be null or an object of name and email"),
        ({"requester": {"name": 7}}, "requester's name must be a text"),
        ({"attributes": [1]}, "attributes must be a JSON object"),
        ({"colour": "red"}, "colour is not known here"),
        ({"colour": "red", "\ud800": 1}, "colour is not known here; ? is not known here"),
        ({"comments": {}}, "comments must be a list of objects"),
        ({"comments": ["Hi"]}, "comments must be a list of objects"),
        ({"comments": [{"comment": "Hi"}, {}]}, "comment 2: comment is required"),
        ({"comments": [{"comment": "Hi", "mood": "good"}]}, "comment 1: mood is not known here"),
        ({"comments": [{"comment": "Hi", "ticket_id": "other"}]}, "comment 1: ticket_id is another ticket's"),
        ({"comments": [{"comment": "Hi", "comment_id": ""}]}, "comment 1: comment_id must have 1 to 1009 bytes"),
        (
            {"comments": [{"comment": "Hi", "visibility": "secret"}]},
            "comment 1: visibility must be one of: public, internal",
        ),
        ({"comments": [{"comment": "Hi", "comment_id": "1"}] * 2}, "comments: a comment_id is there twice"),
    ],
)
def test_what_a_line_must_not_hold_is_refused_with_a_sentence_that_names_it(
    values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read(**values)
    assert refused.value.sentence == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"no JSON", "The line is not valid JSON"),
        (b'{"caller_id": "c"', "The line is not valid JSON"),
        (b'{"n": NaN}', "The line is not valid JSON"),
        (b"\xff\xfe{}", "The line is not UTF-8"),
        ('{"subject": "é"}'.encode("latin-1"), "The line is not UTF-8"),
        (b'{"a": 1}\r{"b": 2}\r', "The line is not valid JSON: CR ends no line, LF does"),
        (b"no JSON\r\n", "The line is not valid JSON"),
        (b"[1]", "The line is not a JSON object"),
        (b'{"a": 1, "a": 2}', 'The line cannot be kept as it is: the name "a" is there twice'),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "The line cannot be kept as it is: it is nested too deeply"),
        (b'{"a": 1e999999999}', "The line cannot be kept as it is: a number is out of range"),
    ],
)
def test_a_line_that_is_no_json_object_is_refused(text: bytes, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        lines.read(text)
    assert refused.value.sentence == sentence


AT = "2026-02-09T10:11:12.345Z"


def test_another_systems_ticket_is_received_now_unless_its_line_says_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "now", lambda: AT)
    ticket = read(created_at="2009-07-20T22:01:29Z").ticket
    assert (ticket.created_at, ticket.received_at) == ("2009-07-20T22:01:29.000Z", AT)
    assert read(received_at="2010-01-01T01:00+01:00").ticket.received_at == "2010-01-01T00:00:00.000Z"


def test_an_exported_ticket_was_received_when_it_says_and_one_that_does_not_say_when_it_was_created() -> None:
    values = draft(channel="itsm", customer_id="acme", tier="gold", caller_id="c", issue_description="").to_json()
    values |= {"ticket_id": "t", "reference": None, "created_at": "2009", "updated_at": "2010", "comments": []}
    assert lines.read(json.dumps(values | {"received_at": AT}).encode()).ticket.received_at == AT
    del values["received_at"]
    found = lines.read(json.dumps(values | {"subject": "x" * 3000}).encode())
    assert (found.ticket.received_at, len(found.ticket.subject or "")) == ("2009", 3000)  # whole all the same


def test_a_whole_line_is_taken_as_the_record_had_it() -> None:
    values = draft(channel="itsm", customer_id="acme", tier="gold", caller_id="c", issue_description="").to_json()
    values |= {"ticket_id": "bare", "created_at": "yesterday", "updated_at": "", "subject": "x" * 3000, "comments": []}
    values |= {"updated_at": "some day", "tags": ["\0"], "reference": None, "version": 0}
    ticket: Ticket = lines.read(json.dumps(values).encode()).ticket
    assert (ticket.created_at, ticket.updated_at, ticket.subject) == ("yesterday", "some day", "x" * 3000)
    assert (ticket.issue_description, ticket.tags, ticket.version) == ("", ["\0"], 0)

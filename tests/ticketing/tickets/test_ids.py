"""Ids and references."""

import subprocess
import sys
import time
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import json
from ticketing.tickets import ids

ONE = "01a1fd35-2ef3-7740-852a-2debefcc0860"


def test_fresh_ids_are_uuids_in_order_of_time() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert {uuid.UUID(one).version for one in made} == {7}


def test_ids_made_in_bursts_keep_to_the_clock() -> None:
    """Else those of another process, made later, would sort between them."""
    before = time.time_ns() // 1_000_000
    made = [ids.new_id() for _ in range(20_000)]
    after = time.time_ns() // 1_000_000
    assert before <= _milliseconds(made[0])
    assert _milliseconds(made[-1]) <= after
    assert made == sorted(set(made))


def test_ids_of_other_processes_sort_by_time_even_after_a_burst_and_are_never_the_same() -> None:
    ours = [ids.new_id() for _ in range(20_000)]
    parent_and_child = """
import os
from ticketing.tickets import ids
ids.new_id()
if child := os.fork():
    os.waitpid(child, 0)
print(*[ids.new_id() for _ in range(100)], sep="\\n", flush=True)
"""
    ran = subprocess.run([sys.executable, "-c", parent_and_child], capture_output=True, text=True, check=True)
    theirs = ran.stdout.split()
    assert len({*ours, *theirs}) == len(ours) + 200
    assert max(ours) < min(theirs)
    assert max(theirs) < ids.new_id()


def _milliseconds(made: str) -> int:
    return uuid.UUID(made).int >> 80


def test_a_key_always_stands_for_the_same_id_of_its_customer_and_operation() -> None:
    one = ids.keyed_id("acme", "POST /itsm/tickets", "key")
    assert one == ids.keyed_id("acme", "POST /itsm/tickets", "key")
    assert uuid.UUID(one).version == 5
    others = [("other", "POST /itsm/tickets", "key"), ("acme", "POST /routing/tickets", "key"), ("acme", "POST", "k")]
    assert one not in {ids.keyed_id(*other) for other in others}


def test_keys_cannot_be_joined_into_those_of_others() -> None:
    assert ids.keyed_id("a", "b", "c,d") != ids.keyed_id("a", "b,c", "d")
    assert ids.keyed_id('a","b', "c", "d") != ids.keyed_id("a", 'b","c', "d")


def test_the_ids_of_keys_never_change() -> None:
    assert ids.keyed_id("acme", "POST /itsm/tickets", "key") == "5ae57f47-0f3a-5683-9b51-42687630809b"


def test_timed_ids_are_in_the_order_of_the_moment_then_of_however_many_places() -> None:
    at, later = "2026-02-09T10:11:12.345Z", "2026-02-09T10:11:12.346Z"
    made = [ids.timed_id(at, place, str(place)) for place in range(10_000)]
    assert made == sorted(set(made))
    assert made[-1] < ids.timed_id(later, 0, "later")
    assert {uuid.UUID(one).version for one in made} == {7}


def test_timed_ids_never_change() -> None:
    """Else an import that is repeated would double comments."""
    made = [ids.timed_id("2026-02-09T10:11:12.345Z", place, "name") for place in (0, 4094)]
    assert made == ["019c41e2-3f59-7000-a0a8-d4dffc36f39f", "019c41e2-3f59-7ffe-a0a8-d4dffc36f39f"]


def test_an_id_is_timed_if_it_sorts_among_those_made_here() -> None:
    assert ids.is_timed(ids.new_id())
    assert ids.is_timed(ids.timed_id("2026-02-09T10:11:12.345Z", 0, "name"))
    for other in (str(uuid.uuid4()), ids.keyed_id("a", "b", "c"), ONE.upper(), ONE.replace("-", ""), "36000001", ""):
        assert not ids.is_timed(other)


@given(st.uuids())
def test_a_reference_is_read_back_however_it_is_typed(ticket_id: uuid.UUID) -> None:
    reference = ids.reference(str(ticket_id))
    first, second = reference[2:6], reference[7:]
    assert reference == f"F-{first}-{second}"
    assert set(first + second) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    misheard = (first + second).replace("0", "O").replace("1", "l")
    for typed in (reference, reference.lower(), first + second, f" f{first}{second} ", misheard):
        assert ids.parse_reference(typed) == reference


@pytest.mark.parametrize("text", ["", "F-", "F-7K3M", "F-7K3M-9Q2U", "F-7K3M-9Q2D-1", "hello", "G-7K3M-9Q2D"])
def test_what_can_be_no_reference_is_none(text: str) -> None:
    assert ids.parse_reference(text) is None


def test_a_reference_is_computed_from_the_id_alone() -> None:
    assert ids.reference("01a1fd35-2ef3-7740-852a-2debefcc0860") == ids.reference(
        "01a1fd35-2ef3-7740-852a-2debefcc0860"
    )
    assert ids.reference("01a1fd35-2ef3-7740-852a-2debefcc0860") != ids.reference(
        "01a1fd35-2ef3-7740-852a-2debefcc0861"
    )


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (["7253394974479", "7253394974479.0", "7.253394974479E12", "7253394974479.000", "72533949744790e-1"], None),
        (["0", "-0", "0.0", "-0.00", "0e7"], "0"),
        (["1.5", "1.50", "15e-1"], "1.5"),
        (["-12", "-12.0", "-1.2e1"], "-12"),
        (["100", "1e2", "1.00E+2", "100.0"], "100"),
        (["123456789012345678901234567890123456789", "123456789012345678901234567890123456789.0"], None),
    ],
)
def test_a_number_that_is_an_id_has_one_text_however_it_was_written(written: list[str], text: str | None) -> None:
    assert {ids.from_number(json.loads(one)) for one in written} == {text or written[0]}


def test_the_longest_number_that_is_taken_has_a_text_too() -> None:
    assert len(ids.from_number(Decimal("1e100000"))) == 100_001

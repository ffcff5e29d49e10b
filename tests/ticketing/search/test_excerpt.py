"""The piece of a text that matches, the same on every database."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import SafeString

from tests.ticketing.search.conftest import Store
from ticketing.search import query
from ticketing.search.excerpt import MOST_READ, excerpts, marked, piece

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


def of(typed: str, *ticket_ids: str) -> dict[str, SafeString]:
    return excerpts(ticket_ids or ("t-1",), query.parse(typed))


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("fire", "Printer on FIRE!", "Printer on <mark>FIRE</mark>!"),
        ("fire printer", "Printer on fire", "<mark>Printer</mark> on <mark>fire</mark>"),
        ("fir*", "fires, afire, fir", "<mark>fires</mark>, afire, <mark>fir</mark>"),
        ('"on fire"', "on the fire, on  fire", "on the fire, <mark>on  fire</mark>"),
        ('on "on fire"', "on fire", "<mark>on</mark><mark> fire</mark>"),
        ("strasse", "Größe der Straße", "Größe der <mark>Straße</mark>"),
        ("東京", "在東京都", "在<mark>東京</mark>都"),
        ("a", "<a> & b", "&lt;<mark>a</mark>&gt; &amp; b"),
    ],
)
def test_terms_are_marked(typed: str, text: str, expected: str) -> None:
    assert piece(text, query.parse(typed)) == marked(text, query.parse(typed)) == expected


def test_of_a_long_text_the_piece_around_the_first_match_is_shown() -> None:
    shown = piece("lorem ipsum " * 100 + "needle" + " dolor sit" * 100, query.parse("needle"))
    assert shown is not None
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "ipsum <mark>needle</mark> dolor" in shown
    assert len(shown) < 300


def test_a_text_without_the_terms_has_no_piece() -> None:
    assert piece("Printer on fire", query.parse("water")) is None
    assert marked("Printer <on> fire", query.parse("water")) == "Printer &lt;on&gt; fire"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("uber", "Das ist Über"),
        ("ÜBER", "das ist u\u0308ber"),
        ("'it''s'", "don't say it-s"),
        ("don't", "I don\u2019t"),
        ("москва", "Нет, МОСКВА́!"),  # noqa: RUF001
        ("한국", "여기는 한국 입니다"),
        ("東京", "在東京"),
        ("a.b*", "x a.bc y"),
        ("[x] (y|z)", "x y z"),
        ("100%", "100 %"),
    ],
)
def test_the_comment_that_matches_is_found_among_many(typed: str, text: str, store: Store) -> None:
    store(comments=["first", text, "last"])
    assert "<mark>" in of(typed)["t-1"]


def test_one_query_serves_all_tickets_of_a_page(store: Store) -> None:
    ids = [store(f"t-{n}", issue_description="It burns" if n % 2 else "", comments=["burns!"]) for n in range(10)]
    with CaptureQueriesContext(connection) as queries:
        found = of("burns", *ids)
    assert len(queries) == 1
    assert {found["t-1"], found["t-2"]} == {"It <mark>burns</mark>", "Internal note: <mark>burns</mark>!"}
    assert len(found) == 10


@pytest.mark.parametrize("text", ["é" * 100_000, "a" * 100_000, "a " * 50_000, "\u0301" * 100_000, "東 " * 50_000])
@pytest.mark.parametrize("typed", ["a" * 80, "é" * 80 + "b", "a " * 20, '"' + "a " * 19 + 'b"', "東" * 20, "aé東*"])
def test_no_text_makes_it_slow(text: str, typed: str, store: Store) -> None:
    store(issue_description=text, comments=[text])
    began = time.process_time()
    of(typed)
    assert time.process_time() - began < 2
    assert len(text) > MOST_READ


def test_beyond_what_is_looked_through_nothing_is_shown(store: Store) -> None:
    store(issue_description="filler " * MOST_READ + "needle")
    assert of("needle") == {}


def test_any_text_and_terms(store: Store) -> None:
    odd: Any = "\ufffd ' \\ [ ( { * + ? ^ $ | . % _ \ue000 🖨️"
    store(issue_description=odd, comments=[odd])
    assert of("\\ [x]* ({^$|._%") == {}

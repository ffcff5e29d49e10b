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


# What could be written in the most ways.
MANY_WAYS = " ".join("aethssoeffi" * 7 + letter for letter in "bcdgjklmnpqruvwxyzh")


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
        ("*schutz*", "Schutz, Brandschutztür", "<mark>Schutz</mark>, <mark>Brandschutztür</mark>"),
        ("*schutz", "Schutzraum, Datenschutz", "Schutzraum, <mark>Datenschutz</mark>"),
        ("030901820", "Call +49 (0)30 9018-20 now", "Call <mark>+49 (0)30 9018-20</mark> now"),
        ("1234567 rows", "1,234,567 rows", "<mark>1,234,567</mark> <mark>rows</mark>"),
        ("2133abcce49d", "21:33:AB:CC:E4:9D", "<mark>21:33:AB:CC:E4:9D</mark>"),
        ("1.7", "v1.7 or 1.7", "v<mark>1.7</mark> or <mark>1.7</mark>"),
        ("환불", "환불을 요청", "<mark>환불을</mark> 요청"),
        ("pdf", "PDF를", "<mark>PDF</mark>를"),
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


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("환불", "아직 환불을 못 받았습니다"),
        ("가다", "길을 가닥가닥"),
        ("열", "PDF를 열 수 없습니다"),
        ("법", "법을 지켜야"),
        ("pdf", "PDF를 열 수 없습니다"),
        ("상사", "ABC상사"),
        ("*schutz*", "Die Brandschutztür"),
        ("*SCHUTZ", "Der Datenschutz."),
        ("*größe*", "Die Schuhgrößen"),
        ("2133abcce49d", "MAC 21:33:ab:cc:e4:9d"),
        ("21:33:ab:cc:e4:9d", "MAC 2133.ABCC.E49D"),
        ("2133abcc*", "MAC 21:33:ab:cc:e4:9d"),
        ("4930901820", "Tel. +49 (0)30 9018-20"),
        ("030901820", "Tel. +49 (0)30 9018-20"),
        ("+49 30 901820", "Tel. 030/9018-20"),
        ("01727654321", "Tel. 0171 1234567/0172 7654321"),
        ("aabbccddeeff", "MAC AA:BB:CC:DD:EE:FF"),
        ("AA:BB:CC:DD:EE:FF", "MAC aabb.ccdd.eeff"),
        ("앱", "앱에서는 로그인이 안 돼요"),
        ("1234567", "1,234,567 rows"),
        ("1,234", "1234 rows"),
        ("1234", "1,234 rows"),
        ("1.7", "since v1.7"),
        ("550e8400e29b41d4a716446655440000", "id 550e8400-e29b-41d4-a716-446655440000"),
    ],
)
def test_what_is_written_in_another_way_is_marked(typed: str, text: str, store: Store) -> None:
    store(comments=["first", text, "last"])
    assert "<mark>" in of(typed)["t-1"]
    assert "first" not in of(typed)["t-1"]


@pytest.mark.parametrize(
    ("typed", "before", "text"),
    [
        ("art", "I restarted the printer", "modern art hangs here"),
        ("ship", "the shipping is free", "the ship is late"),
        ("SHIP", "worship", "Ship"),
        ('"on fire"', "upon fires", "on fire"),
        ("print*", "a blueprint", "printers"),
        ("рот", "ворота открыты", "рот болит"),
        ("москва", "другие слова", "Москва"),
        ("ecole", "écoles", "École"),
        ("needle", "filler " * MOST_READ + "needle", "a needle"),
        ("*schutz", "Schutzraum", "Datenschutz"),
        ("법", "방법", "법을"),
        ("1234", "12-34", "1,234"),
        ("2133abcce49d", "2133abcce49d7", "21:33:ab:cc:e4:9d"),
    ],
)
def test_a_comment_that_only_seems_to_match_hides_none(typed: str, before: str, text: str, store: Store) -> None:
    store(comments=[before, text])
    assert of(typed)["t-1"] == f"Internal note: {piece(text, query.parse(typed))}"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("strasse", "die Straße"),
        ("lodz", "z Łodzi do ŁÓDŹ"),
        ("coeur", "le Cœur"),
        ("aether*", "im Ætherwind"),
        ("nort*", "the northern one"),
        ("north*", "the northern one"),
        ("staff*", "the staffing"),
        ("isparta", "\u0131sparta"),
        ("office", "the o\ufb03ce"),
        ("office", "the of\ufb01ce"),
        ("office", "the o\ufb00ice"),
        ("market", "mar\u00adket"),
        ("12", "１２"),  # noqa: RUF001
        ("tokyo", "東tokyo京"),
        ("x" * 100, "x" * 200),
        ("שלום", "שָׁלוֹם"),
        ("हिन्दी", "यह हिन्दी है"),
        ("가나", "가나"),
        ("ab cd", "\xa0cd\xa0"),
    ],
)
def test_a_comment_matches_however_its_letters_are_written(typed: str, text: str, store: Store) -> None:
    store(comments=["first", text])
    assert "<mark>" in of(typed)["t-1"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("lea", "Caller: <mark>lea</mark>"),
        ("lopez", "Requester: María <mark>López</mark>"),
        ("maria@example.com", "Requester: <mark>maria@example.com</mark>"),
        ("maria printer", "A <mark>printer</mark>"),
    ],
)
def test_who_it_is_about_is_shown_where_nothing_that_was_said_matches(typed: str, expected: str, store: Store) -> None:
    store(issue_description="A printer", requester={"name": "María López", "email": "maria@example.com"})
    assert of(typed)["t-1"] == expected


def test_one_query_serves_all_tickets_of_a_page(store: Store) -> None:
    ids = [store(f"t-{n}", issue_description="It burns" if n % 2 else "", comments=["burns!"]) for n in range(10)]
    with CaptureQueriesContext(connection) as queries:
        found = of("burns", *ids)
    assert len(queries) == 1
    assert {found["t-1"], found["t-2"]} == {"It <mark>burns</mark>", "Internal note: <mark>burns</mark>!"}
    assert len(found) == 10


@pytest.mark.parametrize(
    "text", ["é" * 100_000, "a" * 100_000, "a " * 50_000, "\u0301" * 100_000, "東 " * 50_000, "0 1" * 40_000]
)
@pytest.mark.parametrize(
    "typed",
    [
        "a" * 80,
        "é" * 80 + "b",
        "a " * 20,
        "aethoeffi" * 9 + " ",
        MANY_WAYS,
        '"' + "a " * 19 + 'b"',
        "東" * 20,
        "aé東*",
        "*aaa*",
        "01" * 10,
        "+49 0" + "10" * 8,
        "환불 법",
    ],
)
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

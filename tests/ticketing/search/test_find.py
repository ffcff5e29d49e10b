"""What is typed finds the same tickets on every database."""

import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ticketing.search.conftest import Store, found
from ticketing.models import IndexedTicket
from ticketing.search import find, postgres
from ticketing.search.find import search
from ticketing.search.parts import MOST_WORDS, OVERLAP
from ticketing.search.query import MOST_WORDS as MOST_TYPED
from ticketing.search.words import words
from ticketing.tickets import ids

pytestmark = [pytest.mark.django_db, pytest.mark.sql]


@pytest.fixture(autouse=True)
def printers(store: Store) -> None:
    store("t-1", subject="Paper jam in the office", issue_description="It beeps", comments=["Jammed again", "Ça brûle"])
    store("t-2", subject="Jam on paper", issue_description="A breakfast ticket", comments=["Was paper, jam is next"])
    store("t-3", subject=None, issue_description="Größe der Straße", comments=["東京タワーの近く", "lea@example.com"])


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("office", {"t-1"}),
        ("OFFICE beeps", {"t-1"}),
        ("office breakfast", set()),
        ("again beeps jam", {"t-1"}),  # subject, description and comment
        ("paper", {"t-1", "t-2"}),
        ('"paper jam"', {"t-1", "t-2"}),
        ('"jam paper"', set()),
        ('"jam on paper"', {"t-2"}),
        ('"jam on paper', {"t-2"}),
        ('office"', {"t-1"}),
        ("“paper jam” office", {"t-1"}),
        ('"office it"', set()),  # the subject's last word and the description's first
        ('"again ca"', set()),  # of two comments
        ("jam*", {"t-1", "t-2"}),
        ("jamm*", {"t-1"}),
        ("jamm", {"t-1"}),  # no ticket has that word, but one that begins so
        ('"paper ja"*', {"t-1", "t-2"}),
        ("ca BRULE", {"t-1"}),
        ("groesse", set()),
        ("grosse strasse", {"t-3"}),
        ("GRÖSSE", {"t-3"}),
        ("東京", {"t-3"}),
        ("京東", set()),
        ("タワー 近く", {"t-3"}),
        ("lea@example.com", {"t-3"}),
        ("example.com", {"t-3"}),
        ("example@lea.com", set()),
        ("paper AND office", set()),
        ("NEAR(paper jam)", set()),
        ("paper | office", {"t-1"}),
        ("subject:paper", set()),
        ("-paper", {"t-1", "t-2"}),
        ("paper':*", {"t-1", "t-2"}),
        ("paper\\", {"t-1", "t-2"}),
        ("'); DROP TABLE ticketing_indexedticket; --", set()),
        ("%s {} %", set()),
        ("", set()),
        ("?!", set()),
        ("*", set()),
        ('""', set()),
        ("\0 \ud800", set()),
        ("paper\0jam", {"t-1", "t-2"}),
        ("\ue000", set()),
        ("paper \ue001", {"t-1", "t-2"}),
    ],
)
def test_what_is_typed_finds(typed: str, expected: set[str]) -> None:
    assert set(found(typed)) == expected


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("lodz", "Łódź"),
        ("soren", "Søren"),
        ("SØREN", "soren"),
        ("dorde", "Đorđe"),
        ("aether", "Æther"),
        ("coeur", "cœur"),
        ("ol", "Øl"),
        ("ISPARTA", "\u0131sparta"),
        ("istanbul", "İSTANBUL"),
        ("hal", "Ħal"),
        ("thor", "Þór"),
        ("fru guðrun", "Frú Guðrún"),
        ("gudrun", "Guðrún"),
        ("fabrega", "Fàbrega"),
    ],
)
def test_no_accent_matters(typed: str, text: str, store: Store) -> None:
    store("t-4", subject=text)
    assert found(typed) == ["t-4"]


@pytest.mark.parametrize(
    "typed",
    ["maria.lopez@example.org", "lopez@example.org", "example.org", "Maria Lopez", "lópez", "office maria", "emp-4711"],
)
def test_a_person_is_found_by_what_they_are_called(typed: str, store: Store) -> None:
    requester = {"name": "María López", "email": "maria.lopez@example.org"}
    store("t-4", subject="Office", caller_id="emp-4711", requester=requester)
    store("t-5", subject="Office", caller_id="emp-4712", requester={"name": "Mario Lopes"})
    assert found(typed) == ["t-4"]
    assert found('"maria lopez maria"') == []  # name and address


def test_a_ticket_of_a_person_comes_before_one_that_names_them(store: Store) -> None:
    store("t-4", caller_id="gerda", day=1)
    store("t-5", comments=["Ask Gerda"], day=9)
    assert found("gerda") == ["t-4", "t-5"]


def test_another_requester_is_found_at_once(store: Store) -> None:
    store("t-1", requester={"name": "Gerda"})
    IndexedTicket.objects.filter(pk="t-1").update(version=0)
    store("t-1", requester={"name": "Bruno"})
    assert (found("gerda"), found("bruno")) == ([], ["t-1"])


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("환불", "환불을 요청했는데 아직 처리되지 않았습니다"),
        ("요청", "환불을 요청했는데 아직 처리되지 않았습니다"),
        ("처리", "환불을 요청했는데 아직 처리되지 않았습니다"),
        ("환불을", "환불을 요청했는데"),
        ("요청 환불", "환불을 요청했는데"),
        ("환불 요청", "환불\n요청"),
        ("프린터", "프린터가 고장났어요"),
        ("서울", "서울에서는 됩니다"),
        ("비밀번호", "비밀번호를 잊어버렸습니다"),
        ("PDF", "PDF를 열 수 없습니다"),
        ("wifi", "사무실 WiFi에서 연결이 끊깁니다"),
        ("3", "3개의 프린터"),
        ("법", "법을 지켜야"),
        ("환불", unicodedata.normalize("NFD", "환불을")),
    ],
)
def test_a_korean_noun_is_found_by_its_stem(typed: str, text: str, store: Store) -> None:
    store("t-4", subject=text)
    assert found(typed) == ["t-4"]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("법", "방법을 찾았다"),
        ("불을", "환불을"),
        ("환불을", "환불 요청"),
        ("바다", "바에서는 바들이"),
    ],
)
def test_a_korean_word_is_not_found_by_something_else(typed: str, text: str, store: Store) -> None:
    store("t-4", subject=text)
    assert found(typed) == []


@pytest.mark.parametrize(
    "text",
    [
        "앱에서는 로그인이 안 돼요",
        "앱인데 안 열려요",
        "앱에는 없어요",
        "이 앱으로도 안 돼요",
        "앱하고 웹",
        "앱마다 달라요",
        "앱들이 느려요",
        "앱들",
    ],
)
def test_a_korean_noun_of_one_syllable_is_found_with_particles_behind_it(text: str, store: Store) -> None:
    store("t-4", subject="앱이 멈춰요", day=1)
    store("t-5", subject=text, day=2)
    store("t-6", subject="앱스토어에서는 됩니다")
    assert set(found("앱")) == {"t-4", "t-5"}


def test_a_korean_word_that_begins_like_another_is_not_found_by_it(store: Store) -> None:
    store("t-4", subject="바가 닫혔어요")
    store("t-5", subject="바다에 갔어요")
    assert (found("바"), found("바다")) == (["t-4"], ["t-5"])


def test_as_many_korean_nouns_of_one_syllable_as_a_search_may_have_are_found(store: Store) -> None:
    nouns = [chr(ord("가") + 28 * n) for n in range(MOST_TYPED)]
    store("t-4", subject=" ".join(f"{noun}에서는" for noun in nouns))
    store("t-5", subject=" ".join(nouns))
    assert set(found(" ".join(nouns))) == {"t-4", "t-5"}


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("*mitte*", "Die Schutzvermittelung fehlt"),
        ("*schutz*", "Brandschutztür klemmt"),
        ("*SCHUTZ*", "Datenschutz"),
        ("*schutz*", "Schutzraum"),
        ("*schutz", "Datenschutz"),
        ("*tür*", "Die Brandschutztüre"),
        ("*työ* papier", "Etätyöhuone mit Papier"),
        ("*불을*", "환불을"),
        ("*ab*", "abends"),  # too short for an inner part, so a beginning
    ],
)
def test_an_inner_part_of_a_word_finds_it(typed: str, text: str, store: Store) -> None:
    store("t-4", issue_description=text)
    assert found(typed) == ["t-4"]


@pytest.mark.parametrize(
    ("typed", "text"),
    [("*schutz", "Schutzraum"), ("*schutz*", "Schatz"), ("*ab*", "Kabel"), ("schutz*", "Brandschutz")],
)
def test_an_inner_part_finds_no_other_word(typed: str, text: str, store: Store) -> None:
    store("t-4", issue_description=text)
    assert found(typed) == []


def test_an_inner_part_is_found_everywhere_by_the_words_of_the_newest_and_what_was_left_out_is_known(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST_LOOKED_THROUGH", 2)
    for day, word in enumerate(("Brandschutz", "Brandschutz", "nichts", "Brandschutz", "Datenschutz"), 4):
        store(f"day-{day}", subject=word, day=day, tier="gold" if day == 4 else "general")
    store("old", subject="Schutz Jugendschutz", day=2)
    store("older", subject="Jugendschutz", day=1)
    everything = search(IndexedTicket.objects.all(), "*schutz*")
    assert {one.pk for one in everything.tickets} == {"old", "day-4", "day-5", "day-7", "day-8"}
    assert everything.in_part
    gold = search(IndexedTicket.objects.filter(tier="gold"), "*schutz*")
    assert ([one.pk for one in gold.tickets], gold.in_part) == (["day-4"], False)


def test_of_very_many_words_with_an_inner_part_the_most_frequent_are_taken(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST_WITH_PART", 1)
    store("t-4", subject="Datenschutz")
    store("t-5", subject="Brandschutz")
    assert not search(IndexedTicket.objects.filter(pk="t-4"), "*schutz*").in_part
    store("t-6", subject="Datenschutz")
    result = search(IndexedTicket.objects.all(), "*schutz*")
    assert ({one.pk for one in result.tickets}, result.in_part) == ({"t-4", "t-6"}, True)


_MAC, _PHONE = "21:33:ab:cc:e4:9d", "+49 (0)30 9018-20"
_TWO_PHONES = "Tel. 0171 1234567/0172 7654321"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("2133abcce49d", _MAC),
        (_MAC, "2133ABCCE49D"),
        ("21-33-AB-CC-E4-9D", _MAC),
        ("2133.abcc.e49d", _MAC),
        (_MAC, "2133.abcc.e49d"),
        ("2133*", "2133.abcc.e49d"),
        ("2133abcc*", _MAC),
        ("+4930901820", _PHONE),
        ("030901820", _PHONE),
        ("004930901820", _PHONE),
        ("+49 30 901820", _PHONE),
        ("030 901820", _PHONE),
        ("(030) 90 18 20", _PHONE),
        ("030/901820 office", f"Office {_PHONE}"),
        (_PHONE, "+4930901820"),
        (_PHONE, "Tel. 030/9018-20, Fax 030/9018-21"),
        ("+1 555 123 4567", "(555) 123-4567"),
        ("5551234567", "+1 (555) 123-4567"),
        ("0123456789", "01.23.45.67.89"),
        ("01711234567", _TWO_PHONES),
        ("01727654321", _TWO_PHONES),
        ("+49 171 1234567", _TWO_PHONES),
        ("+49 172 7654321", _TWO_PHONES),
        ("5551234567", "555-123-4567/555-765-4321"),
        ("5557654321", "555-123-4567/555-765-4321"),
        ("01711234567", "0171-1234567/0172-7654321"),
        ("01727654321", "0171-1234567/0172-7654321"),
        ("01727654321", "0171/1234567/0172/7654321"),
        ("01727654321", "0171 1234567 /0172 7654321"),
        ("0612345678", "01 23 45 67 89/06 12 34 56 78"),
        ("0171123456701727", "0171-1234567/01727"),
        ("0407654321", "(030) 1234567/(040) 7654321"),
        ("030901820", "030/901820"),
        ("03090182021", "030/901820-21"),
        ("5557654321", "555/123-4567/555/765-4321"),
        ("aabbccddeeff", "AA:BB:CC:DD:EE:FF"),
        ("AA-BB-CC-DD-EE-FF", "aabb.ccdd.eeff"),
        ("1234567", "1,234,567 rows"),
        ("1.234.567", "1'234'567"),
        ("1,234", "1234"),
        ("1.234.567.890", "1234567890"),
        ("4111111111111111", "4111 1111 1111 1111"),
        ("4111 1111 1111 1111", "4111111111111111"),
        ("4111-1111-1111-1111 visa", "Visa 4111111111111111"),
        ("visa 4111 1111 1111 1111", "Visa 4111-1111-1111-1111"),
        ("9783161484100", "978-3-16-148410-0"),
        ("20261129", "2026-11-29"),
        ("550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        ("550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000"),
        ("1.7", "v1.7"),
        ("v1.7", "v1.7"),
        ("10.2.11", "release10.2.11"),
    ],
)
def test_a_number_is_found_with_and_without_its_separators(typed: str, text: str, store: Store) -> None:
    store("t-4", subject=text)
    assert found(typed) == ["t-4"]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("192.168.1.11", "192.168.11.1"),
        ("1.11.2026", "11.1.2026"),
        ("2026-1-12", "2026-11-2"),
        ("1.12.3456", "11.2.3456"),
        ('"7 2"', "v1.7 v2.3"),
        ("1.7", "v1.17"),
        ("901820", "9018-21"),
        ("12:30:45", "123045"),
        ("2133abcce49d", "21:33:ab:cc:e4"),
        ('"202611"', "2026/11/29"),
        ('"202611"', "2026/11/02"),
        ('"202603"', "2026/01/02 2026/03/04 2026/05/06"),
        ("032026", "01/02/2026 01/03/2026 05/06/2026"),
        ("022026", "01/02/2026"),
        ("042026", "01/02/2026-03/04/2026"),
        ("aabbccddeeff", "AA:BB:CC:DD:EE"),
    ],
)
def test_a_number_is_not_found_by_another(typed: str, text: str, store: Store) -> None:
    store("t-4", subject=text)
    assert found(typed) == []


def test_of_a_text_with_very_many_numbers_each_is_found_as_written(store: Store) -> None:
    store("t-4", issue_description="\n".join(f"{n} 555-{n:05}" for n in range(10_000, 20_000)))
    assert found('"555 10000"') == found('"555 19999"') == found("55510000") == ["t-4"]


@pytest.mark.parametrize(
    ("typed", "expected", "begun"),
    [
        ("breakf", {"t-2"}, ["breakf"]),
        ("breakf ticket", {"t-2"}, ["breakf"]),
        ("breakf tick jam", {"t-2"}, ["breakf", "tick"]),
        ("lea@exam", {"t-3"}, ["lea@exam"]),
        ("breakfast", {"t-2"}, []),
        ("breakf*", {"t-2"}, []),
        ('"breakf"', set(), []),
        ("*breakf", set(), []),
        ("reakfast", set(), []),
        ("breakf nonesuch", set(), []),
        ("office breakfast", set(), []),  # each is in a ticket, so neither is taken for a beginning
        ("offic breakfast", set(), []),
        ("Straß", {"t-3"}, ["Straß"]),
        ("br", set(), []),
        ("%s {} %", set(), []),
    ],
)
def test_a_word_that_no_ticket_has_is_tried_as_a_beginning(typed: str, expected: set[str], begun: list[str]) -> None:
    result = search(IndexedTicket.objects.all(), typed)
    assert ({one.pk for one in result.tickets}, list(result.begun)) == (expected, begun)


def test_a_word_that_none_of_the_filtered_tickets_has_is_tried_as_a_beginning(store: Store) -> None:
    store("t-4", subject="Cert", tier="gold")
    store("t-5", subject="Certificate")
    assert found("cert") == ["t-4"]
    assert found("cert", tier="general") == ["t-5"]
    assert found("cert", pk__in=[]) == []


@pytest.mark.parametrize(
    "spelling",
    [
        str.upper,
        str.lower,
        lambda one: one.replace("-", ""),
        lambda one: one[2:],
        lambda one: one.replace("-", " "),
        lambda one: f" {one[2:].replace('-', '  ')} ",
        lambda one: one.replace("-", "\u2011"),
        lambda one: one.replace("0", "O").replace("1", "l").replace("-", " "),
    ],
)
def test_a_reference_in_any_spelling_finds_its_ticket_alone(spelling: Any, store: Store) -> None:
    reference = ids.reference("t-2")
    store("t-4", subject=f"As with {reference}")
    assert found(spelling(reference)) == ["t-2"]


def test_an_id_finds_its_ticket_alone(store: Store) -> None:
    store("t-4", subject="As with t-2")
    assert found(" t-2 ") == ["t-2"]


def test_a_part_of_a_reference_finds_its_ticket() -> None:
    assert found(ids.reference("t-2")[2:6]) == ["t-2"]


def test_a_word_that_reads_as_a_reference_is_searched_for(store: Store) -> None:
    store("t-4", subject="Password forgotten")
    assert found("password") == ["t-4"]
    assert found("pass word") == []
    store("t-5", subject="a word to pass")
    assert found("pass word") == ["t-5"]


def test_the_best_match_is_first_and_of_equals_the_newest(store: Store) -> None:
    store("t-4", subject="Nothing", comments=["the breakfast room"], day=9)
    store("t-5", subject="Breakfast", day=1)
    store("t-6", subject="Breakfast", day=2)
    assert found("breakfast")[:2] == ["t-6", "t-5"]
    assert set(found("breakfast")[2:]) == {"t-2", "t-4"}


def test_filters_hold(store: Store) -> None:
    store("t-4", subject="Paper", status="solved")
    assert found("paper", status="solved") == ["t-4"]
    assert found("paper", pk__in=[]) == []
    assert found(ids.reference("t-4"), status="open") == []


def test_of_many_matches_the_newest_are_taken_with_filters_and_without(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "MOST", 3)
    for day in range(1, 8):
        store(f"day-{day}", subject="Monday blues", day=day, tier="gold" if day < 5 else "general")
    assert found("monday") == ["day-7", "day-6", "day-5"]
    assert found('"monday blues"') == ["day-7", "day-6", "day-5"]
    assert found("monday", tier="gold") == ["day-4", "day-3", "day-2"]


def test_a_long_ticket_hides_no_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MOST", 3)
    store("long", issue_description="error " * 5 * MOST_WORDS, day=9)
    for day in range(1, 5):
        store(f"day-{day}", subject="An error on the screen", day=day)
    assert set(found("error")) == {"long", "day-4", "day-3"}
    assert set(found("error", status="open")) == {"long", "day-4", "day-3"}


def test_words_that_stand_far_apart_in_a_long_ticket_find_it(store: Store) -> None:
    store("t-4", subject="Alpha", issue_description="filler " * 2 * MOST_WORDS + "omega", comments=["psi"] * 3)
    store("t-5", subject="Alpha", tier="gold")
    assert found("alpha omega psi") == ["t-4"]
    assert found("alpha omega paper") == []
    assert found("alpha omega", tier="gold") == []
    assert set(found("alpha filler*") + found("alpha")) == {"t-4", "t-5"}


def test_a_phrase_is_found_wherever_in_a_long_text_it_stands(store: Store) -> None:
    text = " ".join(f"w{n}" for n in range(3 * MOST_WORDS))
    store("t-4", issue_description=text)
    for start in (0, MOST_WORDS - 5, MOST_WORDS - OVERLAP, 2 * MOST_WORDS - OVERLAP - 3, 3 * MOST_WORDS - OVERLAP):
        phrase = " ".join(f"w{n}" for n in range(start, start + OVERLAP))
        assert found(f'"{phrase}"') == ["t-4"]
    assert OVERLAP >= MOST_TYPED


def test_words_whose_pairs_share_a_number_are_told_apart(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "crc32", lambda _: 0)
    store("t-4", subject="alpha beta", issue_description="gamma")
    store("t-5", subject="beta alpha", issue_description="gamma")
    assert found('"alpha beta"') == ["t-4"]
    assert found('gamma "alpha beta"') == ["t-4"]


def test_comments_are_found_as_they_come(store: Store, say: Any) -> None:
    store("t-4", comments=["first words"])
    for n in range(1, 5):
        say("t-4", n, " ".join(f"w{i}" for i in range(900)) + f" last{n}")
        assert found(f"first last{n}") == ["t-4"]
        assert found(f'"w899 last{n}"') == ["t-4"]
    assert found('"words w0"') == []


def test_ten_thousand_comments_are_found(store: Store) -> None:
    store("t-4", comments=[f"comment number{n} of many" for n in range(10_000)])
    assert found("number0 number9999") == ["t-4"]
    for n in range(0, 10_000, 199):  # not only where a part begins
        assert found(f'"comment number{n} of"') == ["t-4"]


def test_a_name_is_found_wherever_in_a_long_stack_trace_it_stands(store: Store) -> None:
    lines = [f"at com.acme.billing.Step{n}.run(Step{n}.java:{n})" for n in range(1, 1_001)]
    store("t-4", issue_description="\n".join(lines))
    for n in (1, 255, 256, 257, 320, 512, 999, 1_000):
        assert found(f"com.acme.billing.Step{n}") == ["t-4"]
        assert found(f'"Step{n}.java:{n}"') == ["t-4"]


def test_a_phrase_is_found_behind_many_comments_that_begin_with_its_words(store: Store, say: Any) -> None:
    store("t-4")
    for n in range(300):
        say("t-4", n, f"ok done {n}")
    for n in (0, 254, 255, 256, 257, 299):
        assert found(f'"ok done {n}"') == ["t-4"]


def test_a_description_of_megabytes_is_found(store: Store) -> None:
    store("t-4", issue_description="lorem ipsum " * 400_000 + "needle", comments=["x" * 1_000_000])
    assert found("lorem needle") == ["t-4"]
    assert found("x" * 1_000_000) == ["t-4"]


def test_what_is_typed_beyond_twenty_words_does_not_count() -> None:
    assert set(found("paper " * MOST_TYPED + "nonesuch")) == {"t-1", "t-2"}
    assert found("x" * 100_000) == []


def test_a_changed_ticket_is_found_by_what_it_says_now(store: Store) -> None:
    store("t-1", subject="Solved by magic")
    IndexedTicket.objects.filter(pk="t-1").update(version=0)
    store("t-1", subject="Solved by magic")
    assert found("office") == []
    assert found("magic again") == ["t-1"]


def test_matches_say_their_place_and_a_named_ticket_has_none() -> None:
    assert all(hasattr(one, "place") for one in search(IndexedTicket.objects.all(), "paper").tickets)
    assert not hasattr(search(IndexedTicket.objects.all(), "t-1").tickets.get(), "place")


_TEXT = st.text(
    st.characters(codec=None, exclude_categories=[]) | st.sampled_from("abc \"'*\\:&|!()-%\0\ud800éß東가ा\u0301\u200d"),
    max_size=40,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_TEXT, typed=_TEXT)
def test_whatever_is_stored_and_typed_each_word_of_a_text_finds_its_ticket(text: str, typed: str, store: Store) -> None:
    IndexedTicket.objects.filter(pk="t-any").update(version=0)
    store("t-any", subject=text, issue_description=text)
    found(typed)
    for word in words(text):
        if not ids.parse_reference(word) and words(word) == [word]:
            assert "t-any" in found(word)
    if typed.strip():
        found(text)

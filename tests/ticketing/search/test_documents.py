"""What is stored of each ticket: parts of bounded size, written in few statements. Runs on every database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ticketing.models import SearchDocument
from ticketing.search import documents
from ticketing.search.documents import Document
from ticketing.search.parts import MOST_PLACES, MOST_WORDS

pytestmark = [pytest.mark.django_db, pytest.mark.sql]

EACH = MOST_WORDS // MOST_PLACES  # what a word's most frequent places take
ODD = "a\0b \ud800 ' \\ :* \ue000 \ue001 🖨️ é"


def document(ticket_id: str = "t-1", **more: object) -> Document:
    values: dict[str, object] = {
        "reference": "F-7K3M-9Q2D",
        "subject": "Printer on fire",
        "description": "It burns",
        "comments": [],
    }
    return Document(ticket_id=ticket_id, **values | more)  # type: ignore[arg-type]


def lengths(ticket_id: str = "t-1") -> list[int]:
    parts = SearchDocument.objects.filter(ticket_id=ticket_id).order_by("part")
    assert [part.part for part in parts] == list(range(len(parts)))
    return [part.length for part in parts]


def some(words: int) -> str:
    """A text of so many words, none twice."""
    return " ".join(f"w{n}" for n in range(words))


def test_a_ticket_is_one_part() -> None:
    documents.replace([document(comments=["It still burns", some(100)])])
    assert lengths() == [EACH + EACH + EACH + EACH + 101]


def test_a_document_written_again_takes_the_place_of_the_first() -> None:
    documents.replace([document(), document(description="word " * 10_000)])
    assert len(lengths()) > 3
    documents.replace([document()])
    assert len(lengths()) == 1


def test_comments_go_to_the_last_part_until_it_is_full() -> None:
    documents.replace([document()])
    for _ in range(4):
        documents.append({"t-1": [some(900)]})
    assert lengths() == [3 * EACH + 3 * 901, 901]
    documents.append({"t-1": ["one more"]})
    assert lengths() == [3 * EACH + 3 * 901, 901 + EACH]


def test_a_part_is_full_when_it_has_one_word_as_often_as_the_database_remembers() -> None:
    documents.replace([document(reference="", subject=None, description="word " * MOST_PLACES)])
    documents.append({"t-1": ["another word"]})
    assert lengths() == [MOST_WORDS, EACH]
    documents.append({"t-1": ["word " * MOST_PLACES * 2]})
    assert len(lengths()) == 2 + 3  # what they overlap by is in the third


def test_a_comment_longer_than_a_part_goes_over_several() -> None:
    documents.replace([document()])
    documents.append({"t-1": [some(2 * MOST_WORDS)]})
    assert len(lengths()) == 4
    assert max(lengths()) <= MOST_WORDS


def test_comments_without_words_change_nothing() -> None:
    documents.replace([document(reference="", subject=None, description="")])
    documents.append({"t-1": ["", "?!"]})
    assert lengths() == [0]
    documents.append({"t-1": ["word"]})
    assert lengths() == [EACH]


def test_a_ticket_without_a_document_is_passed_over() -> None:
    documents.append({"t-1": ["a comment"]})
    assert lengths() == []


def test_what_is_missing_or_of_an_older_edition_is_named() -> None:
    documents.replace([document("t-1"), document("t-2")])
    SearchDocument.objects.filter(ticket_id="t-2").update(edition=0)
    assert documents.missing({"t-1", "t-2", "t-3"}) == {"t-2", "t-3"}


def _spoil(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


LOSSES = {
    "postgresql": [
        "UPDATE ticketing_searchdocument SET words = '', pairs = '{}'",
        "UPDATE ticketing_searchdocument SET words = '' WHERE part > 0",
        "UPDATE ticketing_searchdocument SET pairs = '{}'",
    ],
    "sqlite": [
        "UPDATE ticketing_searchwords SET subject = '', body = ''",
        "DELETE FROM ticketing_searchwords WHERE rowid IN (SELECT id FROM ticketing_searchdocument WHERE part > 0)",
        "DELETE FROM ticketing_searchwords",
    ],
}


@pytest.mark.parametrize("which", [0, 1, 2])
def test_documents_whose_words_are_lost_are_named(which: int) -> None:
    """As when somebody loads rows that were dumped without what Django does not know of."""
    documents.replace([document(description=some(MOST_WORDS))])
    assert not documents.missing(["t-1"])
    _spoil(LOSSES[connection.vendor][which])
    assert documents.missing(["t-1"]) == {"t-1"}


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("written", ["at once", "bit by bit"])
def test_documents_that_lack_a_part_are_named(part: int, written: str) -> None:
    texts = [some(MOST_WORDS - 10)] * 2
    documents.replace([document(comments=texts if written == "at once" else [])])
    if written == "bit by bit":
        for text in texts:
            documents.append({"t-1": [text]})
    assert len(lengths()) == 3
    assert not documents.missing(["t-1"])
    SearchDocument.objects.filter(part=part).delete()
    assert documents.missing(["t-1"]) == {"t-1"}


def test_a_document_without_words_lacks_nothing() -> None:
    documents.replace([document(subject=None, description="?")])
    documents.append({"t-1": ["?!"]})
    assert not documents.missing(["t-1"])


def test_removed_documents_are_gone_with_their_words() -> None:
    documents.replace([document("t-1", description="word " * 10_000), document("t-2")])
    documents.remove(["t-1", "t-3"])
    assert (lengths("t-1"), len(lengths("t-2"))) == ([], 1)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM ticketing_searchwords")
            assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("text", [ODD, "x" * 1_000_000, "東京" * 100_000, "\0", "'; DROP TABLE x --", "a " * 20_000])
def test_odd_text_is_taken(text: str) -> None:
    documents.replace([document(subject=text, description=text, comments=[text])])
    documents.append({"t-1": [text]})
    assert lengths()


def test_the_longest_words_fit_a_part() -> None:
    text = " ".join(chr(0x10400 + 40 + n % 40) * 40 + chr(0x1E900 + 34 + n // 40) * 60 for n in range(1200))
    documents.replace([document(description=text, comments=[text, text, text])])
    assert len(lengths()) == 2


def test_a_batch_is_a_few_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        documents.replace([document(f"t-{n}") for n in range(100)])
        documents.append({f"t-{n}": ["a comment", some(3000 * (n % 2))] for n in range(100)})
        assert not documents.missing([f"t-{n}" for n in range(100)])
        documents.remove([f"t-{n}" for n in range(100)])
    statements = [one["sql"] for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) == (7 if connection.vendor == "postgresql" else 14)  # SQLite: rows and words are two tables


def test_nothing_to_do_is_no_statement() -> None:
    with CaptureQueriesContext(connection) as queries:
        documents.replace([])
        documents.remove([])
    assert len(queries) == 0

"""Search at the desk: what is found, what is shown of it, and in which order."""

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.ticketing.desk.conftest import DOOR, MakeTicket
from ticketing import index, service
from ticketing.search import find
from ticketing.tickets.ticket import Ticket, new_comment


def rows(client: Client, address: str, **query: str) -> list[Any]:
    return list(client.get(address, query).context["cl"].result_list)


def subjects(client: Client, address: str, **query: str) -> list[str]:
    return [row.subject for row in rows(client, address, **query)]


def shown(client: Client, address: str, typed: str) -> list[str]:
    """The ticket cells of the list, as HTML without the links."""
    page = client.get(address, {"q": typed}).content.decode()
    cells = re.findall(r'<th scope="row">(.*?)</th>', page, re.DOTALL)
    return [re.sub(r"</?a\b[^>]*>", "", cell).strip() for cell in cells]


@pytest.fixture
def comment(aws: None, db: None) -> Any:
    def add(ticket: Ticket, text: str, visibility: Any = "public") -> None:
        said = service.add_comment(ticket.ticket_id, ticket.customer_id, new_comment(text, visibility=visibility), DOOR)
        index.apply([service.get_ticket(ticket.ticket_id, None)], [said.comment])

    return add


def test_a_comment_is_found_and_shown_under_its_ticket(
    desk: Client, make_ticket: MakeTicket, list_address: str, comment: Any
) -> None:
    ticket = make_ticket(subject="Door")
    comment(ticket, "The hinge is broken")
    comment(ticket, "Ask the locksmith first", "internal")
    assert "Comment: The <mark>hinge</mark> is broken" in shown(desk, list_address, "hinge")[0]
    assert "Internal note: Ask the <mark>locksmith</mark> first" in shown(desk, list_address, "locksmith")[0]


def test_the_words_are_marked_in_subject_and_description(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(subject="Printer broken", issue_description="The big printer makes noise")
    cell = shown(desk, list_address, "print* nois*")[0]
    assert "<mark>Printer</mark> broken" in cell
    assert "The big <mark>printer</mark> makes <mark>noise</mark>" in cell


def test_a_page_reads_no_ticket_that_is_not_on_it(
    desk: Client, make_ticket: MakeTicket, list_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.admin.TicketAdmin.list_per_page", 2)
    for number in range(5):
        make_ticket(subject=f"Printer {number}")
    found = subjects(desk, list_address, q="printer")
    with CaptureQueriesContext(connection) as queries:
        pages = [
            found,
            subjects(desk, list_address, q="printer", p="2"),
            subjects(desk, list_address, q="printer", p="3"),
        ]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(subject for page in pages for subject in page) == [f"Printer {number}" for number in range(5)]
    whole = [one["sql"] for one in queries if '"ticketing_indexedticket"."customer_id"' in one["sql"]]
    assert len(whole) == 2  # one a page
    assert all('"ticketing_indexedticket"."ticket_id" IN (' in sql for sql in whole)


def test_nothing_that_was_written_becomes_html(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(subject="<mark>evil</mark> <script>", issue_description="evil <script>alert(1)</script> & evil")
    cell = shown(desk, list_address, "evil script")[0]
    assert "<script" not in cell
    assert "&lt;mark&gt;<mark>evil</mark>&lt;/mark&gt; &lt;<mark>script</mark>&gt;" in cell
    assert "evil <script>alert(1)</script> & evil" in html.unescape(re.sub("</?mark>", "", cell))


def test_the_best_is_first_unless_somebody_sorts(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(subject="Toner", created_at="2026-01-01T00:00:00.000Z")
    make_ticket(subject="New", issue_description="toner", created_at="2026-03-01T00:00:00.000Z")
    assert subjects(desk, list_address, q="toner") == ["Toner", "New"]
    opened = _opened_column(desk, list_address)
    assert subjects(desk, list_address, q="toner", o=f"-{opened}") == ["New", "Toner"]
    assert subjects(desk, list_address, q="toner", o=f"{opened}") == ["Toner", "New"]


def _opened_column(client: Client, address: str) -> int:
    return list(client.get(address).context["cl"].list_display).index("created_at")


def test_more_than_can_be_listed_is_said(
    desk: Client, make_ticket: MakeTicket, list_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_ticket(subject="Monday")
    assert "Only the newest" not in desk.get(list_address, {"q": "monday"}).content.decode()
    monkeypatch.setattr(find, "MOST", 2)
    page = desk.get(list_address, {"q": "monday"})
    assert len(page.context["cl"].result_list) == 2
    assert "Only the newest 2 of the tickets that match are listed" in page.content.decode()


def test_the_second_page_goes_on(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    for n in range(60):
        make_ticket(subject=f"Monday {n}")
    first, second = (subjects(desk, list_address, q="monday", p=p) for p in ("1", "2"))
    assert (len(first), len(second), len({*first, *second})) == (50, 10, 60)


def test_no_match_says_what_can_be_typed(desk: Client, list_address: str) -> None:
    page = desk.get(list_address, {"q": "nonesuch"}).content.decode()
    assert "No ticket matches" in page
    assert "The beginning of a word is enough, an inner part needs stars on both sides" in page


@pytest.mark.sql
def test_a_word_that_no_ticket_has_is_tried_as_a_beginning_and_the_page_says_so(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(subject="Certificate expired on the printer")
    page = desk.get(list_address, {"q": "Cert printer"}).content.decode()
    assert "No ticket here has <strong><bdi>Cert</bdi></strong>. These tickets have words that begin so." in page
    assert "<mark>Certificate</mark> expired on the <mark>printer</mark>" in page
    page = desk.get(list_address, {"q": "expi cer"}).content.decode()
    assert "No ticket here has <strong><bdi>expi</bdi></strong> or <strong><bdi>cer</bdi></strong>." in page


@pytest.mark.sql
@pytest.mark.parametrize("typed", ["certificate", "cert*", '"cert"', "nonesuch", "certificate nonesuch", ""])
def test_otherwise_no_word_is_said_to_be_a_beginning(
    typed: str, desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(subject="Certificate expired")
    assert "that begin so" not in desk.get(list_address, {"q": typed}).content.decode()


@pytest.mark.sql
def test_what_is_typed_as_a_beginning_is_escaped(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(subject="Certificate expired")
    page = desk.get(list_address, {"q": "<b>cert"}).content.decode()
    assert "<b>cert" not in page


@pytest.mark.sql
def test_an_inner_part_is_marked_and_the_page_says_if_it_was_not_looked_for_everywhere(
    desk: Client, make_ticket: MakeTicket, list_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_ticket(subject="Datenschutz", tier="gold")
    make_ticket(subject="Brandschutz")
    page = desk.get(list_address, {"q": "*schutz*"}).content.decode()
    assert "<mark>Datenschutz</mark>" in page
    assert "<mark>Brandschutz</mark>" in page
    assert "An inner part is looked for" not in page
    monkeypatch.setattr(find, "MOST_LOOKED_THROUGH", 1)
    said = "An inner part is looked for in the words of about the newest 1 tickets"
    assert said in desk.get(list_address, {"q": "*schutz*"}).content.decode()
    assert said in desk.get(list_address, {"q": "*nonesuch*"}).content.decode()
    assert said not in desk.get(list_address, {"q": "*schutz*", "tier__exact": "gold"}).content.decode()
    assert said not in desk.get(list_address, {"q": "schutz*"}).content.decode()


@pytest.mark.sql
def test_a_number_is_marked_as_it_is_written(
    desk: Client, make_ticket: MakeTicket, list_address: str, comment: Any
) -> None:
    ticket = make_ticket(subject="Switch 21:33:ab:cc:e4:9d")
    comment(ticket, "Call me: +49 (0)30 9018-20")
    assert "Switch <mark>21:33:ab:cc:e4:9d</mark>" in shown(desk, list_address, "2133abcce49d")[0]
    assert "Comment: Call me: <mark>+49 (0)30 9018-20</mark>" in shown(desk, list_address, "030 901820")[0]


@pytest.mark.parametrize("typed", ["printer OR scanner", "NOT printer", "printer -red", "a AND b", '"a b" -c'])
def test_who_types_an_operator_is_told_that_there_is_none(desk: Client, list_address: str, typed: str) -> None:
    assert "Every word must be in the ticket: AND, OR and NOT" in desk.get(list_address, {"q": typed}).content.decode()


@pytest.mark.parametrize(
    "typed", ["", "printer or scanner", '"printer OR scanner"', "NOTE", "e-mail", "red - blue", "F-7K3M-9Q2D", '"-a"']
)
def test_nobody_else_is(desk: Client, list_address: str, typed: str) -> None:
    assert "Every word must be in the ticket: AND" not in desk.get(list_address, {"q": typed}).content.decode()


@pytest.mark.sql
def test_a_requester_is_found_and_shown(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(caller_id="zendesk:4711", requester={"name": "Łucja Nowak", "email": "lucja@example.org"})
    assert "Requester: <mark>Łucja</mark> <mark>Nowak</mark>" in shown(desk, list_address, "lucja nowak")[0]
    assert "Requester: <mark>lucja@example.org</mark>" in shown(desk, list_address, "lucja@example.org")[0]
    assert "Caller: <mark>zendesk:4711</mark>" in shown(desk, list_address, "zendesk:4711")[0]


@pytest.mark.parametrize("typed", ["'", '"', "\\", "%s", ":*", "\ue000", "🖨️", "a\ud800", "x" * 5000, "NEAR(", "\0a"])
def test_whatever_is_typed_is_answered(desk: Client, list_address: str, typed: str) -> None:
    assert desk.get(list_address, {"q": typed.encode("utf-8", "surrogatepass")}).status_code == 200


@pytest.mark.sql
def test_nul_stands_between_words(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(subject="The red printer")
    make_ticket(subject="The blue printer")
    assert subjects(desk, list_address, q="red\0printer") == ["The red printer"]

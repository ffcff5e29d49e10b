"""The ticket list: queues, search, and what it costs."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.ticketing.desk.conftest import MakeTicket
from ticketing.admin import TicketAdmin
from ticketing.desk import list_pages
from ticketing.desk.list_filters import assignees
from ticketing.tickets.ticket import Ticket


def references(client: Client, address: str, **query: str) -> list[str]:
    return [row.reference for row in client.get(address, query).context["cl"].result_list]


def test_what_was_received_last_stands_first_and_both_times_sort(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    written_last = make_ticket(created_at="2026-02-01T00:00:00.000Z").reference
    received_last = make_ticket(created_at="2026-01-01T00:00:00.000Z").reference
    assert references(desk, list_address) == references(desk, list_address, o="-9") == [received_last, written_last]
    assert references(desk, list_address, o="-8") == references(desk, list_address, o="9")
    assert references(desk, list_address, o="-8") == [written_last, received_last]


def test_a_row_tells_both_times(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(created_at="2009-07-20T22:01:29.000Z")
    page = desk.get(list_address).content.decode()
    opened, received, changed = re.findall(r'data-label="(?:Opened|Received|Changed)"><time datetime="([^"]+)"', page)
    assert opened == "2009-07-20T22:01:29+00:00"
    assert received == changed


def test_a_row_tells_everything_and_links_to_the_ticket(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    ticket = make_ticket(tier="gold", priority="urgent", assignee="network-team", channel="zendesk")
    page = desk.get(list_address).content.decode()
    told = (ticket.reference, "Printer", "gold", "urgent", "open", "Zendesk", "maria@example.com", "network-team")
    assert all(text in page for text in told)
    assert f"{ticket.ticket_id}/change/" in page


def test_a_caller_or_assignee_of_any_length_is_cut_and_told_whole_by_its_title(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(caller_id="c" * 80 + '"<&' + "c" * 1965, assignee="a" * 200)
    page = desk.get(list_address).content.decode()
    assert f'<span title="{"c" * 80}&quot;&lt;&amp;{"c" * 1965}">{"c" * 80}…</span>' in page
    assert f'<span title="{"a" * 200}">{"a" * 80}…</span>' in page


def test_one_that_fits_is_not_cut(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket(caller_id="c" * 80)
    page = desk.get(list_address).content.decode()
    assert f">{'c' * 80}</td>" in page


@pytest.mark.parametrize(
    ("query", "sorted_by"),
    [
        ({}, ("descending", "Received")),
        ({"o": "8"}, ("ascending", "Opened")),
        ({"o": "-9.8"}, ("descending", "Received")),
        ({"o": "-10.8"}, ("descending", "Changed")),
    ],
)
def test_one_column_says_how_the_list_is_sorted(
    desk: Client, make_ticket: MakeTicket, list_address: str, query: dict[str, str], sorted_by: tuple[str, str]
) -> None:
    make_ticket()
    page = desk.get(list_address, query).content.decode()
    assert re.findall(r'aria-sort="(\w+)">\s*<a [^>]*>(\w+)', page) == [sorted_by]


def test_no_address_sorts_by_what_has_no_index(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    for column in range(8):
        ordering = desk.get(list_address, {"o": str(column)}).context["cl"].queryset.query.order_by
        assert ordering == ("-pk",), column


def test_a_row_is_some_two_kilobytes(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    make_ticket()
    one = len(desk.get(list_address).content)
    for _ in range(9):
        make_ticket()
    assert len(desk.get(list_address).content) - one < 9 * 2_500


def test_from_a_ticket_one_comes_back_to_the_very_list(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    ticket = make_ticket()
    page = desk.get(list_address, {"status": "open"}).content.decode()
    assert f'{ticket.ticket_id}/change/?_changelist_filters=status%3Dopen"' in page


def test_the_list_is_called_tickets(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    for query in ({}, {"q": "nothing"}):
        assert "<title> Tickets | Foyer</title>" in " ".join(desk.get(list_address, query).content.decode().split())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "unsolved"}, {"open", "pending", "gold"}),
        ({"status": "solved"}, {"solved"}),
        ({"tier__exact": "gold"}, {"gold"}),
        ({"channel__exact": "zendesk"}, {"pending"}),
        ({"assignee": ":me"}, {"solved"}),
        ({"assignee": ":nobody"}, {"open", "gold"}),
        ({"assignee": "network-team"}, {"pending"}),
        ({"assignee": ":nobody", "tier__exact": "gold", "status": "unsolved"}, {"gold"}),
    ],
)
def test_queues(
    desk: Client, make_ticket: MakeTicket, list_address: str, query: dict[str, str], found: set[str]
) -> None:
    make_ticket(subject="open")
    make_ticket(subject="pending", status="pending", channel="zendesk", assignee="network-team")
    make_ticket(subject="solved", status="solved", assignee="ada")
    make_ticket(subject="gold", tier="gold")
    rows = desk.get(list_address, query).context["cl"].result_list
    assert {row.subject for row in rows} == found


def test_a_list_counts_no_further_than_its_pages_reach(
    desk: Client, make_ticket: MakeTicket, list_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "FARTHEST", 100)
    tickets = [make_ticket(created_at=f"2026-01-01T00:00:00.{n:03}Z").reference for n in range(102)]
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(list_address, {"p": "2"})
    assert [row.reference for row in page.context["cl"].result_list] == tickets[51:1:-1]
    assert "more than 100 tickets" in page.content.decode()
    assert "The pages end at 100 tickets: a filter, a search, or the other order" in page.content.decode()
    assert "100 results" not in page.content.decode()
    assert [query["sql"] for query in queries if "COUNT" in query["sql"] and "LIMIT 101" not in query["sql"]] == []
    assert desk.get(list_address, {"p": "3"}).status_code == 302
    assert references(desk, list_address, o="8")[:2] == tickets[:2]


@pytest.mark.parametrize(("query", "told"), [({}, "2 tickets"), ({"tier__exact": "gold"}, "1 ticket")])
def test_a_list_tells_how_many_tickets_it_has(
    desk: Client, make_ticket: MakeTicket, list_address: str, query: dict[str, str], told: str
) -> None:
    make_ticket(tier="gold")
    make_ticket()
    page = desk.get(list_address, query).content.decode()
    assert f"<span>{told}</span>" in page
    assert "The pages end" not in page


def test_what_stands_between_two_numbers_of_pages_leads_nowhere(
    desk: Client, make_ticket: MakeTicket, list_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TicketAdmin, "list_per_page", 1)
    for _ in range(12):
        make_ticket()
    page = desk.get(list_address).content.decode()
    assert "<span>…</span>" in page
    assert re.findall(r'href="\?p=([^"]*)"', page) == ["2", "3", "4", "11", "12"]


def test_assignees_are_found_without_reading_every_ticket(make_ticket: MakeTicket) -> None:
    for name in ("zoe", "ada", None, "ada", "", "network-team"):
        make_ticket(assignee=name)
    assert assignees() == ["ada", "network-team", "zoe"]


def _spellings(ticket: Ticket) -> list[str]:
    plain = ticket.reference.removeprefix("F-").replace("-", "")
    return [ticket.reference, ticket.reference.lower(), plain, f" f{plain} ", ticket.ticket_id]


def test_search_by_reference_in_any_spelling(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    ticket = make_ticket()
    make_ticket()
    for spelling in _spellings(ticket):
        assert references(desk, list_address, q=spelling) == [ticket.reference], spelling


def test_search_by_words(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    printer = make_ticket(subject="The PRINTER on floor 3")
    password = make_ticket(subject="Lost my password")
    without = make_ticket(subject=None, issue_description="Screen is black")
    assert references(desk, list_address, q="floor printer") == [printer.reference]
    assert references(desk, list_address, q="password") == [password.reference]  # reads as a reference, too
    assert references(desk, list_address, q="black screen") == [without.reference]
    assert references(desk, list_address, q="printer password") == []


def _queries(client: Client, address: str, **query: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, query).status_code == 200
    return len([one for one in queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    desk: Client, make_ticket: MakeTicket, list_address: str
) -> None:
    make_ticket(subject=None, issue_description="")
    few = _queries(desk, list_address)
    for _ in range(12):
        make_ticket(subject=None, assignee="ada")
    assert _queries(desk, list_address) == few <= 6
    assert _queries(desk, list_address, q="prints", status="unsolved") <= few + 4  # named, settings, matching, excerpts


@pytest.mark.sql
@pytest.mark.parametrize(
    "address",
    [
        "/desk/ticketing/indexedticket/?assignee=",
        "/desk/ticketing/indexedticket/?status=",
        "/desk/ticketing/indexedticket/?tier__exact=",
        "/desk/ticketing/indexedticket/?q=printer&caller=",
        "/desk/auth/user/?is_staff__exact=",
        "/desk/routing/apitoken/?tier__exact=",
        "/desk/routing/apitoken/?q=",
        "/desk/routing/clock/?tier__exact=",
    ],
)
def test_a_filter_that_holds_nul_is_answered(desk: Client, address: str) -> None:
    assert desk.get(f"{address}a%00b", follow=True).status_code == 200


@pytest.mark.sql
@pytest.mark.parametrize("ticket_id", ["a%00b", "a_00b"])
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_clock_whose_id_holds_nul_is_none(desk: Client, ticket_id: str, page: str) -> None:
    assert desk.get(f"/desk/routing/clock/{ticket_id}/{page}/").status_code in (302, 403)


@pytest.mark.sql
@pytest.mark.parametrize("model", ["clock", "indexedticket"])
def test_a_link_to_what_holds_nul_leads_nowhere(desk: Client, model: str) -> None:
    kind = ContentType.objects.get(model=model).pk
    assert desk.get(f"/desk/r/{kind}/a%00b/").status_code == 404


@pytest.mark.sql
def test_a_session_that_holds_nul_is_none(client: Client, db: None, list_address: str) -> None:
    client.cookies["sessionid"] = "12345678\0"
    assert client.get(list_address).status_code == 302


def test_so_it_is_where_the_desk_stands_under_a_prefix(desk: Client) -> None:
    answer: Any = desk.get("/desk/ticketing/indexedticket/?q=a%00b", SCRIPT_NAME="/prod")
    assert (answer.status_code, answer.context["cl"].query) == (200, "a\ufffdb")


def test_an_empty_list_says_what_to_do(desk: Client, list_address: str) -> None:
    assert "Tickets appear here as soon as they come in by a door" in desk.get(list_address).content.decode()
    assert "Check the spelling" in desk.get(list_address, {"q": "nothing"}).content.decode()
    assert "This queue is empty" in desk.get(list_address, {"status": "open"}).content.decode()


def test_script_in_a_row_is_text(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    evil = "<script>alert(1)</script>"
    make_ticket(subject=evil, caller_id=evil, assignee=evil)
    page = desk.get(list_address).content.decode()
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3


def test_who_may_only_look_gets_no_button(client: Client, grace: User, list_address: str) -> None:
    client.force_login(grace)
    page = client.get(list_address)
    assert page.status_code == 200
    assert "New ticket" not in page.content.decode()


def test_nobody_deletes_a_ticket(desk: Client, make_ticket: MakeTicket, list_address: str) -> None:
    ticket = make_ticket()
    assert desk.post(f"{list_address}{ticket.ticket_id}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.sql
def test_nor_one_whose_id_no_database_takes(desk: Client, list_address: str) -> None:
    assert desk.get(f"{list_address}a%00b/delete/").status_code == 403


def test_a_stranger_is_sent_to_the_login(client: Client, db: None, list_address: str) -> None:
    answer: Any = client.get(list_address)
    assert answer.status_code == 302
    assert "/desk/login/" in answer.url


def test_the_sidebar_marks_the_queue_one_is_in(desk: Client, list_address: str) -> None:
    def active(**query: str) -> list[str]:
        navigation = desk.get(list_address, query).context["sidebar_navigation"]
        return [item["title"] for group in navigation for item in group["items"] if item["active"]]

    assert active() == ["All tickets"]
    assert active(status="unsolved", assignee=":me") == ["Mine"]
    assert active(status="solved") == []

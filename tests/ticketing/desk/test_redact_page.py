"""*Redact*: staff with the right take words out of a comment or a description."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config import aws as config_aws
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from tests.words import places
from ticketing import service
from ticketing.desk.page import redact_url, ticket_url
from ticketing.index.following import follow
from ticketing.models import IndexedComment
from ticketing.tickets.ticket import Comment, Ticket, new_comment

WORD = "zanzibar4111"


def commented(ticket: Ticket, text: str = f"My card is {WORD}") -> Comment:
    comment = service.add_comment(ticket.ticket_id, "acme", new_comment(text), DOOR).comment
    follow([service.get_ticket(ticket.ticket_id, None)])
    return comment


def address(comment: Comment) -> str:
    return f"{redact_url(comment.ticket_id)}?comment={comment.comment_id}"


def test_a_comment_is_redacted_after_the_page_has_said_what_goes_and_what_stays(
    desk: Client, make_ticket: MakeTicket, said: Any
) -> None:
    comment = commented(make_ticket())
    page = desk.get(ticket_url(comment.ticket_id)).content.decode()
    assert f'href="{address(comment)}"' in page
    asked = desk.get(address(comment)).content.decode()
    assert WORD in asked
    assert "exports that were made before" in asked
    assert "Zendesk still has them" not in asked
    assert places(WORD) != []
    answer = desk.post(address(comment), follow=True)
    assert answer.redirect_chain == [(ticket_url(comment.ticket_id), 302)]
    assert "The words are gone" in said(answer)
    shown = answer.content.decode()
    assert "(redacted)" in shown
    assert address(comment) not in shown
    assert places(WORD) == []
    [row] = IndexedComment.objects.all()
    assert (row.text, row.revision) == ("(redacted)", 1)


def test_a_description_is_redacted_with_the_subject_or_without(desk: Client, make_ticket: MakeTicket) -> None:
    for also, subject in ((True, "(redacted)"), (False, "Printer")):
        ticket = make_ticket(issue_description=WORD)
        assert f'href="{redact_url(ticket.ticket_id)}?"' in desk.get(ticket_url(ticket.ticket_id)).content.decode()
        assert "Printer" in desk.get(redact_url(ticket.ticket_id)).content.decode()
        desk.post(redact_url(ticket.ticket_id), {"subject": "on"} if also else {})
        now = service.get_ticket(ticket.ticket_id, None)
        assert (now.issue_description, now.subject, places(WORD)) == ("(redacted)", subject, [])


def test_a_zendesk_tickets_page_says_that_zendesk_still_has_the_words(desk: Client, make_ticket: MakeTicket) -> None:
    comment = commented(make_ticket(channel="zendesk"))
    assert "Zendesk still has them" in desk.get(address(comment)).content.decode()


def test_a_closed_ticket_is_redacted_too(desk: Client, make_ticket: MakeTicket) -> None:
    comment = commented(make_ticket())
    service.change_ticket(comment.ticket_id, None, {"status": "closed"}, DOOR)
    desk.post(address(comment))
    assert service.get_comment(comment.ticket_id, comment.comment_id, None).comment == "(redacted)"


def test_who_has_not_the_right_sees_no_button_and_is_refused(
    client: Client, grace: User, make_ticket: MakeTicket
) -> None:
    comment = commented(make_ticket())
    grace.user_permissions.add(Permission.objects.get(codename="change_indexedticket"))
    client.force_login(grace)
    assert "redact/" not in client.get(ticket_url(comment.ticket_id)).content.decode()
    assert (client.get(address(comment)).status_code, client.post(address(comment)).status_code) == (403, 403)
    grace.user_permissions.add(Permission.objects.get(codename="redact_indexedticket"))
    assert client.get(address(comment)).status_code == 200
    assert client.post(address(comment)).status_code == 302


@pytest.mark.parametrize("query", ["?comment=", "?comment=none", f"?comment={'x' * 2000}"])
def test_what_is_not_there_is_said_so(desk: Client, make_ticket: MakeTicket, said: Any, query: str) -> None:
    ticket = make_ticket()
    for one in (redact_url(ticket.ticket_id), redact_url("none"), redact_url("x" * 3000)):
        assert "no such ticket or comment" in said(desk.get(f"{one}{query}", follow=True))
        assert "no such ticket or comment" in said(desk.post(f"{one}{query}", follow=True))


def test_if_aws_is_away_the_page_says_that_the_words_may_be_there(
    desk: Client, make_ticket: MakeTicket, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = commented(make_ticket())

    def away(*arguments: Any) -> Any:
        raise config_aws.Retryable("EndpointConnectionError", "away")

    monkeypatch.setattr(service, "redact_comment", away)
    assert "may still be there" in said(desk.post(address(comment), follow=True))

"""Words of strangers with marks that turn text round: they turn round nothing but themselves."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

from config.consumer import redrive
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from ticketing import deliveries, service
from ticketing.deliveries import Delivery
from ticketing.desk.page import ticket_url
from ticketing.jobs import lifecycle
from ticketing.tickets.ticket import new_comment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
LIST: Final = "/desk/ticketing/indexedticket/"
# Ends whatever holds it (an embedding, an isolate), and turns round all that follows.
EVIL: Final = "evil\u202c\u2069\u2069\u202egnp.exe"
# Our own words that stand in one line of text with a stranger's, so that his marks reach them. A text in a box of its
# own has no such neighbours; what comes before it in the same box cannot be turned round.
REACHED: Final = """() => {
    const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (!text.data.includes("\\u202e") || !text.parentElement.checkVisibility()) continue;
        if (text.parentElement.closest("option, textarea, bdi, pre")) continue;
        const box = [...ancestors(text)].find((one) => !getComputedStyle(one).display.startsWith("inline")
            || getComputedStyle(one).display.startsWith("inline-"));
        const behind = document.createRange();
        behind.setStartAfter(text);
        behind.setEndAfter(box.lastChild);
        if (behind.toString().trim()) found.push(box.outerHTML.slice(0, 300));
    }
    return found;
    function* ancestors(node) { while ((node = node.parentElement)) yield node; }
}"""


@pytest.fixture
def page(browser: Browser, live_server: Any, desk: Client) -> Iterator[Page]:
    """A window in which Ada is signed in."""
    context = browser.new_context(base_url=live_server.url)
    cookie = desk.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def pages(make_ticket: MakeTicket, page: Page) -> list[str]:
    """Every page that shows what a stranger wrote, each of them with EVIL in every place."""
    names = {"caller_id": EVIL, "assignee": EVIL, "tags": [EVIL, EVIL], "type": EVIL, "customer_id": EVIL}
    ticket = make_ticket(subject=EVIL, issue_description=EVIL, requester={"name": EVIL, "email": EVIL}, **names)
    service.add_comment(ticket.ticket_id, EVIL, new_comment(f"{EVIL} findme", author=EVIL), DOOR)
    User.objects.create_user("eve", first_name=EVIL, is_staff=True)
    deliveries.receive(Delivery(delivery_id="d-1", door="submission", customer_id=EVIL, key=EVIL, request_id=EVIL))
    deliveries.attempt("d-1", EVIL)
    assert redrive.ways()
    job = lifecycle.start("check", EVIL, 1)[0]
    lifecycle.fail(job.pk, EVIL)
    searched = (f"{LIST}?q=evil", f"{LIST}?q=findme", f"{LIST}?caller={EVIL}", f"{LIST}?assignee={EVIL}")
    others = (
        "/desk/ticketing/delivery/",
        "/desk/ticketing/delivery/d-1/aside/",
        "/desk/ticketing/job/",
        "/desk/auth/user/",
    )
    return [LIST, *searched, ticket_url(ticket.ticket_id), *others]


def test_a_strangers_words_turn_round_nothing_beside_them(page: Page, pages: list[str]) -> None:
    seen = 0
    for where in pages:
        page.goto(where)
        assert page.evaluate(REACHED) == [], where
        seen += page.content().count(EVIL[-8:])
    assert seen > 30


def test_a_name_leaves_the_words_after_it_in_their_order(page: Page, pages: list[str]) -> None:
    page.goto(f"{LIST}?caller={EVIL}")
    ends = page.evaluate("""() => [...document.querySelectorAll(".desk-search-hint bdi, .desk-search-hint a")].map(
        (one) => one.getBoundingClientRect().x)""")
    assert ends == sorted(ends)
    first, last = page.evaluate("""() => { const range = document.createRange();
        const text = document.querySelector(".desk-search-hint a").firstChild;
        return [0, text.length - 1].map((at) => { range.setStart(text, at); range.setEnd(text, at + 1);
            return range.getBoundingClientRect().x; }); }""")
    assert first < last

"""The desk in a real browser: nothing cut off, nothing missing, nothing that axe calls serious."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, Request, Response, expect

from config.aws import sqs
from config.consumer import redrive
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from ticketing import deliveries, index, service
from ticketing.admin import TicketAdmin
from ticketing.answers import promises
from ticketing.deliveries import Delivery, raw_tickets
from ticketing.desk.deliveries_page import STATES
from ticketing.desk.page import ticket_url
from ticketing.index import rows
from ticketing.jobs import lifecycle
from ticketing.models import IndexedTicket, Job
from ticketing.submissions import wordless
from ticketing.tickets.ticket import Actor, Ticket, draft, new_comment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

LIST = "/desk/ticketing/indexedticket/"
ADMINISTRATION = (
    "/desk/ticketing/delivery/",
    "/desk/routing/clock/",
    "/desk/routing/apitoken/",
    "/desk/routing/apitoken/add/",
    "/desk/auth/user/",
)
LONG = "withoutanybreak" * 20
# Text that its own box cuts off, and anything that sticks out of the window. Icons are text only to a program;
# and the way to the page, above it, Unfold cuts short on a telephone with an ellipsis.
CUT_OFF = """() => [...document.querySelectorAll('#page *')].filter(element => {
    const LEFT_OUT = '.material-symbols-outlined, .desk-hidden, #header-inner .truncate';
    if (!element.checkVisibility() || element.closest(LEFT_OUT)) return false;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const cuts = (overflow, inner, outer) => ['hidden', 'clip'].includes(overflow) && inner > outer + 1;
    return element.textContent.trim() && (box.right > innerWidth + 1
        || cuts(style.overflowX, element.scrollWidth, element.clientWidth)
        || cuts(style.overflowY, element.scrollHeight, element.clientHeight));
}).map(element => element.outerHTML.slice(0, 200))"""
PHONE = 390
BESIDE_FILTERS = 1536  # from here on the list has the filters beside it, and less room than in a smaller window
# What a list's table needs in breadth beyond what it has.
TOO_WIDE = """() => [...document.querySelectorAll('.desk-frame')].map(frame => frame.scrollWidth - frame.clientWidth)
    .filter(pixels => pixels > 0)"""
# Cells of our own tables that have not the whole width of a telephone to themselves.
CRAMPED = """() => [...document.querySelectorAll('.desk-table td')].filter(
    cell => cell.checkVisibility() && cell.offsetWidth < cell.closest('table').clientWidth - 2
).map(cell => cell.outerHTML.slice(0, 200))"""
# Names of queues that stand on more than one line.
BROKEN_NAMES = """() => [...document.querySelectorAll('.desk-queues span')].filter(
    name => name.clientHeight > 1.5 * parseFloat(getComputedStyle(name).lineHeight)
).map(name => name.textContent)"""


@pytest.fixture
def page(browser: Browser, live_server: Any, client: Client, ada: User) -> Iterator[Page]:
    """A fresh window in which Ada is signed in; fails the test if a request went elsewhere or was not answered."""
    client.force_login(ada)
    context = browser.new_context(base_url=live_server.url)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    faults: list[str] = []

    def on_request(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            faults.append(f"asks elsewhere: {request.url}")

    def on_response(response: Response) -> None:
        if response.status >= 400:
            faults.append(f"{response.status}: {response.url}")

    page = context.new_page()
    page.on("request", on_request)
    page.on("response", on_response)
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def ticket(make_ticket: MakeTicket) -> Ticket:
    """A ticket whose every part is long."""
    ticket = make_ticket(
        subject=f"{LONG} and words",
        caller_id=LONG,
        requester={"name": LONG, "email": LONG[:200]},
        assignee=LONG,
        tier="gold",
        priority="urgent",
        issue_description=f"{LONG}\n\n{LONG}",
        tags=[LONG],
        attributes={LONG: [LONG]},
    )
    service.add_comment(ticket.ticket_id, "acme", new_comment(LONG, author=LONG), DOOR)
    service.add_comment(ticket.ticket_id, "acme", new_comment(LONG, author="ada"), DOOR)
    service.add_comment(ticket.ticket_id, "acme", new_comment(LONG, author="ada", visibility="internal"), DOOR)
    return ticket


def faults(page: Page) -> list[str]:
    """What axe calls serious or worse, and what is cut off."""
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    cut_off: list[str] = page.evaluate(CUT_OFF)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in serious] + cut_off


def look(page: Page, where: str, scheme: Any) -> list[str]:
    """The faults of a page in one colour scheme, on laptops, on a tablet and on a telephone."""
    page.emulate_media(color_scheme=scheme)
    page.goto(where)
    assert page.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
    found = []
    for width in (1280, BESIDE_FILTERS, 768, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        found += faults(page) + page.evaluate(BROKEN_NAMES) + page.evaluate(TOO_WIDE)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    cramped: list[str] = page.evaluate(CRAMPED)
    return found + cramped


def follow(page: Page, name: str) -> None:
    """Click a link, and wait for the whole page that it leads to: a click alone returns before that is there."""
    with page.expect_navigation():
        page.get_by_role("link", name=name).click()


def picture(page: Page, name: str) -> None:
    """For a person to look at, where a folder for it is named."""
    if folder := os.environ.get("PICTURES"):
        for width in (PHONE, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_export_is_started_on_the_list_and_fetched_on_the_page_of_jobs(
    page: Page, ticket: Ticket, scheme: str
) -> None:
    assert look(page, f"{LIST}?tier__exact=gold&assignee={LONG}", scheme) == []
    picture(page, f"export-list-{scheme}")
    page.get_by_role("button", name="Export").click()
    page.wait_for_url("**/desk/ticketing/job/")
    for part in Job.objects.get().parts.select_related("job"):
        lifecycle.step(part)
    assert look(page, "/desk/ticketing/job/", scheme) == []
    picture(page, f"export-jobs-{scheme}")
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download").click()
    assert fetched.value.suggested_filename.endswith(".jsonl")
    assert ticket.ticket_id in fetched.value.path().read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list(page: Page, ticket: Ticket, make_ticket: MakeTicket, scheme: str) -> None:
    for status in ("pending", "solved", "closed"):
        make_ticket(status=status)
    assert look(page, LIST, scheme) == []
    picture(page, f"list-{scheme}")
    page.get_by_role("button", name="Filters").click()
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_of_more_tickets_than_its_pages_have(
    page: Page, make_ticket: MakeTicket, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticketing.desk.list_pages.FARTHEST", 20)
    monkeypatch.setattr(TicketAdmin, "list_per_page", 1)
    for _ in range(21):
        make_ticket()
    assert look(page, f"{LIST}?p=10", scheme) == []
    picture(page, f"pages-{scheme}")
    follow(page, "20")
    expect(page.get_by_text("more than 20 tickets")).to_be_visible()
    expect(page.get_by_text("The pages end at 20 tickets")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_search_found(page: Page, ticket: Ticket, make_ticket: MakeTicket, scheme: str) -> None:
    make_ticket(subject="Wordsmith", issue_description=f"Many {LONG} words, words and words {LONG}")
    assert look(page, f"{LIST}?q=word*", scheme) == []
    picture(page, f"found-{scheme}")
    assert page.locator("#result_list mark").count() == 5
    assert page.locator(".desk-excerpt").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_ticket_to_all_of_its_callers(page: Page, ticket: Ticket, make_ticket: MakeTicket, scheme: str) -> None:
    make_ticket()
    page.goto(ticket_url(ticket.ticket_id))
    with page.expect_navigation():
        page.get_by_role("link", name=LONG, exact=True).click()
    assert look(page, f"{page.url}&q=-words", scheme) == []
    picture(page, f"caller-{scheme}")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Filters").click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    follow(page, "Take this filter away")
    expect(page.get_by_text("Only tickets of")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_ticket_page(page: Page, ticket: Ticket, scheme: str) -> None:
    assert look(page, ticket_url(ticket.ticket_id), scheme) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_description_and_a_comment_are_redacted(page: Page, ticket: Ticket, scheme: str) -> None:
    page.goto(ticket_url(ticket.ticket_id))
    with page.expect_navigation():
        page.get_by_role("link", name="Redact what").first.click()
    assert look(page, page.url, scheme) == []
    picture(page, f"redact-description-{scheme}")
    with page.expect_navigation():
        page.get_by_role("button", name="Redact for good").click()
    with page.expect_navigation():
        page.get_by_role("link", name="Redact what").first.click()
    assert look(page, page.url, scheme) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Redact for good").click()
    expect(page.locator(".desk-text", has_text="(redacted)")).to_have_count(2)
    assert look(page, page.url, scheme) == []
    picture(page, f"redacted-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_long_conversation(page: Page, ticket: Ticket, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At its newest comments, at its beginning, and behind that."""
    monkeypatch.setattr("ticketing.desk.ticket_page.COMMENTS", 1)
    for number in range(3):
        service.add_comment(ticket.ticket_id, ticket.customer_id, new_comment(f"number {number}"), DOOR)
    assert look(page, ticket_url(ticket.ticket_id), scheme) == []
    picture(page, f"newest-{scheme}")
    follow(page, "Show earlier comments")
    assert look(page, page.url, scheme) == []
    picture(page, f"beginning-{scheme}")
    follow(page, "Show later comments")
    assert look(page, page.url, scheme) == []
    follow(page, "Show the newest")
    expect(page.get_by_text("number 2")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_other_pages(page: Page, aws: None, scheme: str) -> None:
    for where in (f"{LIST}?q=nothing", f"{LIST}add/", "/desk/", *ADMINISTRATION):
        assert look(page, where, scheme) == [], where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_deliveries(page: Page, ticket: Ticket, scheme: str) -> None:
    """Long ones, of every state; in a queue too, so that there are buttons."""
    for way in redrive.ways():
        sqs.send(way.dead_letters, "no JSON")
    for state in STATES:
        for door in ("submission", "zendesk"):
            one = Delivery(
                delivery_id=f"{state}-{door}", door=door, customer_id=LONG, key=LONG, state=state, ticket_id=LONG
            )
            deliveries.receive(one)
            deliveries.attempt(one.delivery_id, LONG if state == "failed" else None)
    deliveries.receive(
        Delivery(delivery_id="d", door="submission", customer_id="a", key="k", ticket_id=ticket.ticket_id)
    )
    failed = deliveries.get("failed-zendesk")
    assert failed
    deliveries.set_aside(failed, LONG)
    deliveries.receive(Delivery(delivery_id="noted", door="submission", customer_id=LONG, key=LONG))
    deliveries.finish("noted", "created", ticket.ticket_id, note=wordless.NOTE)
    for where in ("", "?state=aside", "?state=noted", "failed-submission/aside/"):
        assert look(page, f"/desk/ticketing/delivery/{where}", scheme) == [], where
        picture(page, f"deliveries-{scheme}-{re.sub(r'[^a-z]', '', where)}")


def started(end: str) -> Job:
    """A check by somebody with a long name, which came to that."""
    job = lifecycle.start("check", LONG, 1)[0]
    parts = list(job.parts.select_related("job"))
    for part in parts if end == "done" else parts[:1]:
        lifecycle.step(part)
    if end == "stopped":
        lifecycle.stop(job)
    if end == "failed":
        lifecycle.fail(job.pk, LONG)
    return job


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_jobs(page: Page, ticket: Ticket, scheme: str) -> None:
    """One of every state, with long words; while one runs, the page looks again by itself."""
    index.remove([ticket.ticket_id])
    times = dict.fromkeys(("created_at", "received_at", "updated_at"), rows._EPOCH)
    IndexedTicket.objects.create(ticket_id=LONG, version=1, **times)
    done, *_ = (started(end) for end in ("done", "stopped", "failed", "running"))
    assert lifecycle.counts(done)[1] == 3
    assert look(page, "/desk/ticketing/job/", scheme) == []
    picture(page, f"jobs-{scheme}")
    assert look(page, f"/desk/ticketing/job/?job={done.pk}", scheme) == []
    picture(page, f"found-{scheme}")


def test_the_jobs_page_follows_what_runs(page: Page, ticket: Ticket) -> None:
    job = lifecycle.start("check", "ada", 1)[0]
    page.goto("/desk/ticketing/job/")
    page.get_by_role("button", name="Stop").focus()
    for part in job.parts.select_related("job"):
        lifecycle.step(part)
    page.get_by_text("done", exact=True).wait_for(timeout=10_000)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_reply_is_typed_and_sent_and_there(page: Page, ticket: Ticket) -> None:
    page.goto(LIST)
    page.get_by_role("link", name=ticket.reference).click()
    page.get_by_label("Your answer").fill("A technician comes at ten.")
    page.get_by_label("Status").select_option("pending")
    page.get_by_role("button", name="Reply").click()
    page.get_by_text("Your reply is saved.").wait_for()
    expect(page.locator(".desk-staff", has_text="A technician comes at ten.")).to_have_count(1)
    expect(page.get_by_label("Status")).to_have_value("pending")
    assert service.get_ticket(ticket.ticket_id, None).status == "pending"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_field_that_somebody_else_changed_while_a_reply_was_typed(page: Page, ticket: Ticket, scheme: Any) -> None:
    User.objects.create_user(LONG[:150], is_staff=True, first_name=LONG[:150])
    page.emulate_media(color_scheme=scheme)
    page.goto(ticket_url(ticket.ticket_id))
    page.get_by_label("Your answer").fill("A technician comes at ten.")
    page.get_by_label("Status").select_option("solved")
    page.get_by_label("Assignee").select_option("ada")
    colleague = Actor(name=LONG[:150], door="desk", request_id="r-2")
    service.change_ticket(ticket.ticket_id, None, {"status": "pending", "assignee": LONG[:150]}, colleague)
    service.add_comment(ticket.ticket_id, "acme", new_comment("It smells of smoke."), DOOR, reopen=False)
    page.get_by_role("button", name="Reply").click()
    page.get_by_text("changed the field Status to “Pending” while you were writing.").wait_for()
    for width in (1280, 768, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        assert faults(page) == [], width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    picture(page, f"overtaken-{scheme}")
    expect(page.get_by_label("Your answer")).to_have_value("A technician comes at ten.")
    expect(page.get_by_label("Status")).to_have_value("solved")
    expect(page.get_by_text("It smells of smoke.")).to_be_visible()
    service.add_comment(ticket.ticket_id, "acme", new_comment("It burns."), DOOR, reopen=False)
    page.get_by_role("button", name="Reply").click()
    page.get_by_text("One comment came in while you were writing").wait_for()
    assert faults(page) == []
    picture(page, f"came-in-{scheme}")
    assert service.get_ticket(ticket.ticket_id, None).status == "solved"


def press_tab_until(page: Page, where: str, most: int = 40) -> None:
    """Tab by Tab to the first thing that fits the selector, as somebody without a mouse goes."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches('{where}')"):
            return
    raise AssertionError(f"{most} Tabs do not reach {where}")


def test_the_first_tab_leads_past_the_navigation(page: Page, ticket: Ticket) -> None:
    page.goto(LIST)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    assert faults(page) == []
    picture(page, "skip")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#content') !== null")


def test_filters_are_set_by_keyboard(page: Page, ticket: Ticket) -> None:
    page.goto(LIST)
    press_tab_until(page, ".desk-filter-button")
    page.keyboard.press("Enter")
    expect(page.locator("#changelist-filter :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Filters")).to_be_focused()
    expect(page.locator("#changelist-filter")).to_be_hidden()


@pytest.mark.parametrize(("width", "by"), [(1280, ("Account",)), (768, ("Navigation", "Account"))])
def test_somebody_without_a_mouse_logs_out(page: Page, ticket: Ticket, width: int, by: tuple[str, ...]) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(LIST)
    for name in by:
        press_tab_until(page, f"[aria-label={name}]")
        page.keyboard.press("Enter")
    expect(page.locator("[x-show=openUserLinks] :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[x-show=openUserLinks]")).to_be_hidden()
    expect(page.get_by_role("button", name="Account")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[x-show=openUserLinks] :focus")).to_have_count(1)
    press_tab_until(page, "#logout-form button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(LIST)
    assert "/login/" in page.url


def test_signing_in_leads_to_the_tickets(page: Page, aws: None) -> None:
    page.context.clear_cookies()
    page.goto("/desk/login/")
    assert faults(page) == []
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("ada")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"**{LIST}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_that_are_on_their_way_to_zendesk_there_or_failed(
    page: Page, aws: None, settings: Any, scheme: str
) -> None:
    settings.ZENDESK_ANSWER_BACK = True
    about = {"customer_id": "default", "tier": "general", "caller_id": "zendesk:7", "issue_description": "No lesson"}
    opened = draft(channel="zendesk", attributes={"zendesk": {"ticket_id": "12345"}}, **about)  # type: ignore[arg-type]
    ticket = service.open_ticket(opened, raw_tickets.ticket_key("12345")).ticket
    for end in (None, "updated", "failed"):
        said, ada = new_comment(LONG, author="Ada"), Actor(name="ada", door="desk", request_id="r-1")
        done = service.add_comment(
            ticket.ticket_id, "default", said, ada, reopen=False, also=promises.of(ticket)
        ).comment
        if end:
            deliveries.finish(done.comment_id, end, ticket_id=ticket.ticket_id, error=LONG)
    assert look(page, ticket_url(ticket.ticket_id), scheme) == []
    picture(page, f"answers-{scheme}")
    expect(page.get_by_role("button", name="Send again")).to_be_visible()

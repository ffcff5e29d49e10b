"""The content security policy in a real browser: every page of the desk works under it, and none offends against it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from config import celery
from routing import tokens
from routing.models import ApiToken, Clock
from tests.test_wiring import ROUTES
from tests.ticketing.desk.conftest import MakeTicket
from ticketing import deliveries
from ticketing.deliveries import Delivery
from ticketing.erasing.person import Person
from ticketing.index import rows
from ticketing.jobs import erasure_request, lifecycle

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

LIST = "/desk/ticketing/indexedticket/"
USERS = "/desk/auth/user/"
MORE = ["/desk/ticketing/", "/desk/nothing-is-here/", "/api/docs", f"{LIST}?q=word&status__exact=open"]
# Tells of offences on the console, where everything else that goes wrong is told too.
LISTENER = """document.addEventListener("securitypolicyviolation", (event) => console.error(
    `offends against ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""
# Everything that Unfold's menus, tabs and dialogs listen to, used once: an expression is read only then.
TRY_ALL = """() => { for (const kind of ["click", "focus", "keydown", "mouseenter"]) {
    for (const element of document.querySelectorAll("*")) {
        const listens = [...element.attributes].some((one) => one.name.startsWith(`x-on:${kind}`));
        if (listens && element.isConnected) element.dispatchEvent(new KeyboardEvent(kind, {bubbles: true, key: "x"}));
    }
} }"""


@pytest.fixture
def said() -> list[str]:
    """What the browser complained of."""
    return []


@contextmanager
def window(browser: Browser, live_server: Any, cookies: Any, said: list[str]) -> Iterator[Page]:
    """A window with these cookies. What offends in it, and each script that fails, is noted in `said`."""
    context = browser.new_context(base_url=live_server.url)
    for cookie in cookies.values():
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    context.add_init_script(LISTENER)
    page = context.new_page()
    page.set_default_timeout(10_000)

    def on_console(message: ConsoleMessage) -> None:
        if (
            message.type in ("error", "warning") and "Failed to load resource" not in message.text
        ):  # a 404 that was meant
            said.append(f"{page.url}: {message.text}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    yield page
    context.close()


@pytest.fixture
def page(browser: Browser, live_server: Any, desk: Client, said: list[str]) -> Iterator[Page]:
    """A window in which Ada is signed in. Fails the test if anything offended, or a script failed."""
    with window(browser, live_server, desk.cookies, said) as page:
        yield page
    assert said == []


def everything(make_ticket: MakeTicket) -> dict[str, str]:
    """One of each thing that has a page, and the part of its address that names it."""
    ticket = make_ticket()
    tokens.issue("billing", "acme", "gold", ["itsm"])
    deliveries.receive(Delivery(delivery_id="d-1", door="submission", customer_id="acme", key="k"))
    deliveries.attempt("d-1", "It failed.")
    Clock.objects.create(
        ticket_id="t-1", reference="F-1", tier="gold", started_at=rows._EPOCH, due_at=rows._EPOCH, version=1
    )
    return {
        "auth/user": str(User.objects.get(username="ada").pk),
        "auth/group": str(Group.objects.create(name="leads").pk),
        "routing/apitoken": str(ApiToken.objects.get().pk),
        "routing/clock": str(Clock.objects.get().pk),
        "ticketing/indexedticket": ticket.ticket_id,
        "ticketing/delivery": "d-1",
        "ticketing/erasure": str(
            erasure_request.begin(Person(caller_id="lea"), User.objects.get(username="ada"))[0].pk
        ),
        "ticketing/job": str(lifecycle.start("check", "ada", 1)[0].pk),
    }


def address(route: str, names: dict[str, str]) -> str:
    """The route's address, for the thing that is there."""
    model = "/".join(route.split("/")[1:3])
    return "/" + re.sub("<[^>]*>", names.get(model, "1"), route)


def is_page(page: Page, where: str) -> bool:
    """Whether a person sees a page there, be it an error. The rest is data, a download, or nothing at all."""
    answer = page.request.get(where)
    return "text/html" in answer.headers["content-type"] and bool(answer.body())


def test_every_page_keeps_to_the_policy_whatever_is_clicked(page: Page, make_ticket: MakeTicket) -> None:
    names = everything(make_ticket)
    routes = [route for route in ROUTES if route.startswith("desk/") and "(?P" not in route]
    for where in [address(route, names) for route in routes] + MORE:
        if is_page(page, where):
            page.goto(where, wait_until="load")
            page.evaluate(TRY_ALL)
    assert len(routes) > 40


FORMS = {
    "/desk/password_change/": "#content form",
    "/desk/auth/user/add/": "#user_form",
    "/desk/auth/group/add/": "#group_form",
    "/desk/routing/apitoken/add/": "#apitoken_form",
    f"{LIST}add/": "#content form",
    f"{LIST}TICKET/change/": "#content form",
    f"{LIST}TICKET/redact/": "#content form",
    "/desk/ticketing/delivery/d-1/aside/": "#content form",
    "/desk/ticketing/delivery/": "#content form",
    "/desk/ticketing/job/": "#content form",
    "/desk/ticketing/erasure/": "#content form",
}


def test_what_answers_a_form_keeps_to_the_policy_too(
    page: Page, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forms are sent empty, so that most come back with what is wrong."""
    monkeypatch.setattr(celery, "send", lambda *_: None)
    names = everything(make_ticket)
    for where, form in FORMS.items():
        page.goto(where.replace("TICKET", names["ticketing/indexedticket"]), wait_until="load")
        with page.expect_navigation(wait_until="load"):
            page.eval_on_selector(f"{form}[method=post]", "form => HTMLFormElement.prototype.submit.call(form)")
        page.evaluate(TRY_ALL)


REFUSED = ["/desk/", LIST, "/desk/nothing/", "/desk/auth/user/", f"{LIST}?tags__contains=a", "/desk/r/9/9/"]


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_refusal_keeps_to_the_policy_too(
    browser: Browser, live_server: Any, client: Client, grace: User, aws: None, said: list[str], signed_in: bool
) -> None:
    """What a stranger is shown, a wrong password's answer too, and staff who may not see the page."""
    if signed_in:
        client.force_login(grace)
    with window(browser, live_server, client.cookies, said) as page:
        for where in REFUSED:
            page.goto(where, wait_until="load")
            page.evaluate(TRY_ALL)
        if not signed_in:
            page.goto("/desk/login/?next=/desk/auth/user/", wait_until="load")
            page.fill("input[name=username]", "grace")
            page.fill("input[name=password]", "wrong")
            with page.expect_navigation(wait_until="load"):
                page.locator("#login-form button[type=submit]").click()
            expect(page.locator("input[name=password]")).to_have_count(1)
    assert said == []


def test_a_script_or_a_style_that_got_into_a_page_does_nothing(page: Page, aws: None, said: list[str]) -> None:
    page.goto(LIST)
    page.evaluate("""() => { for (const [tag, text] of [["script", "window.ran = 1"], ["style", "*{color:red}"]]) {
        const element = document.createElement(tag); element.textContent = text; document.body.append(element); } }""")
    page.evaluate(
        """document.body.insertAdjacentHTML("beforeend", "<img src=x: onerror='window.ran = 1' style='top:1px'>")"""
    )
    page.evaluate("""fetch("https://elsewhere.example").catch(() => 0)""")
    assert page.evaluate("window.ran") is None
    offended = {line.split("offends against ")[1].split(":")[0] for line in said if "offends against" in line}
    said.clear()
    assert offended == {
        "script-src-elem",
        "style-src-elem",
        "script-src-attr",
        "style-src-attr",
        "img-src",
        "connect-src",
    }


def test_the_theme_is_chosen_and_kept(page: Page, aws: None) -> None:
    page.goto(LIST)
    dark = "document.documentElement.classList.contains('dark')"
    assert not page.evaluate(dark)
    page.get_by_role("button", name="Account").click()
    page.locator("[x-on\\:click*=\"'dark'\"]").first.click()
    page.wait_for_function(dark)
    page.reload()
    page.wait_for_function(dark)


def test_the_sidebar_is_closed_and_stays_closed(page: Page, aws: None) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(LIST)
    expect(page.locator("#nav-sidebar")).to_be_visible()
    page.locator("[x-on\\:click*=sidebarDesktopOpen]").click()
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    page.reload()
    expect(page.locator("#content")).to_be_visible()
    expect(page.locator("#nav-sidebar")).to_be_hidden()


def test_no_key_opens_a_search_that_the_desk_has_not(page: Page, aws: None) -> None:
    page.goto(LIST)
    page.locator("body").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#search-input-command")).to_have_count(0)
    page.get_by_label("Search").first.fill("printer")  # no layer lies over the list


def test_an_action_on_a_list_has_its_bar_and_runs(page: Page, aws: None) -> None:
    tokens.issue("billing", "acme", "gold", ["itsm"])
    page.goto("/desk/routing/apitoken/")
    page.locator("input.action-select").first.check()
    bar = page.locator("#changelist-actions")
    expect(bar).to_be_visible()
    assert bar.evaluate("bar => parseInt(bar.style.width)") > 300
    page.locator("select[name=action]").select_option("revoke")
    with page.expect_navigation():
        bar.get_by_role("button").last.click()
    assert ApiToken.objects.get().revoked_at


def test_a_day_and_a_time_are_picked(page: Page, aws: None) -> None:
    page.goto(f"{USERS}{User.objects.get(username='ada').pk}/change/")
    page.locator(".date-icon").first.click()
    expect(page.locator(".calendarbox").first).to_be_visible()
    page.locator(".calendarbox").first.get_by_role("link", name="15", exact=True).click()
    assert page.locator("#id_last_login_0").input_value().startswith("15/")
    page.locator(".clock-icon").first.click()
    expect(page.locator(".clockbox").first).to_be_visible()


def test_the_description_of_the_api_is_shown_and_opens(page: Page, aws: None) -> None:
    page.goto("/api/docs")
    page.locator("#operations-itsm-itsm_tickets_create, .opblock").first.click()
    expect(page.locator(".opblock.is-open").first).to_be_visible()


def test_a_new_token_is_shown_and_a_second_look_issues_no_second(page: Page, aws: None) -> None:
    page.goto("/desk/routing/apitoken/add/")
    page.get_by_label("Name").fill("billing")
    page.get_by_label("Customer").fill("acme")
    page.get_by_label("itsm").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("code", has_text="foyer_")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="billing")).to_be_visible()
    assert "foyer_" not in page.content()
    assert ApiToken.objects.count() == 1

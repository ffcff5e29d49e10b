"""What an agent writes at the desk on a Zendesk ticket is in Zendesk, and comes back from there as nothing new."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import doors
from tests.e2e.copy import Copy, within
from ticketing.deliveries import raw_tickets

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.xdist_group("e2e")]

SOON = 15_000  # milliseconds
ZENDESK_ID = 9_601  # with four comments


def _open(desk: Page, copy: Copy) -> None:
    """The page of a Zendesk ticket of this test's own, as soon as it is there."""
    ticket_id = raw_tickets.ticket_key(str(ZENDESK_ID)).keyed_id
    assert doors.zendesk(copy, ZENDESK_ID).status_code == 202
    within(15, lambda: ticket_id in copy.indexed("channel = 'zendesk'"))
    desk.goto(f"{copy.desk}ticketing/indexedticket/{ticket_id}/change/")


def _arrives(desk: Page, text: str) -> None:
    entry = desk.locator("li.desk-entry", has_text=text)

    def there() -> bool:
        desk.reload()
        return "In Zendesk." in entry.inner_text()

    expect(entry.locator(".desk-sent")).to_have_text(re.compile("On its way to Zendesk|In Zendesk"))
    within(SOON / 1000, there)


def test_a_reply_and_a_note_reach_zendesk_and_come_back_as_nothing_new(copy: Copy, desk: Page, pictures: Path) -> None:
    _open(desk, copy)
    for text, button in (("Your credit is back.", "Reply"), ("Billing knows.", "Internal note")):
        desk.get_by_label("Your answer").fill(text)
        desk.get_by_role("button", name=button, exact=True).click()
        _arrives(desk, text)
    desk.screenshot(path=pictures / "answer-back.png", full_page=True)
    before = desk.locator("li.desk-entry").count()
    assert doors.zendesk(copy, ZENDESK_ID).status_code == 202
    page = desk.url
    within(15, lambda: _has_ended(desk, copy))
    desk.goto(page)
    assert desk.locator("li.desk-entry").count() == before


def _has_ended(desk: Page, copy: Copy) -> bool:
    """Whether no delivery is on its way any more."""
    desk.goto(f"{copy.desk}ticketing/delivery/")
    return desk.get_by_text("Nothing here").count() > 0

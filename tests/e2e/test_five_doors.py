"""One ticket through every door of the running product, each found at the desk, one answered there."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from playwright.sync_api import Page, expect

from config import aws
from tests.e2e import doors
from tests.e2e.copy import Copy, within
from tests.local_aws import pointed_at

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.xdist_group("e2e")]

AT_THE_DESK_SECONDS = 5


def _find_at_desk(desk: Page, copy: Copy, words: str) -> None:
    """Search until the list shows it; the desk's own promise is five seconds."""

    def shown() -> bool:
        desk.goto(f"{copy.desk}ticketing/indexedticket/?q={words}")
        return desk.locator("#result_list tbody tr").count() > 0

    within(AT_THE_DESK_SECONDS, shown)


def test_a_ticket_through_the_itsm_door_is_at_the_desk(copy: Copy, desk: Page) -> None:
    answer = doors.itsm(copy, "Printer on fire")
    assert answer.status_code == 201
    _find_at_desk(desk, copy, answer.json()["reference"])
    expect(desk.get_by_text("Printer on fire").first).to_be_visible()


def test_a_body_that_is_streamed_is_taken_or_too_large(copy: Copy) -> None:
    body = json.dumps({"caller_id": "u-1", "issue_description": "x" * 500_000}).encode()
    headers = {"Token": copy.tokens["general", "itsm"], "Content-Type": "application/json"}
    for times, status in ((1, 201), (3, 413), (30, 413)):
        chunks = (body[start : start + 1000] for start in range(0, len(body), 1000))
        streamed = (chunk for chunk in [*chunks, *[b" " * 500_000] * (times - 1)])
        answer = requests.post(f"{copy.url}/itsm/tickets", data=streamed, headers=headers, timeout=10)
        assert (answer.status_code, "request_id" in answer.json()) == (status, status != 201)


def test_a_caller_whose_id_is_as_long_as_can_be_is_listed(copy: Copy) -> None:
    caller, token = "ü" * 1024, copy.tokens["general", "itsm"]
    body = {"caller_id": caller, "issue_description": "Who am I?"}
    made = doors.post(copy, "/itsm/tickets", body, token).json()["ticket_id"]
    found = doors.get(copy, f"/itsm/tickets?caller={quote(caller)}", token).json()["tickets"]
    assert [one["ticket_id"] for one in found] == [made]


@pytest.mark.parametrize("tier", ["gold", "general"])
def test_a_ticket_through_the_routing_door_is_at_the_desk(copy: Copy, desk: Page, tier: str) -> None:
    answer = doors.routing(copy, "All is dark", tier)
    assert (answer.status_code, answer.json()["tier"]) == (201, tier)
    _find_at_desk(desk, copy, answer.json()["reference"])


def test_a_ticket_through_the_submission_door_is_at_the_desk(copy: Copy, desk: Page) -> None:
    answer = doors.submission(copy, "Zeppelin overdue")
    assert answer.status_code == 202
    _find_at_desk(desk, copy, "Zeppelin")
    path = f"/ticketing/submissions/{answer.json()['submission_id']}"
    status = doors.get(copy, path, copy.tokens["general", "submit"]).json()
    assert (status["status"], status["ticket_id"]) == ("created", answer.json()["ticket_id"])


def test_a_ticket_through_the_zendesk_door_is_at_the_desk(copy: Copy, desk: Page) -> None:
    before = _zendesk_tickets(desk, copy)
    answer = doors.zendesk(copy, 424242)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    within(AT_THE_DESK_SECONDS, lambda: _zendesk_tickets(desk, copy) > before)


def test_a_raw_zendesk_ticket_that_is_replayed_is_at_the_desk(copy: Copy, desk: Page) -> None:
    raw = {"ticket": {"id": 777, "subject": "Xylophone out of tune"}, "comments": []}
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        key = "raw-tickets/year=2025/month=01/day=05/ticket-777.json"
        aws.client("s3").put_object(Bucket="zendesk-sme-tickets", Key=key, Body=json.dumps(raw).encode())
    for said in ("1 would be opened, 0", "1 opened, 0", "0 opened, 1"):
        dry = ["--dry-run"] if "would" in said else []
        done = copy.manage("replay", "--since", "2025-01-05", "--until", "2025-01-05", *dry)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"{said} there already, 0 refused."), done.stderr
    _find_at_desk(desk, copy, "Xylophone")


def _zendesk_tickets(desk: Page, copy: Copy) -> int:
    desk.goto(f"{copy.desk}ticketing/indexedticket/?channel__exact=zendesk")
    return desk.locator("#result_list tbody tr").count()


def test_an_event_is_in_the_stream(copy: Copy) -> None:
    answer = doors.event(copy, "sess_123").json()
    with pointed_at(copy.secret("AWS_ENDPOINT_URL")):
        kinesis = aws.client("kinesis")
        place = kinesis.get_shard_iterator(
            StreamName="iops-dashboard-events",
            ShardId=answer["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            StartingSequenceNumber=answer["sequenceNumber"],
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=place)["Records"]
    assert b"sess_123" in records[0]["Data"]
    assert b"ingested_at" in records[0]["Data"]


def test_an_agent_answers_and_the_customer_reads_it(copy: Copy, desk: Page, pictures: Path) -> None:
    ticket = doors.routing(copy, "When will it be mended?").json()
    _find_at_desk(desk, copy, ticket["reference"])
    desk.locator("#result_list tbody tr a").first.click()
    desk.get_by_label("Your answer").fill("Within the hour.")
    desk.get_by_role("button", name="Reply").click()
    expect(desk.get_by_text("Within the hour.").first).to_be_visible()
    desk.screenshot(path=pictures / "ticket.png", full_page=True)
    path = f"/routing/tickets/{ticket['ticket_id']}"
    read = doors.get(copy, path, copy.tokens["gold", "route"]).json()
    assert [one["comment"] for one in read["comments"]] == ["Within the hour."]


def test_the_list_shows_what_came_in(copy: Copy, desk: Page, pictures: Path) -> None:
    desk.goto(f"{copy.desk}ticketing/indexedticket/")
    expect(desk.locator("#result_list tbody tr").first).to_be_visible()
    desk.screenshot(path=pictures / "list.png")

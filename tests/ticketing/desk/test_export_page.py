"""Export at the desk: the button on the list, who may press it, and fetching the file, whole or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client

from config import celery, json
from tests.ticketing.desk.conftest import DOOR, MakeTicket
from tests.ticketing.transfer.transferring import empty_s3
from ticketing import service
from ticketing.jobs import export, lifecycle
from ticketing.models import Job
from ticketing.tickets.ticket import new_comment

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]

EXPORT = "/desk/ticketing/indexedticket/export/"
JOBS = "/desk/ticketing/job/"
Said = Callable[[Any], str]


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were queued."""
    waiting: list[str] = []
    monkeypatch.setattr(celery, "send", lambda _, part: waiting.append(part))
    return waiting


def work(job: Job) -> Job:
    [part] = job.parts.select_related("job")
    while lifecycle.step(part).moved == "on":
        pass
    job.refresh_from_db()
    return job


def exported(client: Client, query: str = "") -> Job:
    client.post(EXPORT + query)
    return work(Job.objects.get())


def download(job: Job) -> str:
    return f"{JOBS}{job.pk}/tickets.jsonl"


def may(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def test_the_button_exports_the_list_that_it_stands_on(
    desk: Client, make_ticket: MakeTicket, list_address: str, said: Said, queued: list[str]
) -> None:
    gold = make_ticket(tier="gold", subject='A "printer" & more')
    make_ticket(tier="gold")
    make_ticket()
    page = desk.get(list_address, {"tier__exact": "gold", "q": '"printer" & more', "p": "1"})
    where = EXPORT + page.context["cl"].get_query_string()
    assert f'action="{where.replace("&", "&amp;")}"' in page.content.decode()
    response = desk.post(where, follow=True)
    assert response.redirect_chain == [(JOBS, 302)]
    assert said(response).startswith("The export is started")
    [job] = Job.objects.all()
    assert (job.kind, job.started_by, job.total, len(queued)) == ("export", "ada", 1, 1)
    assert "Download" not in response.content.decode()
    work(job)
    text = desk.get(JOBS).content.decode()
    assert "of <bdi>search &quot;printer&quot; &amp; more, tier gold" in text
    assert f'href="{download(job)}"' in text
    assert [one["ticket_id"] for one in fetched(desk, job)] == [gold.ticket_id]


def fetched(client: Client, job: Job) -> list[dict[str, Any]]:
    text = b"".join(client.get(download(job)).streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_fetched_is_a_file_of_known_length_with_the_internal_notes(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS", 2)
    tickets = sorted(make_ticket().ticket_id for _ in range(5))
    service.add_comment(tickets[0], "acme", new_comment("For us", visibility="internal"), DOOR)
    job = exported(desk)
    assert job.pieces.count() == 3
    response: Any = desk.get(download(job))
    content = b"".join(response.streaming_content)
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"] == f'attachment; filename="tickets-{job.started_at:%Y-%m-%d}.jsonl"'
    assert response["Content-Length"] == str(len(content))
    found = [json.loads(line) for line in content.splitlines()]
    assert [one["ticket_id"] for one in found] == tickets
    assert found[0]["comments"][0]["comment"] == "For us"


def test_an_empty_list_is_an_empty_file(desk: Client) -> None:
    assert fetched(desk, exported(desk)) == []


@pytest.mark.sql
@pytest.mark.parametrize(("query", "count"), [("?q=red%00printer", 1), ("?assignee=%00", 0)])
def test_a_list_whose_address_holds_nul_is_exported(
    desk: Client, make_ticket: MakeTicket, query: str, count: int
) -> None:
    make_ticket(subject="The red printer", assignee="ada")
    make_ticket(subject="The blue printer", assignee="ada")
    body = b"".join(desk.get(download(exported(desk, query))))
    assert body.count(b"\n") == count


def test_a_double_click_exports_once(desk: Client, said: Said) -> None:
    desk.post(EXPORT)
    assert said(desk.post(EXPORT, follow=True)).endswith("You are exporting this list already.")
    assert Job.objects.count() == 1


def test_a_piece_that_is_gone_is_told_in_a_sentence(
    desk: Client, make_ticket: MakeTicket, said: Said, list_address: str
) -> None:
    make_ticket()
    job = exported(desk)
    storages["default"].delete(f"!exports/{job.pk}/{job.pieces.get().name}")
    response = desk.get(download(job), follow=True)
    assert response.redirect_chain == [(list_address, 302)]
    assert "This export is not kept any more" in said(response)


def test_an_s3_that_is_away_is_told_in_a_sentence(
    desk: Client, make_ticket: MakeTicket, said: Said, refuse: set[str]
) -> None:
    make_ticket()
    job = exported(desk)
    refuse.add("ListObjects")
    assert "AWS does not answer." in said(desk.get(download(job), follow=True))


def test_a_file_that_broke_off_is_no_shorter_file(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there a moment ago: who fetches it sees a broken connection, and knows how long it should have been."""
    make_ticket()
    job = exported(desk)
    response: Any = desk.get(download(job))
    storages["default"].delete(f"!exports/{job.pk}/{job.pieces.get().name}")
    with pytest.raises(FileNotFoundError):
        list(response.streaming_content)


def test_a_piece_that_somebody_overwrote_is_not_handed_out(desk: Client, make_ticket: MakeTicket) -> None:
    make_ticket()
    job = exported(desk)
    name = f"!exports/{job.pk}/{job.pieces.get().name}"
    storages["default"].delete(name)
    storages["default"].save(name, ContentFile(b'{"subject": "Lie"}'))
    response: Any = desk.get(download(job))
    with pytest.raises(FileNotFoundError, match="overwritten in S3"):
        list(response.streaming_content)


def test_only_an_export_that_is_done_can_be_fetched(desk: Client) -> None:
    desk.post(EXPORT)
    assert desk.get(download(Job.objects.get())).status_code == 404
    check = lifecycle.start("check", "ada", 1)[0]
    for part in check.parts.select_related("job"):
        lifecycle.step(part)
    assert desk.get(download(check)).status_code == 404
    assert desk.get(f"{JOBS}999/tickets.jsonl").status_code == 404


def test_a_list_that_is_none_is_not_exported(desk: Client, said: Said, list_address: str) -> None:
    response = desk.post(f"{EXPORT}?colour=red", follow=True)
    assert response.redirect_chain == [(list_address, 302)]
    assert said(response).startswith("There is no such list")
    assert not Job.objects.exists()


def test_an_export_needs_the_rights_to_see_tickets_and_to_start_jobs(
    client: Client, grace: User, list_address: str
) -> None:
    client.force_login(grace)  # may see tickets
    assert EXPORT not in client.get(list_address).content.decode()
    assert client.post(EXPORT).status_code == 403
    may(grace, "change_job")
    assert EXPORT in client.get(list_address).content.decode()
    assert client.get(EXPORT).status_code == 405
    assert client.post(EXPORT).status_code == 302
    grace.user_permissions.remove(Permission.objects.get(codename="view_indexedticket"))
    assert client.post(EXPORT).status_code == 403
    assert client.post(JOBS, {"start": "export"}).status_code == 302
    assert Job.objects.count() == 1


def test_whoever_may_see_tickets_may_fetch_and_nobody_else(desk: Client, grace: User) -> None:
    job = exported(desk)
    other = Client()
    assert other.get(download(job)).status_code == 302  # to sign in
    other.force_login(grace)
    assert other.get(download(job)).status_code == 200
    grace.user_permissions.clear()
    may(grace, "view_job", "change_job")
    assert other.get(download(job)).status_code == 403
    assert "Download" not in other.get(JOBS).content.decode()


def test_a_form_of_another_site_starts_nothing(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(EXPORT).status_code == 403
    assert not Job.objects.exists()


def test_a_ticket_whose_description_is_gone_is_named_on_the_page_jobs(desk: Client, make_ticket: MakeTicket) -> None:
    lost = make_ticket(issue_description="é" * 300_000)
    make_ticket()
    empty_s3()
    job = exported(desk)
    text = desk.get(JOBS).content.decode()
    assert "Download" in text
    assert "1 incomplete<br>" in text
    opened = desk.get(f"{JOBS}?job={job.pk}").content.decode()
    assert f"{lost.reference}</a> description missing" in opened
    assert "export the list again" in opened
    assert "reindex --check" not in opened


def test_an_export_with_all_that_it_should_have_says_nothing_of_that(desk: Client, make_ticket: MakeTicket) -> None:
    make_ticket()
    exported(desk)
    text = desk.get(JOBS).content.decode()
    assert "incomplete" not in text
    assert "See which" not in text


@pytest.mark.parametrize(
    ("query", "most", "said"),
    [
        ("?q=printer", 2, True),
        ("?q=printer&tier__exact=gold", 2, True),
        ("?q=printer", 3, False),
        ("?tier__exact=gold", 2, False),
        ("?q=+", 2, False),
    ],
)
def test_that_an_export_has_the_newest_alone_of_what_a_search_finds_is_said(
    desk: Client, make_ticket: MakeTicket, monkeypatch: pytest.MonkeyPatch, query: str, most: int, said: bool
) -> None:
    for module in ("search.find", "desk.jobs_page"):
        monkeypatch.setattr(f"ticketing.{module}.MOST", most)
    for _ in range(2):
        make_ticket(subject="The printer", tier="gold")
    sentence = f"Only the newest {most} of the tickets that match"
    desk.post(EXPORT + query)
    assert (sentence in desk.get(JOBS).content.decode()) == said
    work(Job.objects.get())
    assert (sentence in desk.get(JOBS).content.decode()) == said

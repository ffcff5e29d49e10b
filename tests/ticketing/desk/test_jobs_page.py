"""The page Jobs: who may see it and who may start what, once; what runs, how far it is, and what it found."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from config import aws as config_aws
from config import celery
from tests.ticketing.desk.conftest import MakeTicket
from ticketing.desk.page import ticket_url
from ticketing.jobs import lifecycle, reindex
from ticketing.models import IndexedTicket, Job

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db, pytest.mark.sql]

PAGE = "/desk/ticketing/job/"
Said = Callable[[Any], str]


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts that were queued."""
    waiting: list[str] = []
    monkeypatch.setattr(celery, "send", lambda _, part: waiting.append(part))
    return waiting


def work(job: Job) -> None:
    for part in job.parts.select_related("job"):
        while lifecycle.step(part).moved == "on":
            pass


@pytest.mark.parametrize("kind", ["check", "reindex"])
def test_a_button_starts_a_job_and_a_double_click_no_second_one(
    desk: Client, said: Said, queued: list[str], kind: str
) -> None:
    response = desk.post(PAGE, {"start": kind}, follow=True)
    assert said(response) == "It is started."
    assert response.redirect_chain == [(PAGE, 302)]
    count = len(queued)
    assert count
    assert said(desk.post(PAGE, {"start": kind}, follow=True)) == "It runs already: ada started it."
    [job] = Job.objects.all()
    assert (job.kind, job.state, job.started_by, len(queued)) == (kind, "running", "ada", count)


def test_a_job_started_here_is_worked_to_its_end(desk: Client, make_ticket: MakeTicket, settings: Any) -> None:
    make_ticket(indexed=False)
    desk.post(PAGE, {"start": "reindex"})
    work(Job.objects.get())
    assert IndexedTicket.objects.count() == 1
    text = desk.get(PAGE).content.decode()
    assert "1 put right" in text
    assert "data-running" not in text
    assert list(reindex.differences()) == []


def test_what_a_check_found_is_listed_with_its_tickets(desk: Client, make_ticket: MakeTicket) -> None:
    ticket = make_ticket(indexed=False)
    desk.post(PAGE, {"start": "check"})
    assert "data-running" in desk.get(PAGE).content.decode()
    job = Job.objects.get()
    work(job)
    assert "1 difference" in desk.get(PAGE).content.decode()
    text = desk.get(f"{PAGE}?job={job.pk}").content.decode()
    assert f'<a href="{ticket_url(ticket.ticket_id)}" class="desk-reference">{ticket.reference}</a> missing' in text


def test_the_newest_job_is_first(desk: Client) -> None:
    jobs = [lifecycle.start("check", "ada", 1)[0], lifecycle.start("reindex", "ada", 1)[0]]
    assert [row.job for row in desk.get(PAGE).context["rows"]] == jobs[::-1]


@pytest.mark.parametrize("job", ["", "x", "999", "-1", "²", "9" * 30])
def test_a_job_that_is_none_is_passed_over(desk: Client, job: str) -> None:
    response = desk.get(PAGE, {"job": job})
    assert (response.status_code, response.context["opened"]) == (200, None)
    assert desk.post(PAGE, {"stop": job}).status_code == 302


def test_a_running_job_is_never_shown_as_whole(desk: Client, make_ticket: MakeTicket) -> None:
    for _ in range(3):
        make_ticket()
    desk.post(PAGE, {"start": "check"})
    Job.objects.update(total=1)
    lifecycle.step(Job.objects.get().parts.select_related("job").order_by("number")[0])
    [row] = desk.get(PAGE).context["rows"]
    assert row.share <= 99


def test_a_job_is_stopped_and_goes_on(desk: Client, said: Said, queued: list[str]) -> None:
    desk.post(PAGE, {"start": "check"})
    job = Job.objects.get()
    assert said(desk.post(PAGE, {"stop": job.pk}, follow=True)).endswith(
        "It is stopped. It can go on from where it was."
    )
    job.refresh_from_db()
    assert job.state == "stopped"
    queued.clear()
    assert said(desk.post(PAGE, {"resume": job.pk}, follow=True)) == "It goes on."
    assert queued
    work(Job.objects.get())
    assert said(desk.post(PAGE, {"resume": job.pk}, follow=True)).startswith("It cannot go on")


@pytest.mark.parametrize("state", ["stopped", "failed", "done"])
def test_a_job_that_named_an_erased_person_is_shown_without_a_button_and_cannot_go_on(
    desk: Client, said: Said, state: str
) -> None:
    job = Job.objects.create(kind="export", state=state, started_by="ada", parameters={"erased": True})
    text = desk.get(PAGE).content.decode()
    assert "a list with a person who was erased" in text
    assert "Go on" not in text
    assert "Download" not in text
    assert said(desk.post(PAGE, {"resume": job.pk}, follow=True)).startswith("It cannot go on")
    assert Job.objects.get().state == state


def test_who_may_look_may_not_start_and_others_may_not_look(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert client.get(PAGE).status_code == 403
    assert "Jobs" not in client.get("/desk/ticketing/indexedticket/").content.decode()
    grace.user_permissions.add(Permission.objects.get(codename="view_job"))
    text = client.get(PAGE).content.decode()
    assert "No jobs yet" in text
    assert "Check the index" not in text
    assert client.post(PAGE, {"start": "check"}).status_code == 403
    grace.user_permissions.add(Permission.objects.get(codename="change_job"))
    assert client.post(PAGE, {"start": "check"}).status_code == 302
    assert Job.objects.get().started_by == "grace"


def test_a_form_of_another_site_starts_nothing(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert client.post(PAGE, {"start": "check"}).status_code == 403
    assert not Job.objects.exists()


def test_an_aws_that_is_away_is_told_in_a_sentence(
    desk: Client, said: Said, refuse: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse.add("DescribeTable")
    assert said(desk.post(PAGE, {"start": "check"}, follow=True)).startswith("AWS does not answer.")
    assert not Job.objects.exists()
    refuse.clear()

    def not_queued(*_: Any) -> None:
        raise config_aws.Retryable("NotQueued")

    monkeypatch.setattr(celery, "send", not_queued)
    assert "It begins by itself" in said(desk.post(PAGE, {"start": "check"}, follow=True))
    assert Job.objects.get().state == "running"


def test_the_page_asks_sql_no_more_for_more_jobs(desk: Client, django_assert_num_queries: Any) -> None:
    desk.get(PAGE)
    for count in (1, 5):
        for _ in range(count):
            lifecycle.stop(lifecycle.start("check", "ada", 2)[0])
        with django_assert_num_queries(3):  # session, user, jobs
            desk.get(PAGE)


def test_what_somebody_searched_for_is_told_to_them_and_to_who_may_see_tickets(
    desk: Client, grace: User, make_ticket: MakeTicket
) -> None:
    desk.post("/desk/ticketing/indexedticket/export/?q=divorce&caller=maria%40example.com")
    assert "of <bdi>search divorce, caller maria@example.com</bdi>" in desk.get(PAGE).content.decode()
    others = Client()
    others.force_login(grace)
    grace.user_permissions.set(Permission.objects.filter(codename="view_job"))
    page = others.get(PAGE).content.decode()
    assert "</strong> of <bdi>a list of tickets</bdi>" in page
    assert "divorce" not in page
    assert "maria" not in page
    Job.objects.update(started_by="grace")
    assert "divorce" in others.get(PAGE).content.decode()
    Job.objects.update(started_by="ada")
    grace.user_permissions.add(Permission.objects.get(codename="view_indexedticket"))
    assert "divorce" in others.get(PAGE).content.decode()

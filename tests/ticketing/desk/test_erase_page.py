"""The pages *Erase a person*: looked at first, typed, agreed to by somebody else, and then nothing is left."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from audit import trail
from audit.models import Entry
from config import celery
from tests import record
from tests.record import ACTOR
from tests.ticketing.writing import comment
from tests.words import places
from ticketing.desk.page import ticket_url
from ticketing.erasing import places as places_module
from ticketing.erasing import run
from ticketing.erasing.person import Person
from ticketing.index.following import follow
from ticketing.jobs import erasure, erasure_request, lifecycle, tasks
from ticketing.models import Erasure, ErasureTicket, Job
from ticketing.record import bulk
from ticketing.tickets.ticket import Ticket

pytestmark = [pytest.mark.usefixtures("versioned"), pytest.mark.django_db]

PAGE = "/desk/ticketing/erasure/"
WORD = "zanzibar4111"
LEA = {"by": "caller", "value": "lea"}
Said = Callable[[Any], str]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages so small that a job has many, no long polls, and a queue that nobody works."""
    monkeypatch.setattr(places_module, "_POLL_SECONDS", 0)
    monkeypatch.setattr(bulk, "PAGE", 2)
    monkeypatch.setattr(erasure, "AT_ONCE", 1)
    monkeypatch.setattr(celery, "send", lambda *_: None)


@pytest.fixture
def eve(db: None) -> User:
    """Staff who may erase people, and nothing else."""
    user = User.objects.create_user("eve", password="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="erase_person"))
    return user


@pytest.fixture
def other_desk(eve: User) -> Client:
    client = Client()
    client.force_login(eve)
    return client


def told(**more: Any) -> Ticket:
    values = {"subject": WORD, "issue_description": WORD, "requester": {"name": WORD, "email": "lea@x.test"}}
    ticket = record.opened(**values | more)
    comment(ticket, WORD, author="lea")
    follow([record.get(ticket.ticket_id)])
    return ticket


def work() -> None:
    for job in Job.objects.filter(state="running"):
        tasks.work(str(job.parts.get().pk))


def surveyed(client: Client, **form: str) -> tuple[Erasure, str]:
    """An erasing whose survey is done, and its page's address."""
    response = client.post(PAGE, LEA | form)
    assert response.status_code == 302, response.context["form"].errors
    work()
    one = Erasure.objects.get(state="surveyed")
    assert response["Location"] == f"{PAGE}{one.pk}/"
    return one, response["Location"]


def do(client: Client, address: str, button: str, typed: str = "lea") -> Any:
    return client.post(address, {"do": button, "typed": typed}, follow=True)


def test_what_is_found_is_shown_first_and_nothing_is_erased_until_it_is_confirmed(desk: Client) -> None:
    tickets = [told() for _ in range(3)]
    other = record.opened(caller_id="max", issue_description="Printer")
    comment(other, f"I am {WORD}", author="lea")
    follow([record.get(other.ticket_id)])
    one, address = surveyed(desk)
    assert (one.found["tickets"], one.found["comments"], one.found[run.ELSEWHERE]) == (3, 3, 1)
    text = desk.get(address).content.decode()
    assert all(ticket.reference in text for ticket in tickets)
    assert "What Foyer cannot erase" in text
    assert places(WORD) != []
    assert "You can leave this page" in do(desk, address, "confirm").content.decode()
    assert {*places_module.PLACES} <= {*one.found}
    text = desk.get(address).content.decode()
    assert "data-running" in text
    assert "0 of 3 tickets erased" in text
    work()
    assert (places(WORD), places("lea")) == ([], [])
    one.refresh_from_db()
    assert (one.state, one.erased["tickets"], one.erased[run.ELSEWHERE]) == ("done", 3, 1)
    assert record.get(other.ticket_id).issue_description == "Printer"
    assert not ErasureTicket.objects.exists()
    text = desk.get(address).content.decode()
    assert "What was erased" in text
    assert "data-running" not in text


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ({"by": "email", "value": "Lea@X.test"}, "lea@x.test"),
        ({"by": "caller", "value": "lea", "customer": "acme"}, "lea"),
    ],
    ids=["address", "customer"],
)
def test_who_is_found_in_another_way_is_erased_too(desk: Client, form: dict[str, str], typed: str) -> None:
    told()
    _, address = surveyed(desk, **form)
    do(desk, address, "confirm", typed)
    work()
    assert places(WORD) == []


def test_one_ticket_is_found_by_its_reference_and_the_other_stays(desk: Client) -> None:
    ticket, other = told(), record.opened(issue_description="Printer")
    _, address = surveyed(desk, by="ticket", value=ticket.reference)
    do(desk, address, "confirm", ticket.reference)
    work()
    assert places(WORD) == []
    assert record.get(other.ticket_id).issue_description == "Printer"


@pytest.mark.parametrize("typed", ["", "le", "max"])
def test_what_is_typed_wrong_erases_nothing(desk: Client, said: Said, typed: str) -> None:
    told()
    _, address = surveyed(desk)
    assert "That is not what you were asked to type" in said(do(desk, address, "confirm", typed))
    work()
    assert (places(WORD) != [], Erasure.objects.get().state) == (True, "surveyed")


def test_a_survey_that_has_not_ended_cannot_be_confirmed(desk: Client, said: Said) -> None:
    told()
    address = desk.post(PAGE, LEA)["Location"]
    assert "looking" in desk.get(address).content.decode()
    assert said(do(desk, address, "confirm")).startswith("Somebody else has moved")
    assert places(WORD) != []


def test_a_double_click_starts_one_job(desk: Client, said: Said) -> None:
    told()
    _, address = surveyed(desk)
    do(desk, address, "confirm")
    assert said(do(desk, address, "confirm")).startswith("Somebody else has moved")
    assert Job.objects.filter(kind="erasure").count() == 1


def test_several_customers_with_that_caller_end_the_survey_with_a_sentence(desk: Client) -> None:
    told()
    record.opened(customer_id="other")
    address = desk.post(PAGE, LEA)["Location"]
    work()
    assert "Several customers have this caller (acme, other)" in desk.get(address).content.decode()


def test_a_ticket_that_is_not_there_is_said_in_the_form(desk: Client) -> None:
    text = desk.post(PAGE, {"by": "ticket", "value": "absent"}).content.decode()
    assert "There is no such ticket in the record" in text
    assert not Erasure.objects.exists()


def test_a_ticket_that_comes_in_meanwhile_is_erased_too(desk: Client) -> None:
    told()
    _, address = surveyed(desk)
    do(desk, address, "confirm")
    part = Job.objects.get(kind="erasure").parts.select_related("job").get()
    late = False
    while lifecycle.step(part).moved == "on":
        if '"ends"' in part.place and not late:
            late = bool(told())
    assert late
    assert places(WORD) == []


def test_a_worker_that_dies_before_any_page_counts_leaves_nothing(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told()
    _, address = surveyed(desk)
    do(desk, address, "confirm")
    part = Job.objects.get(kind="erasure").parts.select_related("job").get()
    while not part.done:
        with monkeypatch.context() as patched:
            patched.setattr(lifecycle, "_count", lambda *_: False)  # it died after the work, before the count
            assert lifecycle.step(part).moved == "lost"
        lifecycle.step(part)
    assert (places(WORD), Erasure.objects.get().state) == ([], "done")
    assert all(not record.get(one).erasing for one in record.ticket_ids())


def test_an_aws_that_is_away_begins_nothing(desk: Client, said: Said, refuse: set[str]) -> None:
    told()
    refuse.add("GetItem")
    response = desk.post(PAGE, {"by": "ticket", "value": "some"})
    assert said(response).startswith("AWS does not answer")
    assert not Erasure.objects.exists()


# --- The second person --------------------------------------------------------------------------------


def test_the_same_person_cannot_agree_and_another_can(
    desk: Client, other_desk: Client, said: Said, settings: Any
) -> None:
    settings.ERASURE_NEEDS_SECOND_PERSON = True
    told()
    one, address = surveyed(desk)
    assert "Somebody else with this right has to agree" in said(do(desk, address, "confirm"))
    assert "Somebody else has to agree" in said(do(desk, address, "agree"))
    work()
    assert places(WORD) != []
    assert "Agree, and erase for good" not in desk.get(address).content.decode()
    assert "Agree, and erase for good" in other_desk.get(address).content.decode()
    assert said(do(other_desk, address, "agree", "max")).startswith("That is not what")
    do(other_desk, address, "agree")
    work()
    assert places(WORD) == []
    one.refresh_from_db()
    assert (one.asked_by, one.agreed_by, one.state) == ("ada", "eve", "done")
    acts = list(Entry.objects.filter(action__startswith="erasure").order_by("number").values_list("action", "actor"))
    assert acts == [("erasure asked for", "ada"), ("erasure agreed to", "eve")]


def test_who_renamed_themselves_is_still_the_same_person(desk: Client, ada: User, said: Said, settings: Any) -> None:
    settings.ERASURE_NEEDS_SECOND_PERSON = True
    told()
    _, address = surveyed(desk)
    do(desk, address, "confirm")
    User.objects.filter(pk=ada.pk).update(username="adele")
    assert "Somebody else has to agree" in said(do(desk, address, "agree"))


@pytest.mark.parametrize("state", ["surveyed", "waiting"])
def test_what_nobody_confirmed_within_a_day_expires_and_forgets_who_it_was(
    desk: Client, other_desk: Client, said: Said, settings: Any, state: str
) -> None:
    settings.ERASURE_NEEDS_SECOND_PERSON = state == "waiting"
    told()
    one, address = surveyed(desk)
    if state == "waiting":
        do(desk, address, "confirm")
    long_ago = timezone.now() - timedelta(days=1, minutes=1)
    Erasure.objects.update(begun_at=long_ago, asked_at=long_ago)
    button = "agree" if state == "waiting" else "confirm"
    assert said(do(other_desk, address, button)).startswith("Somebody else has moved")
    assert "it has expired" in other_desk.get(address).content.decode()
    tasks.look_after()
    one.refresh_from_db()
    assert (one.state, one.caller_id) == ("expired", "")
    assert places(WORD) != []


def test_what_is_withdrawn_erases_nothing_and_forgets_who_it_was(desk: Client, said: Said) -> None:
    told()
    one, address = surveyed(desk)
    assert "withdrawn" in said(do(desk, address, "withdraw"))
    one.refresh_from_db()
    assert (one.state, one.caller_id, ErasureTicket.objects.count()) == ("withdrawn", "", 0)
    assert said(do(desk, address, "confirm")) != ""
    work()
    assert places(WORD) != []


@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_a_survey_that_somebody_resumes_after_the_end_changes_nothing(desk: Client, state: str) -> None:
    told()
    desk.post(PAGE, LEA)
    one = Erasure.objects.get()
    if state == "withdrawn":
        erasure_request.withdraw(one)
    else:
        Erasure.objects.update(begun_at=timezone.now() - timedelta(days=2))
        erasure_request.expire()
    job = Job.objects.get()
    assert job.state == "stopped"
    assert lifecycle.resume(job)
    work()
    job.refresh_from_db()
    one.refresh_from_db()
    assert (job.state, job.error, one.state) == ("failed", "The erasing was ended", state)


def test_nothing_runs_if_it_cannot_be_recorded(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told()
    one, address = surveyed(desk)

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError

    monkeypatch.setattr(trail, "record", broken)
    with pytest.raises(ValueError):
        do(desk, address, "confirm")
    one.refresh_from_db()
    assert (one.state, Job.objects.filter(kind="erasure").exists()) == ("surveyed", False)


# --- Who may ------------------------------------------------------------------------------------------


def test_only_the_right_of_its_own_opens_the_pages(client: Client, grace: User, eve: User) -> None:
    one = erasure_request.begin(Person(caller_id="lea"), eve)[0]
    client.force_login(grace)
    grace.user_permissions.add(*Permission.objects.exclude(codename="erase_person"))
    for address in (PAGE, f"{PAGE}{one.pk}/"):
        assert client.get(address).status_code == 403
        assert client.post(address, LEA | {"do": "withdraw"}).status_code == 403
    assert "Erase a person" not in client.get("/desk/ticketing/indexedticket/").content.decode()
    client.force_login(eve)
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}{one.pk}/").status_code == 200
    assert client.get(f"{PAGE}999/").status_code == 404
    assert client.get("/desk/ticketing/indexedticket/").status_code == 403


def test_a_ticket_that_was_erased_says_so_and_has_no_buttons(desk: Client) -> None:
    ticket = told()
    run.erased(Person(caller_id="lea"), ACTOR)
    text = desk.get(ticket_url(ticket.ticket_id)).content.decode()
    assert "This ticket was erased" in text
    assert "Reply" not in text
    assert "Redact" not in text

"""Whose ticket it is, who wrote what, and what the desk goes on knowing of people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ingestion.zendesk import pipeline, replay
from ingestion.zendesk.mapping import mark
from tests.ingestion.conftest import Zendesk, desk_ticket
from tests.ticketing.search.conftest import found
from ticketing import service
from ticketing.deliveries import Delivery
from ticketing.desk.page import ticket_url
from ticketing.index.following import follow
from ticketing.tickets.ticket import Actor, draft
from ticketing.tickets.workflow import Channel

pytestmark = pytest.mark.usefixtures("aws", "embedded")

STAFF = Actor(name="Priya", door="desk", request_id="r")
LEA = {"name": "Léa Moreau", "email": "lea@family.test"}


def requester() -> dict[str, str] | None:
    return desk_ticket().ticket.requester


def change(**changes: Any) -> None:
    """What staff do at the desk."""
    service.change_ticket(desk_ticket().ticket.ticket_id, None, changes, STAFF)


def seen_as(**said: Any) -> None:
    """The ticket was taken in by a Foyer that fingerprinted these values as they were shown."""
    attributes = desk_ticket().ticket.attributes
    kept = ("subject", "issue_description", "type", "status", "priority", "tags", "requester", "answer")
    seen = {name: value for name, value in attributes["zendesk"]["seen"].items() if name in kept}
    zendesk = {name: value for name, value in attributes["zendesk"].items() if name not in ("requester_id", "opening")}
    seen |= {name: mark(value) for name, value in said.items()}
    change(**said, attributes={"zendesk": zendesk | {"seen": seen}}, zendesk={})


def test_a_ticket_that_an_agent_opened_is_the_customers(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.users = [{"id": 8, "name": "Jonas Weber", "role": "agent"}]
    zendesk.others["users/7"] = {"id": 7, **LEA, "role": "end-user"}
    zendesk.comments[0]["author_id"] = 8
    pipeline.run(received)
    ticket = desk_ticket().ticket
    assert (ticket.caller_id, ticket.requester) == ("zendesk:7", LEA)
    assert ticket.attributes["zendesk"]["opening"] == {
        "author": "Jonas Weber",
        "by": "staff",
        "visibility": "public",
    }


@pytest.mark.django_db
@pytest.mark.parametrize("known", [LEA, {"name": "Omar Haddad", "email": None}, {"name": None, "email": "o@home.test"}])
def test_a_ticket_that_an_agent_opened_is_found_by_the_customers_name_and_address(
    received: Delivery, zendesk: Zendesk, known: dict[str, str | None]
) -> None:
    zendesk.ticket |= {"requester_id": 361089721000, "submitter_id": 360786799000}
    zendesk.users = [{"id": 360786799000, "name": "Jonas Weber", "role": "agent"}]
    zendesk.others["users/361089721000"] = {"id": 361089721000, **known}
    zendesk.comments[0]["author_id"] = 360786799000
    pipeline.run(received)
    follow([desk_ticket().ticket])
    for said in filter(None, known.values()):
        assert found(said) == [desk_ticket().ticket.ticket_id]


def test_a_replay_knows_who_was_looked_up_and_asks_nobody(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.ticket |= {"requester_id": 55, "organization_id": 5}
    zendesk.others = {"users/55": {"id": 55, "name": "Omar"}, "organizations/5": {"id": 5, "name": "Haddad"}}
    pipeline.run(received)
    change(requester=None)
    seen_as(requester=None)
    zendesk.asked.clear()
    assert [one.end for one in replay.replayed(received.received_at, received.received_at)] == ["updated"]
    assert requester() == {"name": "Omar"}
    assert desk_ticket().ticket.attributes["zendesk"]["organization"] == {"id": "5", "name": "Haddad"}
    assert zendesk.asked == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_person_who_vanished_is_no_failure(received: Delivery, zendesk: Zendesk, status: int) -> None:
    zendesk.ticket["requester_id"] = 55
    zendesk.refusal = status
    assert pipeline.run(received).end == "created"
    assert (desk_ticket().ticket.caller_id, requester()) == ("zendesk:55", None)


@pytest.mark.parametrize("number", [-1, "-1", None])
def test_a_ticket_of_zendesk_itself_is_the_whole_customers(
    received: Delivery, zendesk: Zendesk, number: int | str | None
) -> None:
    zendesk.ticket["requester_id"] = number
    pipeline.run(received)
    assert (desk_ticket().ticket.caller_id, requester()) == ("customer:default", None)


def test_a_person_without_an_address_has_a_name(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.users[0]["email"] = None
    pipeline.run(received)
    assert requester() == {"name": "Léa Moreau"}


@pytest.mark.parametrize("less", [[], [{"id": 7, "name": "Léa Moreau", "email": None}], [{"id": 7}]])
def test_what_is_known_of_a_person_is_not_wiped_by_who_knows_less(
    received: Delivery, zendesk: Zendesk, less: list[dict[str, Any]]
) -> None:
    everybody = zendesk.users
    pipeline.run(received)
    zendesk.users = less
    zendesk.ticket |= {"subject": "New", "updated_at": "2026-01-06T00:00:00Z"}
    pipeline.run(received)
    assert (requester(), desk_ticket().ticket.subject) == (LEA, "New")
    change(requester={"name": "Léa M.", "email": "lea@work.test"})
    for zendesk.users in (less, everybody):
        pipeline.run(received)
        assert requester() == {"name": "Léa M.", "email": "lea@work.test"}


def test_what_staff_know_stays_until_zendesk_says_something_new(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.users = [{"id": 7, "name": "Léa Moreau"}]
    pipeline.run(received)
    change(requester={"name": "Dr. Moreau"})
    zendesk.users = [{"id": 7, **LEA}]
    pipeline.run(received)
    assert requester() == {"name": "Dr. Moreau", "email": "lea@family.test"}
    change(requester={"name": "Dr. Moreau"})  # staff take the address away again
    pipeline.run(received)
    assert requester() == {"name": "Dr. Moreau"}
    zendesk.users = [{"id": 7, "name": "Léa Weber", "email": "lea@family.test"}]
    pipeline.run(received)
    assert requester() == {"name": "Léa Weber"}


def test_another_requester_takes_nothing_of_the_first(received: Delivery, zendesk: Zendesk) -> None:
    pipeline.run(received)
    zendesk.ticket["requester_id"] = 55
    pipeline.run(received)
    assert requester() is None
    zendesk.others["users/55"] = {"id": 55, "name": "Omar"}
    pipeline.run(received)
    assert requester() == {"name": "Omar"}
    zendesk.others = {}
    pipeline.run(received)
    assert requester() == {"name": "Omar"}


@pytest.mark.parametrize(
    ("by_staff", "expected"),
    [
        (None, LEA),
        ({"name": "Dr. Moreau"}, {"name": "Dr. Moreau", "email": "lea@family.test"}),
        ({"email": "lea@work.test"}, {"name": "Léa Moreau", "email": "lea@work.test"}),
        ({"name": "Dr. Moreau", "email": "lea@work.test"}, {"name": "Dr. Moreau", "email": "lea@work.test"}),
    ],
)
def test_a_ticket_from_before_people_were_looked_up_gets_what_it_lacks(
    received: Delivery, zendesk: Zendesk, by_staff: dict[str, str] | None, expected: dict[str, str]
) -> None:
    people, zendesk.users = zendesk.users, []
    pipeline.run(received)
    seen_as(requester=None)
    change(requester=by_staff)
    zendesk.users = people
    for _ in range(2):
        pipeline.run(received)
        assert requester() == expected


def test_a_requester_whom_staff_changed_before_the_upgrade_stays(received: Delivery, zendesk: Zendesk) -> None:
    pipeline.run(received)
    seen_as(requester=LEA)
    change(requester={"name": "Dr. Moreau"})
    for number in range(2):
        zendesk.ticket["updated_at"] = f"2026-01-06T00:00:0{number}Z"
        pipeline.run(received)
        assert requester() == {"name": "Dr. Moreau"}


def test_a_ticket_whose_requester_changed_before_the_upgrade_keeps_what_staff_wrote(
    received: Delivery, zendesk: Zendesk
) -> None:
    pipeline.run(received)
    zendesk.ticket["requester_id"] = 55
    people, zendesk.users = zendesk.users, [{"id": 55, "name": "Omar"}]
    pipeline.run(received)
    seen_as(requester={"name": "Omar"})
    change(requester={"name": "Dr. Haddad"})
    known, zendesk.users = zendesk.users, people
    pipeline.run(received)
    assert requester() == {"name": "Dr. Haddad"}
    zendesk.users = known
    pipeline.run(received)
    assert requester() == {"name": "Dr. Haddad"}


@pytest.mark.parametrize(
    ("organization", "expected"),
    [
        ({"organization_id": 5}, {"id": "5", "name": "Haddad"}),
        ({"organization_id": 6}, {"id": "6"}),
        ({"organization_id": None}, None),
    ],
)
def test_the_name_of_the_same_organization_stays(
    received: Delivery, zendesk: Zendesk, organization: dict[str, Any], expected: dict[str, str] | None
) -> None:
    zendesk.ticket["organization_id"] = 5
    zendesk.others = {"organizations/5": {"id": 5, "name": "Haddad"}}
    pipeline.run(received)
    zendesk.others = {}
    zendesk.ticket |= organization
    pipeline.run(received)
    assert desk_ticket().ticket.attributes["zendesk"].get("organization") == expected


def entries(desk: Client) -> list[tuple[str, str, str]]:
    """What the ticket's page shows: the kind, author and text of each entry."""
    context = desk.get(ticket_url(desk_ticket().ticket.ticket_id)).context
    return [(one.kind, one.author, one.text) for one in (context["opening"], *context["entries"])]


@pytest.mark.django_db
def test_agents_customers_and_zendesk_itself_are_told_apart(
    received: Delivery, zendesk: Zendesk, admin_client: Client
) -> None:
    zendesk.users += [{"id": 9, "name": "Ada", "role": "admin"}, {"id": 10, "name": "Zoe", "role": "end-user"}]
    zendesk.users[1]["role"] = "agent"
    for author in (8, 9, 10, 7, 99, -1, None):
        zendesk.comment(f"by {author}", author_id=author)
    zendesk.comment("Ask Bob", public=False)
    pipeline.run(received)
    assert entries(admin_client) == [
        ("customer", "Léa Moreau", "The lesson did not start."),
        ("staff", "Jonas Weber", "by 8"),
        ("staff", "Ada", "by 9"),
        ("customer", "Zoe", "by 10"),
        ("customer", "Léa Moreau", "by 7"),
        ("customer", "zendesk:99", "by 99"),
        ("customer", "Zendesk", "by -1"),
        ("customer", "Zendesk", "by None"),
        ("note", "Jonas Weber", "Ask Bob"),
    ]


def test_an_agent_who_asks_for_something_is_no_staff_there(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.users[0]["role"] = "agent"
    zendesk.comment("Any news?", author_id=7)
    pipeline.run(received)
    assert [one.door for one in desk_ticket().comments] == ["zendesk"]
    assert "opening" not in desk_ticket().ticket.attributes["zendesk"]


@pytest.mark.django_db
@pytest.mark.parametrize(("author", "name"), [(-1, "Zendesk"), (None, "Zendesk"), (10, "Zoe"), (99, "zendesk:99")])
def test_a_description_that_somebody_else_wrote_does_not_stand_under_the_requesters_name(
    received: Delivery, zendesk: Zendesk, admin_client: Client, author: int | None, name: str
) -> None:
    zendesk.users.append({"id": 10, "name": "Zoe", "role": "end-user"})
    zendesk.comments[0]["author_id"] = author
    pipeline.run(received)
    assert entries(admin_client) == [("customer", name, "The lesson did not start.")]


@pytest.mark.django_db
@pytest.mark.parametrize("channel", ["itsm", "submission"])
def test_a_program_cannot_pass_its_words_off_as_staffs(admin_client: Client, channel: Channel) -> None:
    attributes = {"zendesk": {"opening": {"author": "Priya", "by": "staff", "visibility": "public"}}}
    opened = service.open_ticket(
        draft(
            channel=channel,
            customer_id="acme",
            tier="gold",
            caller_id="mia",
            issue_description="Pay them.",
            attributes=attributes,
        )
    ).ticket
    opening = admin_client.get(ticket_url(opened.ticket_id)).context["opening"]
    assert (opening.kind, opening.author) == ("customer", "mia")


@pytest.mark.django_db
@pytest.mark.parametrize(("public", "kind"), [(True, "staff"), (False, "note")])
def test_what_an_agent_wrote_at_the_beginning_looks_so(
    received: Delivery, zendesk: Zendesk, admin_client: Client, public: bool, kind: str
) -> None:
    zendesk.users[1]["role"] = "agent"
    zendesk.comments[0] |= {"author_id": 8, "public": public}
    pipeline.run(received)
    assert entries(admin_client) == [(kind, "Jonas Weber", "The lesson did not start.")]
    zendesk.comments[0] |= {"author_id": 7, "public": True}
    pipeline.run(received)
    assert entries(admin_client) == [("customer", "Léa Moreau", "The lesson did not start.")]


@pytest.mark.parametrize("status", [302, 401, 403, 500, 503])
def test_an_organization_that_cannot_be_read_keeps_no_ticket_out(
    received: Delivery, zendesk: Zendesk, status: int
) -> None:
    zendesk.ticket["organization_id"] = 5
    zendesk.refusal = status
    assert pipeline.run(received).end == "created"
    assert desk_ticket().ticket.attributes["zendesk"]["organization"] == {"id": "5"}
    assert zendesk.asked == ["organizations/5"]


def test_an_organization_of_an_import_keeps_its_name(received: Delivery, zendesk: Zendesk) -> None:
    pipeline.run(received)
    attributes = desk_ticket().ticket.attributes
    change(attributes={"zendesk": attributes["zendesk"] | {"organization": {"id": 5, "name": "Haddad"}}}, zendesk={})
    zendesk.ticket |= {"organization_id": 5, "updated_at": "2026-01-05T11:00:00Z"}
    pipeline.run(received)
    assert desk_ticket().ticket.attributes["zendesk"]["organization"] == {"id": "5", "name": "Haddad"}


def test_what_staff_wrote_of_a_requester_whom_nobody_knew_before_the_upgrade_stays(
    received: Delivery, zendesk: Zendesk
) -> None:
    pipeline.run(received)
    seen_as(requester=None)
    change(requester={"name": "Mr Omar Haddad", "email": "haddad@home.test"})
    zendesk.ticket |= {"requester_id": 55, "updated_at": "2026-01-05T11:00:00Z"}
    zendesk.others["users/55"] = {"id": 55, "name": "Omar", "email": "omar@family.test"}
    pipeline.run(received)
    assert requester() == {"name": "Mr Omar Haddad", "email": "haddad@home.test"}


def test_who_opened_the_ticket_is_not_forgotten(received: Delivery, zendesk: Zendesk) -> None:
    zendesk.users[1]["role"] = "agent"
    zendesk.comments[0]["author_id"] = 8
    pipeline.run(received)
    del zendesk.users[1]
    zendesk.comments[0]["public"] = False
    zendesk.ticket["updated_at"] = "2026-01-05T11:00:00Z"
    pipeline.run(received)
    opened = {"author": "Jonas Weber", "by": "staff", "visibility": "internal"}
    assert desk_ticket().ticket.attributes["zendesk"]["opening"] == opened


@pytest.mark.parametrize(
    ("later", "status"),
    [
        (lambda zendesk: zendesk.comments[2].update(public=False), "solved"),
        (lambda zendesk: zendesk.ticket.update(requester_id=8), "solved"),
        (lambda zendesk: zendesk.comment("And?", author_id=7), "open"),
        (lambda zendesk: zendesk.comment("And?", author_id=7, created_at=zendesk.comments[2]["created_at"]), "open"),
    ],
    ids=["the last answer is private now", "another requester", "one more", "one more at the same second"],
)
def test_only_a_new_answer_opens_what_staff_solved(
    received: Delivery, zendesk: Zendesk, later: Callable[[Zendesk], None], status: str
) -> None:
    zendesk.comment("We look into it.", author_id=8)
    zendesk.comment("It is still broken.", author_id=7)
    pipeline.run(received)
    change(status="solved")
    later(zendesk)
    zendesk.ticket["updated_at"] = "2026-01-05T11:00:00Z"
    pipeline.run(received)
    assert desk_ticket().ticket.status == status


def written_by() -> list[tuple[str | None, str]]:
    return [(one.author, one.door) for one in desk_ticket().comments]


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_name_that_zendesk_tells_later_comes_and_one_that_is_known_stays(
    received: Delivery, zendesk: Zendesk, calls: list[str], status: str
) -> None:
    everybody, zendesk.users = zendesk.users, []
    everybody[1]["role"] = "agent"
    zendesk.comment("We look into it.", author_id=8)
    zendesk.comment("Thank you.", author_id=7)
    pipeline.run(received)
    assert written_by() == [("zendesk:8", "zendesk"), ("zendesk:7", "zendesk")]
    change(status=status)
    for known in (everybody, [], everybody):
        zendesk.users = known
        pipeline.run(received)
        assert written_by() == [("Jonas Weber", "desk"), ("Léa Moreau", "zendesk")]
    calls.clear()
    zendesk.users = []
    pipeline.run(received)
    assert "BatchGetItem" not in calls  # no comment is compared again


def test_a_person_whom_zendesk_never_names_costs_nothing_later(
    received: Delivery, zendesk: Zendesk, calls: list[str]
) -> None:
    zendesk.comment("Who am I?", author_id=99)
    pipeline.run(received)
    calls.clear()
    pipeline.run(received)
    assert "BatchGetItem" not in calls
    assert written_by() == [("zendesk:99", "zendesk")]

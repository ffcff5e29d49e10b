"""Who signs in and out, who gives rights, who issues tokens: each is a row, with no secret in it."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit import chain, verifying
from audit.models import Entry
from routing import last_uses, tokens
from routing.models import ApiToken

pytestmark = [pytest.mark.django_db, pytest.mark.sql]
LOGIN = "/desk/login/"
SECRET = "Correct-horse-9"


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password=SECRET)


def told() -> list[tuple[str, str, str, str]]:
    return list(Entry.objects.order_by("number").values_list("action", "actor", "door", "target"))


def sign_in(client: Client, name: str, password: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR="192.0.2.7")


def test_signing_in_and_out_are_recorded_with_the_address(ada: User, client: Client) -> None:
    sign_in(client, "ada", SECRET)
    client.post("/desk/logout/")
    assert told()[1:] == [("sign-in", "ada", "desk", "user ada"), ("sign-out", "ada", "desk", "user ada")]
    entry = Entry.objects.get(action="sign-in")
    assert (entry.address, bool(entry.request_id)) == ("192.0.2.7", True)


def test_a_wrong_password_is_recorded_and_what_was_typed_is_not(ada: User, client: Client) -> None:
    for name in ("ada", "my-secret-pass", "my-secret-pass", "nul\0"):
        sign_in(client, name, "wrong-pass-1")
    known, first, second, *_ = Entry.objects.filter(action="sign-in failed").order_by("number")
    assert (known.actor, known.target) == ("", "user ada")
    assert first.target == ""
    assert first.details == second.details, "the same name is recognized again"
    assert not re.search("secret-pass|wrong-pass", str(list(Entry.objects.values())))


def test_a_sign_in_works_while_the_record_cannot_be_written(
    ada: User, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(chain, "append", refuse)
    assert sign_in(client, "ada", SECRET).status_code == 302
    assert "Not recorded: sign-in by 'ada'" in caplog.text


def test_a_sign_in_costs_five_statements_more_at_most(ada: User, client: Client) -> None:
    with CaptureQueriesContext(connection) as made:
        sign_in(client, "ada", SECRET)
    own = [one for one in made if "audit_entry" in one["sql"] or "advisory" in one["sql"]]
    assert len(own) <= 3  # the lock (PostgreSQL), the row before, the new row; a savepoint's two are not counted


def test_rights_are_recorded_by_whatever_way_they_are_given(ada: User, client: Client) -> None:
    client.force_login(ada)
    eve = User.objects.create_user("eve", password=SECRET)
    leads = Group.objects.create(name="leads")
    leads.permissions.add(Permission.objects.get(codename="view_job"))
    before = Entry.objects.count()
    form = {"username": "eve", "is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": [leads.pk]}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": ""}
    assert client.post(f"/desk/auth/user/{eve.pk}/change/", form | dates).status_code == 302
    assert told()[before:] == [
        ("user changed", "ada", "desk", "user eve"),
        ("rights given", "ada", "desk", "user eve"),
    ]
    assert '"is_superuser":true' in Entry.objects.get(number=before + 1).details
    assert '"leads"' in Entry.objects.get(number=before + 2).details
    eve.refresh_from_db()
    leads.permissions.clear()
    eve.groups.remove(leads)
    eve.set_password("Another-horse-7")
    eve.save()
    eve.delete()
    leads.delete()
    assert [action for action, *_ in told()[before + 2 :]] == [
        "rights taken",
        "rights taken",
        "password changed",
        "user deleted",
        "group deleted",
    ]


def test_what_is_changed_in_a_transaction_that_fails_is_not_recorded(ada: User) -> None:
    count = Entry.objects.count()
    ada.save()  # nothing changed
    assert Entry.objects.count() == count


def test_tokens_are_recorded_without_their_text(ada: User) -> None:
    token = tokens.issue("crm", "acme", "gold", ["itsm"])
    row = ApiToken.objects.get()
    tokens.revoke(row)
    tokens.revoke(row)
    actions = [(action, target) for action, _, _, target in told()[1:]]
    assert actions == [("token issued", f"token {row.pk} crm"), ("token revoked", f"token {row.pk} crm")]
    everything = str(list(Entry.objects.values()))
    assert token not in everything
    assert row.token_hash not in everything


def test_a_command_is_recorded_with_the_operating_systems_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "opal")
    call_command("create_token", "crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm")
    assert told()[0][:3] == ("token issued", "opal", "command line")


def call(client: Client, token: str, address: str) -> None:
    assert client.get("/itsm/tickets?caller=lea", headers={"Token": token}, REMOTE_ADDR=address).status_code == 200


@pytest.mark.usefixtures("aws")
def test_a_tokens_first_use_from_an_address_is_recorded_once_and_costs_the_request_nothing(
    client: Client, django_assert_num_queries: Any
) -> None:
    token = tokens.issue("crm", "acme", "gold", ["itsm"])
    call(client, token, "192.0.2.1")
    with django_assert_num_queries(0):
        for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
            call(client, token, address)
    last_uses.write()
    last_uses._noted.start_anew()  # another process
    call(client, token, "192.0.2.1")
    last_uses.write()
    uses = Entry.objects.filter(action="token at new address").order_by("number")
    assert [one.details for one in uses] == [
        '{"address":"192.0.2.1"}',
        '{"address":"192.0.2.2"}',
        '{"address":"2001:db8::/64"}',
    ]
    assert {(one.actor, one.door) for one in uses} == {("crm", "token")}


@pytest.mark.usefixtures("aws")
def test_a_first_use_is_kept_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tokens.issue("crm", "acme", "gold", ["itsm"])
    call(client, token, "192.0.2.1")

    def away(*_: Any, **__: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(chain, "append", away)
        last_uses.write()
    assert not Entry.objects.filter(action="token at new address").exists()
    last_uses.write()
    assert Entry.objects.filter(action="token at new address").count() == 1
    assert list(verifying.findings()) == []

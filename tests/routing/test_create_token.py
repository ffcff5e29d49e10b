"""`manage.py create_token`: prints a token once, as its last line."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from routing import tokens
from routing.models import ApiToken

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> None:
    call_command("create_token", *arguments)


def test_the_last_line_is_a_token_that_opens_the_doors_named(capsys: pytest.CaptureFixture[str]) -> None:
    create("crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm", "--scope", "submit")
    caller = tokens.caller_of(capsys.readouterr().out.splitlines()[-1])
    assert caller
    assert (caller.name, caller.customer_id, caller.tier) == ("crm", "acme", "gold")
    assert caller.scopes == {"itsm", "submit"}


@pytest.mark.parametrize(("option", "days"), [((), 365), (("--days", "30"), 30)])
def test_it_takes_the_end(option: tuple[str, ...], days: int) -> None:
    create("crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm", *option)
    end = ApiToken.objects.get().expires_at
    assert end
    assert (end - datetime.now(UTC)).days in (days - 1, days)


@pytest.mark.parametrize(
    "arguments",
    [
        ("crm", "--tier", "gold", "--scope", "itsm"),
        ("crm", "--customer", "acme", "--scope", "itsm"),
        ("crm", "--customer", "acme", "--tier", "gold"),
        ("--customer", "acme", "--tier", "gold", "--scope", "itsm"),
        ("crm", "--customer", "acme", "--tier", "silver", "--scope", "itsm"),
        ("crm", "--customer", "acme", "--tier", "gold", "--scope", "everything"),
        ("crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm", "--days", "0"),
        ("crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm", "--days", "366"),
        ("crm", "--customer", "acme", "--tier", "gold", "--scope", "itsm", "--days", "soon"),
        ("crm", "--customer", " ", "--tier", "gold", "--scope", "itsm"),
    ],
)
def test_what_is_missing_or_wrong_is_told_and_nothing_is_issued(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        create(*arguments)
    assert not ApiToken.objects.exists()

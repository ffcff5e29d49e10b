"""The ITSM door: a repeat with its key is harmless."""

import pytest
from rest_framework.test import APIClient

from tests import record
from tests.itsm.asking import NEW, PATH, error, opened, patch, post

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_a_key_makes_a_repeat_harmless_and_shows_the_ticket_as_it_is_now(client: APIClient) -> None:
    first = post(client, NEW, Idempotency_Key="k")
    patch(client, first.json(), {"subject": "Changed since"})
    content = b'{ "issue_description" : "No lesson", "caller_id":"lea" }'
    again = client.post(PATH, content, content_type="application/json", headers={"Idempotency-Key": '"k"'})
    assert (again.status_code, again["Idempotency-Replayed"], again["Location"]) == (201, "true", first["Location"])
    assert (again.json()["subject"], again.json()["ticket_id"]) == ("Changed since", first.json()["ticket_id"])
    assert "Idempotency-Replayed" not in first
    assert len(record.ticket_ids()) == 1


def test_a_key_used_for_another_request_is_422(client: APIClient) -> None:
    post(client, NEW, Idempotency_Key="k")
    answer = post(client, NEW | {"subject": "x"}, Idempotency_Key="k")
    assert error(answer) == (422, "Idempotency-Key was used with a different request")
    assert error(post(client, NEW, Idempotency_Key="k" * 256)) == (400, "Idempotency-Key is not valid")


def test_a_key_belongs_to_its_customer_and_path(client: APIClient, rival: APIClient) -> None:
    mine, theirs = (post(one, NEW, Idempotency_Key="k").json() for one in (client, rival))
    assert mine["ticket_id"] != theirs["ticket_id"]
    comments = [
        post(client, {"comment": "x"}, f"{PATH}/{ticket_id}/comments", Idempotency_Key="k")
        for ticket_id in (mine["ticket_id"], opened(client)["ticket_id"])
    ]
    assert [one.status_code for one in comments] == [201, 201]
    assert comments[0].json()["comment_id"] != comments[1].json()["comment_id"]


def test_a_refused_request_does_not_use_its_key_up(client: APIClient) -> None:
    assert post(client, {}, Idempotency_Key="k").status_code == 400
    assert post(client, NEW, Idempotency_Key="k").status_code == 201

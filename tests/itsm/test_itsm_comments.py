"""The ITSM door: a ticket and its comments."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests import record
from tests.itsm.asking import PATH, error, opened, post

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]


def test_a_ticket_is_shown_with_its_first_comments_and_a_cursor_to_the_rest(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("itsm.views.FIRST_COMMENTS", 2)
    ticket = opened(client)
    path = f"{PATH}/{ticket['ticket_id']}"
    made = [post(client, {"comment": str(n)}, f"{path}/comments").json() for n in range(5)]
    shown = client.get(path)
    body = shown.json()
    assert (shown.status_code, shown["ETag"], body["comments"]) == (200, '"6"', made[:2])
    rest = client.get(f"{path}/comments", {"cursor": body["comments_cursor"], "limit": "2"}).json()
    assert rest["comments"] == made[2:4]
    last = client.get(f"{path}/comments", {"cursor": rest["next_cursor"]}).json()
    assert last == {"comments": made[4:], "next_cursor": None}
    assert client.get(f"{path}/comments").json() == {"comments": made, "next_cursor": None}


def test_a_ticket_without_comments_has_none_and_no_cursor(client: APIClient) -> None:
    body = client.get(f"{PATH}/{opened(client)['ticket_id']}").json()
    assert (body["comments"], body["comments_cursor"]) == ([], None)


def test_a_comment_is_added_with_its_author_and_visibility(client: APIClient) -> None:
    ticket = opened(client)
    path = f"{PATH}/{ticket['ticket_id']}/comments"
    answer = post(client, {"comment": " Hello ", "author": "Ada", "visibility": "internal"}, path)
    body = answer.json()
    assert answer.status_code == 201
    assert list(body) == ["ticket_id", "comment_id", "comment", "author", "visibility", "created_at"]
    assert (body["comment"], body["author"], body["visibility"]) == (" Hello ", "Ada", "internal")
    plain = post(client, {"comment": "x"}, path).json()
    assert (plain["author"], plain["visibility"]) == (None, "public")
    now = record.get(ticket["ticket_id"])
    assert (now.version, now.comment_count, now.last_comment_id) == (3, 2, plain["comment_id"])


@pytest.mark.parametrize(
    "wrong", [{}, {"comment": ""}, {"comment": " "}, {"comment": None}, {"comment": 7}, {"author": "x"}]
)
def test_a_comment_without_words_is_required(client: APIClient, wrong: Any) -> None:
    ticket = opened(client)
    answer = post(client, wrong, f"{PATH}/{ticket['ticket_id']}/comments")
    assert error(answer) == (400, "comment is required")


def test_a_comments_repeat_is_harmless_and_another_is_422(client: APIClient) -> None:
    ticket = opened(client)
    path = f"{PATH}/{ticket['ticket_id']}/comments"
    first, again = (post(client, {"comment": "x"}, path, Idempotency_Key="k") for _ in range(2))
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (201, first.json(), "true")
    assert error(post(client, {"comment": "y"}, path, Idempotency_Key="k"))[0] == 422
    assert record.get(ticket["ticket_id"]).comment_count == 1


def test_a_comment_with_a_field_that_has_no_place_is_refused_and_not_added(client: APIClient) -> None:
    ticket = opened(client)
    answer = post(client, {"comment": "x", "mood": "good"}, f"{PATH}/{ticket['ticket_id']}/comments")
    assert answer.status_code == 400
    assert answer.json()["error"] == "mood is not known here; these are: comment, author, visibility"
    assert record.get(ticket["ticket_id"]).comment_count == 0


def test_an_author_longer_than_a_line_is_refused(client: APIClient) -> None:
    ticket = opened(client)
    answer = post(client, {"comment": "x", "author": "x" * 2001}, f"{PATH}/{ticket['ticket_id']}/comments")
    assert answer.json()["error"] == "author must not be longer than 2000 characters"

"""The addresses that the desk's own scripts call: with missing or odd parameters they are refused, never a failure."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("aws")]

ODD = (
    "",
    "?app_label=auth",
    "?app_label=auth&model_name=user",
    "?app_label=&model_name=&field_name=",
    "?app_label=no&model_name=such&field_name=thing",
    "?app_label=auth&model_name=user&field_name=password",
    "?app_label=auth&model_name=user&field_name=id",
    "?app_label=auth&model_name=group&field_name=user",
    "?app_label=auth&model_name=user&field_name=user_permissions",
    "?app_label=admin&model_name=logentry&field_name=content_type",
    "?app_label=auth&model_name=user&field_name=groups&page=x",
    "?app_label=auth&model_name=user&field_name=groups&page=99999999999999999999",
    "?app_label=auth&model_name=user&field_name=groups&term=%00",
    "?app_label=a%00&model_name=%00&field_name=%00",
)


@pytest.mark.parametrize("query", ODD)
def test_an_odd_request_for_suggestions_is_refused_with_a_plain_answer(admin_client: Client, query: str) -> None:
    answer = admin_client.get(f"/desk/autocomplete/{query}")
    odd_term_only = "term=%00" in query  # no row has it, so that the answer is an empty list
    assert answer.status_code == 200 if odd_term_only else 400 <= answer.status_code < 500


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
@pytest.mark.parametrize(
    "path", ["autocomplete/", "jsi18n/", "search/", "search/?s=%00", "r/x/y/", "r/1/%00/", "r/99999999999999999999/1/"]
)
def test_no_helper_address_fails(admin_client: Client, path: str, method: str) -> None:
    assert getattr(admin_client, method)(f"/desk/{path}").status_code < 500

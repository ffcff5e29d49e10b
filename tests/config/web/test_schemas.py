"""The API's description: valid, true about who may call and how it refuses, to be had as YAML and as JSON."""

import json
import re
from io import StringIO
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import call_command
from django.test import Client

PATH = "/api/schema"


@pytest.fixture
def described(client: Client) -> Any:
    return json.loads(client.get(PATH, {"format": "json"}).content)


def _operations(described: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


def test_the_description_is_valid_and_nothing_in_it_was_guessed() -> None:
    written = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=written)
    assert yaml.safe_load(written.getvalue())["paths"]


def test_either_header_is_enough_and_the_webhook_needs_neither(described: Any) -> None:
    needs = {name: operation["security"] for name, operation in _operations(described).items()}
    assert needs.pop("POST /webhooks/zendesk") == [{}]
    assert needs["GET /itsm/tickets"]
    for name, need in needs.items():
        assert need == [{"token": []}, {"bearer": []}], name
    schemes = described["components"]["securitySchemes"]
    assert (schemes["token"]["name"], schemes["bearer"]["scheme"]) == ("Token", "bearer")


def test_every_operation_tells_of_its_errors(described: Any) -> None:
    operations = _operations(described)
    assert {"POST /webhooks/zendesk", "PATCH /itsm/tickets/{ticket_id}"} <= set(operations)
    for name, operation in operations.items():
        answer = operation["responses"]["default"]
        assert answer["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}, name


def test_each_door_has_its_own_ticket(described: Any) -> None:
    def fields(path: str) -> set[str]:
        taken = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        return set(described["components"]["schemas"][taken["$ref"].rpartition("/")[2]]["properties"])

    assert {"type", "message"} <= fields("/routing/tickets")
    assert {"caller_id", "issue_description"} <= fields("/itsm/tickets") - fields("/routing/tickets")


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("scope", "door", "new", "listed"),
    [
        ("itsm", "/itsm/tickets", {"caller_id": "lea", "issue_description": "x"}, "?caller=lea"),
        ("route", "/routing/tickets", {"type": "question", "message": "x"}, ""),
    ],
)
def test_every_answer_has_the_fields_that_are_described(
    described: Any, token_client: Any, scope: str, door: str, new: dict[str, str], listed: str
) -> None:
    """A client that was generated reads no others."""
    client = token_client(scope)
    ticket = f"{door}/{client.post(door, new, format='json').json()['ticket_id']}"
    asked = [
        ("post", "", door, new),
        ("post", "/{ticket_id}/comments", f"{ticket}/comments", {"comment": "x"}),
        ("get", "/{ticket_id}", ticket, None),
        ("get", "", door + listed, None),
    ]
    for method, path, url, body in asked:
        answer = getattr(client, method)(url, body, format="json")
        responses = described["paths"][door + path][method]["responses"]
        schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
        fields = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(answer.json()) == set(fields), (method, path)


def test_a_tickets_id_is_described_as_text_wherever_it_is(described: Any) -> None:
    """An imported id is any text. A client generated for UUIDs would fail on a whole list because of one."""
    schemas = described["components"]["schemas"].items()
    forms = [one for name, one in schemas if "ticket_id" in one.get("properties", {}) and name != "IngestionNotice"]
    parameters = [
        one["schema"]
        for path in described["paths"].values()
        for operation in path.values()
        for one in operation.get("parameters", [])
        if one["name"] == "ticket_id"
    ]
    found = [one["properties"]["ticket_id"] for one in forms] + parameters
    assert len(forms) >= 6
    assert len(parameters) >= 6
    assert [one for one in found if one["type"] != "string" or {"format", "pattern"} & set(one)] == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/itsm/tickets", 401), ("get", "/nowhere", 404), ("get", "/webhooks/zendesk", 405)],
)
def test_an_error_is_as_described(client: Client, described: Any, method: str, path: str, status: int) -> None:
    answer = client.generic(method.upper(), path)
    assert answer.status_code == status
    form = described["components"]["schemas"]["Error"]
    jsonschema.validate(answer.json(), form)
    assert set(form["required"]) == set(form["properties"]) == set(answer.json())


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("", "application/json"),
        ("", "application/json, */*"),
        ("", "application/vnd.oai.openapi+json"),
        ("?format=json", "*/*"),
        ("?format=json", "text/html"),
    ],
)
def test_the_description_is_json_for_who_asks_for_it(client: Client, query: str, accept: str) -> None:
    answer = client.get(PATH + query, headers={"Accept": accept})
    assert (answer.status_code, json.loads(answer.content)["info"]["title"]) == (200, "Foyer")
    assert "json" in answer["Content-Type"]
    assert ".json" in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", None), ("", "*/*"), ("", "text/html"), ("?format=yaml", "application/json"), ("?format=unknown", "*/*")],
)
def test_the_description_is_yaml_for_everyone_else(client: Client, query: str, accept: str | None) -> None:
    answer = client.get(PATH + query, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi; charset=utf-8")
    assert answer.content.startswith(b"openapi: 3")


def test_the_pages_own_assets_are_all_it_loads(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    loaded = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert len(loaded) > 2
    assert all(asset.startswith(("/static/", "/api/docs?script")) for asset in loaded), loaded

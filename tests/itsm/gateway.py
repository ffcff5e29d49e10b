"""The ITSM door as API Gateway asks it: REST API, proxy integration."""

from collections.abc import Callable
from typing import Any

from config import json
from itsm.lambda_handler import lambda_handler
from routing import tokens

HOST = "abc123.execute-api.us-east-1.amazonaws.com"

Ask = Callable[..., dict[str, Any]]


def event(
    method: str, path: str, body: str | None = None, query: dict[str, str] | None = None, **headers: str
) -> dict[str, Any]:
    """A request as API Gateway hands it to a function, with the parts that repeat themselves."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"} | headers
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": {"proxy": path.strip("/")},
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "path": f"/prod{path}",
            "stage": "prod",
            "httpMethod": method,
            "domainName": HOST,
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.7"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def asking(customer: str = "acme", tier: str = "general") -> Ask:
    """A program of the customer's: `ask("POST", "/tickets", {…})` gives the handler's answer."""
    token = tokens.issue("gateway", customer, tier, ["itsm"])

    def ask(method: str, path: str, body: Any = None, query: dict[str, str] | None = None, **headers: str) -> Any:
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        headers = {"Token": token, "Content-Type": "application/json"} | headers
        return lambda_handler(event(method, path, text, query, **headers), None)

    return ask


def said(answer: dict[str, Any]) -> Any:
    """The answer's JSON; it says that it is JSON, and is in the form that API Gateway takes."""
    assert header(answer, "Content-Type") == "application/json"
    assert answer["isBase64Encoded"] is False
    return json.loads(answer["body"])


def header(answer: dict[str, Any], name: str) -> str:
    """The one value of an answer's header."""
    [value] = answer["multiValueHeaders"][name]
    return str(value)


def error(answer: dict[str, Any]) -> tuple[int, str]:
    """Status and sentence of an answer that is an error in the one form of all errors."""
    body = said(answer)
    assert set(body) == {"error", "request_id"}
    assert body["request_id"] == header(answer, "X-Request-Id")
    return answer["statusCode"], body["error"]

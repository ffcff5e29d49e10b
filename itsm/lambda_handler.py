"""The Lambda function `poc-itsm-api-handler`: the ITSM API behind API Gateway (proxy integration).

It runs the same Django application as everywhere, with the same views, tokens and errors. API Gateway's paths have no
`/itsm` (`/tickets`, `/tickets/{id}`, `/tickets/{id}/comments`), but may have it too. Nothing else of the application
can be reached through it.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from apig_wsgi import make_lambda_handler
from django.conf import settings

from config import json, request_id
from config.aws import metrics
from config.web.headers import BARE
from config.wsgi import application  # sets Django up, once for each cold start

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

_PREFIX: Final = "/itsm"


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway event in API Gateway's form. Raises nothing: a failure becomes a JSON answer.

    The event may come from a REST API or, in the format 2.0, from an HTTP API. Its headers and query may have several
    values, single ones, or both. An answer to single values has single values.
    """
    try:
        answer = _answer(_request(event), context)
    except Exception as error:  # noqa: BLE001 - Django raises nothing: the event has a form that nobody could read
        log.warning("An event is no request: %s", type(error).__name__)  # its text may have a token in it
        answer = _refusal()
    metrics.flush()  # a frozen function sends nothing
    return answer


def _request(event: dict[str, Any]) -> dict[str, Any]:
    """The event in one of the two forms that apig-wsgi reads.

    API Gateway's console and hand-made tests send null, or nothing, for one of the two forms of headers and query.
    apig-wsgi would take the null for all there is. An event that is not a request (a test from the console, say) is
    treated as one for a path that does not exist.
    """
    given = {name: value for name, value in event.items() if value not in (None, {})}
    http = given.get("requestContext", {}).get("http", {})
    if "method" in http and "rawPath" in given:
        http = {"sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"} | http
        path = _without_stage(given["rawPath"], given["requestContext"].get("stage"))
        more = {"rawPath": path, "version": "2.0", "requestContext": {"http": http}}
        return {"headers": {}, "rawQueryString": ""} | given | more
    return {"httpMethod": "GET", "path": "/"} | given | {"version": "1.0"}


def _without_stage(path: str, stage: str | None) -> str:
    """The path below the API's stage. An HTTP API has the stage in its paths, unless it is the default one.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    return path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path


def _refusal() -> dict[str, Any]:
    current = request_id.begin(None)
    body = json.dumps({"error": "The event is no request of API Gateway's", "request_id": current})
    headers = {"Content-Type": "application/json", "X-Request-Id": current, **BARE}
    return {"statusCode": 400, "headers": headers, "isBase64Encoded": False, "body": body}


def _itsm(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    event = environ["apig_wsgi.full_event"]
    environ["PATH_INFO"] = _prefixed(environ["PATH_INFO"])
    environ["RAW_URI"] = _prefixed(
        event.get("rawPath") or event["path"]
    )  # for ids with a slash, see config/web/paths.py
    environ["HTTP_HOST"] = _host()
    environ["HTTP_X_FORWARDED_PROTO"] = "https"  # API Gateway takes nothing else, and its console does not say so
    return application(environ, start_response)


def _prefixed(path: str) -> str:
    return path if path.startswith(f"{_PREFIX}/") else _PREFIX + path


def _host() -> str:
    """A host that Django allows. API Gateway has checked the caller's own host, and its console sends none."""
    named = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*")
    return next(named, "localhost")


_answer = make_lambda_handler(_itsm)

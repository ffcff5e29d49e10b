"""The Lambda function `poc-itsm-api-handler`: the ITSM API behind API Gateway (REST, proxy integration).

It runs the same Django application as everywhere, with the same views, tokens and errors. API Gateway's paths have no
`/itsm` (`/tickets`, `/tickets/{id}`, `/tickets/{id}/comments`), but may have it too. Nothing else of the application
can be reached through it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from apig_wsgi import make_lambda_handler
from django.conf import settings

from config.aws import metrics
from config.wsgi import application  # sets Django up, once for each cold start

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_PREFIX: Final = "/itsm"


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway event in API Gateway's form. Raises nothing: a failure becomes a JSON answer."""
    # An event that is not a request (a test from the console, say) is treated as one for a path that does not exist.
    # The version is always 1.0, a REST API's: by it, apig-wsgi decides how to read the event and form its answer.
    request = {"httpMethod": "GET", "path": "/"} | event | {"version": "1.0"}
    answer = _answer(request, context)
    metrics.flush()  # a frozen function sends nothing
    return answer


def _itsm(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    environ["PATH_INFO"] = path if path.startswith(f"{_PREFIX}/") else _PREFIX + path
    environ["HTTP_HOST"] = _host()
    return application(environ, start_response)


def _host() -> str:
    """A host that Django allows. API Gateway has checked the caller's own host, and its console sends none."""
    named = (host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*")
    return next(named, "localhost")


_answer = make_lambda_handler(_itsm)

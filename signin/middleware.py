"""Notes that a person uses their session. It stands behind Django's session middleware."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from signin.sessions import SessionStore

BY_ITSELF = "X-By-Itself"  # a script's header: the page asked, and nobody sat there


class LastUseMiddleware:
    """A page that fetches itself again keeps no session open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if isinstance(session, SessionStore) and BY_ITSELF not in request.headers and _only_read(session):
            session.note_use()
        return response


def _only_read(session: SessionStore) -> bool:
    """Whether the request used the session. What it changed is written by Django, with the time."""
    return session.accessed and not session.modified

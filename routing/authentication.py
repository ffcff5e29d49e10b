"""Finds the caller by the header `Token` or `Authorization: Bearer`."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from config.caller import Caller
from config.web.errors import Unauthorized
from routing import tokens


class TokenAuthentication(BaseAuthentication):
    """Gives the request its Caller.

    A request without a token stays anonymous, which is a 401 if a token is due. A token that is unknown or has ended is
    always a 401.
    """

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        token = _token(request)
        if token is None:
            return None
        try:
            caller = tokens.caller_of(token)
        except tokens.Ended as ended:
            raise Unauthorized(ended.sentence, WWW_Authenticate="Bearer") from None
        if caller is None:
            raise AuthenticationFailed
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _token(request: Request) -> str | None:
    given = request.headers.get("Token")
    if given:
        return given.strip()
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes the authentication in the OpenAPI document: two headers, of which one is enough."""

    target_class = "routing.authentication.TokenAuthentication"
    name = ["token", "bearer"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        return [{"type": "apiKey", "in": "header", "name": "Token"}, {"type": "http", "scheme": "bearer"}]

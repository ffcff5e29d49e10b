"""What the Zendesk stand-in does about signing in: it gives access tokens as Zendesk's `/oauth/tokens` does."""

import json
import secrets
import time
from typing import Any

INVALID_CLIENT = {"error": "invalid_client", "error_description": "Client authentication failed."}
INVALID_TOKEN = {"error": "invalid_token", "error_description": "The access token provided is expired or revoked."}
FORBIDDEN = {"error": "Forbidden", "description": "You are missing the required scopes"}


class TokenEndpoint:
    """Gives tokens to one client. `lifetime`, if given, is what a token gets whatever was asked, in seconds."""

    def __init__(self, client_id: str, client_secret: str, lifetime: float | None = None) -> None:
        self.client = (client_id, client_secret)
        self.lifetime = lifetime
        self._given: dict[str, tuple[set[str], float]] = {}

    def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """The answer to `POST /oauth/tokens`. Like Zendesk, it gives a token for any scope, also for one unknown."""
        try:
            asked = dict(json.loads(body))
        except (ValueError, TypeError):
            return 400, {"error": "invalid_request"}
        if asked.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        if (asked.get("client_id"), asked.get("client_secret")) != self.client:
            return 401, INVALID_CLIENT
        expires_in = asked.get("expires_in", 1800)
        if not 300 < expires_in < 172_800:
            return 400, {"error": "invalid_request"}
        return 200, self._token(str(asked.get("scope", "")), self.lifetime or expires_in)

    def refusal(self, authorization: str, scope: str) -> tuple[int, dict[str, Any]] | None:
        """The answer to an API request with this header, if its token may not read that."""
        scopes, ends = self._given.get(authorization.removeprefix("Bearer "), (set(), 0.0))
        if time.monotonic() >= ends:
            return 401, INVALID_TOKEN
        return None if scopes & {scope, scope.rpartition(":")[2]} else (403, FORBIDDEN)

    def revoke(self) -> None:
        """Forget every token."""
        self._given.clear()

    def _token(self, scope: str, seconds: float) -> dict[str, Any]:
        text = secrets.token_hex(32)
        self._given[text] = (set(scope.split()), time.monotonic() + seconds)
        return {"access_token": text, "token_type": "bearer", "scope": scope, "expires_in": seconds}

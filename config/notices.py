"""What somebody should know about the settings before it is too late: they work today, and will not for ever.

A setting that cannot work is told as well, if what fails would show only later.
"""

from logging import Logger

from django.conf import settings

API_TOKENS_END = (
    "Zendesk ends API tokens on 30 April 2027, and Foyer signs in with one (ZENDESK_EMAIL and ZENDESK_API_TOKEN): "
    "set up OAuth before that day, as docs/zendesk.md says."
)
CANNOT_ANSWER_BACK = (
    "ZENDESK_ANSWER_BACK is on, but ZENDESK_OAUTH_SCOPE does not name tickets:write, so Zendesk refuses every reply: "
    "set it to tickets:read users:read tickets:write."
)
NOT_SIGNED_IN = (
    "ZENDESK_ANSWER_BACK is on, but Foyer cannot sign in to Zendesk: set up the OAuth client, as docs/zendesk.md says."
)
WRITING_SCOPES = frozenset({"tickets:write", "write"})


def notices() -> list[str]:
    """A sentence for each of them. `/readyz` and the desk tell them."""
    uses_api_token = settings.ZENDESK_API_TOKEN and not settings.ZENDESK_OAUTH_CLIENT_ID
    return [*([API_TOKENS_END] if uses_api_token else []), *_answering()]


def _answering() -> list[str]:
    """Why nothing can be answered back, if it should be."""
    if not settings.ZENDESK_ANSWER_BACK:
        return []
    if settings.ZENDESK_OAUTH_CLIENT_ID:
        return [] if WRITING_SCOPES & set(settings.ZENDESK_OAUTH_SCOPE.split()) else [CANNOT_ANSWER_BACK]
    return [] if settings.ZENDESK_EMAIL and settings.ZENDESK_API_TOKEN else [NOT_SIGNED_IN]


def tell(log: Logger) -> None:
    """Write them to the log, a line each. A process does so when it starts."""
    for sentence in notices():
        log.warning("%s", sentence)

"""What somebody should know about the settings before it is too late: they work today, and will not for ever."""

from logging import Logger

from django.conf import settings

API_TOKENS_END = (
    "Zendesk ends API tokens on 30 April 2027, and Foyer signs in with one (ZENDESK_EMAIL and ZENDESK_API_TOKEN): "
    "set up OAuth before that day, as docs/zendesk.md says."
)


def notices() -> list[str]:
    """A sentence for each of them. `/readyz` and the desk tell them."""
    uses_api_token = settings.ZENDESK_API_TOKEN and not settings.ZENDESK_OAUTH_CLIENT_ID
    return [API_TOKENS_END] if uses_api_token else []


def tell(log: Logger) -> None:
    """Write them to the log, a line each. A process does so when it starts."""
    for sentence in notices():
        log.warning("%s", sentence)

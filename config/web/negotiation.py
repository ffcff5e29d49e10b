"""The form that an answer has. The settings name these classes.

DRF loads this module while it loads its own views, so this must not import those.
"""

from collections.abc import Iterable

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AlwaysJson(BaseContentNegotiation):
    """Answers in JSON whatever `Accept` says, so that an error is never hidden behind another error."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class FirstUnlessAsked(DefaultContentNegotiation):
    """For the OpenAPI document: the form that `?format=` or else `Accept` asks for, otherwise the view's first."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        choice = list(renderers)
        asked = request.query_params.get("format")
        for renderer in choice:
            if renderer.format == asked:
                return renderer, renderer.media_type
        try:
            renderer, media_type = super().select_renderer(request, choice, format_suffix)
        except (NotAcceptable, Http404):  # an unknown form is not an error, as in AlwaysJson
            renderer, media_type = choice[0], choice[0].media_type
        return renderer, media_type

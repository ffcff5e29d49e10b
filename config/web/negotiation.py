"""DRF's defaults of this project: who may call a view, and what it speaks. Named in the settings.

DRF loads these while it loads its own views, so nothing here may import those.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.caller import caller_behind

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Lets a caller in whose token has the view's `scope`. A view without one lets nobody in."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        caller = caller_behind(request)
        return caller is not None and getattr(view, "scope", None) in caller.scopes


class AlwaysJson(BaseContentNegotiation):
    """Answers JSON whatever `Accept` says, so that an error is never hidden behind another error."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class FirstUnlessAsked(DefaultContentNegotiation):
    """For the API's description: the form that `?format=` or else `Accept` asks for; the view's first otherwise."""

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
        except (NotAcceptable, Http404):  # a form that there is not: as in AlwaysJson, no error for that
            renderer, media_type = choice[0], choice[0].media_type
        return renderer, media_type

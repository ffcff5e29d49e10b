"""DRF's defaults of this project: who may call a view, and what it speaks. Named in the settings.

DRF loads these while it loads its own views, so nothing here may import those.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rest_framework.negotiation import BaseContentNegotiation
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

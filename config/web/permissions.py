"""Who may call a view. Named in the settings as DRF's default.

DRF loads this module while it loads its own views, so this must not import those.
"""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.caller import caller_behind

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """Admits callers whose token has the view's `scope`. A view without a scope admits nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        caller = caller_behind(request)
        return caller is not None and getattr(view, "scope", None) in caller.scopes

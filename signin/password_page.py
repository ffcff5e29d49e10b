"""The page on which people change their own password. Wrong old passwords count as at the sign-in."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.forms import AdminOwnPasswordChangeForm


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Django's, but the old password is checked as at a sign-in, so that nobody guesses it here without limit."""

    request: HttpRequest

    def clean_old_password(self) -> Any:
        old = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) != self.user:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old


def own_password(request: HttpRequest) -> HttpResponseBase:
    """The page. Five wrong old passwords end in the page that says how long to wait."""
    view = PasswordChangeView.as_view(
        form_class=type("OwnPasswordForm", (OwnPasswordForm,), {"request": request}),
        success_url=reverse("admin:password_change_done"),
        extra_context=admin.site.each_context(request),
    )
    request.current_app = admin.site.name  # Django's templates and links read it
    return view(request)

"""API tokens and due times at the desk."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from config.caller import SCOPES
from config.web.admin import DeskAdmin
from routing import issuers, tokens
from routing.models import ApiToken, Clock

_TIMES = ("created_at", "expires_at", "last_used_at", "revoked_at")


class IssuerFilter(admin.SimpleListFilter):
    """The tokens that work although whoever issued them may not issue any more."""

    title, parameter_name = "issuer", "issuer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("lost", "May not issue any more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        if self.value() != "lost":
            return queryset
        return queryset.filter(revoked_at=None, issued_by__in=issuers.without_the_right())


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """The form that issues a token."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    days = forms.IntegerField(min_value=1, required=False, widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days, most = self.fields["days"], settings.TOKEN_DAYS
        days.initial, days.help_text = most, f"It ends after so many days, {most} at most."
        days.validators.append(MaxValueValidator(most))

    class Meta:
        model = ApiToken
        fields = ("name", "customer_id", "tier", "scopes")


@admin.register(ApiToken)
class ApiTokenAdmin(DeskAdmin):
    """Issues a token (it is shown once) and revokes it. Nothing else about a token can be changed.

    A token reads and writes its customer's tickets. So only those who may do both at the desk, where staff see all
    customers, may issue one for a customer.
    """

    form = TokenForm
    list_display = (
        "name",
        "customer_id",
        "tier",
        "scope_list",
        "created_at",
        "issued_by",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = ("tier", IssuerFilter)
    search_fields = ("name", "customer_id")
    actions = ("revoke",)
    readonly_fields = ("scope_list", "issued_by", *_TIMES)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Sequence[str]:
        """A token's page has its scopes in words: Unfold would colour the JSON by styles that the policy forbids."""
        return ("name", "customer_id", "tier", *(self.readonly_fields if obj else ("scopes", "days")))

    @admin.display(description="scopes")
    def scope_list(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        issuer = cast(User, request.user).get_username()
        plain = tokens.issue(obj.name, obj.customer_id, obj.tier, obj.scopes, form.cleaned_data["days"], issuer)
        issued = tokens.find(plain)
        obj.pk, obj.plain = issued.pk, plain

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """The answer itself shows the token: on the way to another page it would be kept in a cookie or a session."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"The token {obj.name}",
            "opts": ApiToken._meta,
            "plain": obj.plain,
        }
        return TemplateResponse(request, "routing/new_token.html", context)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> HttpResponse | None:
        for token in queryset:
            tokens.revoke(token)
        messages.success(request, f"{len(queryset)} revoked; they open no door in at most half a minute.")
        return None

    def has_add_permission(self, request: HttpRequest) -> bool:
        user = cast(User, request.user)
        return super().has_add_permission(request) and user.has_perms(issuers.AS_A_TOKEN)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False


@admin.register(Clock)
class ClockAdmin(DeskAdmin):
    """When each ticket is due, the most urgent first."""

    list_display = ("reference", "tier", "started_at", "due_at", "stopped_at")
    list_filter = ("tier", ("stopped_at", admin.EmptyFieldListFilter))
    search_fields = ("reference",)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, {"title": "Due times"} | (extra_context or {}))
        return answer

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None if the id contains NUL: no row has such an id, and PostgreSQL rejects the query."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Clock | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Clock | None = None) -> bool:
        return False

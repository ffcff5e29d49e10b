"""The pages of users and groups. Nobody can use them to get more rights than they have.

Rights come from groups and from being a superuser, and only superusers give either. Everybody else who may change users
may change those users alone who have no right that they lack themselves: a password is as good as the user's rights.
"""

from typing import Any

from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Permission, User
from django.db.models import Q
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from config.web.admin import DeskAdmin

RIGHTS = ("is_superuser", "groups")  # the form has no single rights: people have them as members of groups


class UserAdmin(DjangoUserAdmin, DeskAdmin):  # type: ignore[type-arg]
    """Django's own, in the look of the desk, with Foyer's rules of who may change whom."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", *RIGHTS)}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is read-only here is no field of the form, so nothing that is sent for it is taken."""
        fields = super().get_readonly_fields(request, obj)
        return fields if _is_superuser(request) else (*fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Django asks this for the form, the password and each row of an action."""
        return super().has_change_permission(request, obj) and may_touch(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request.user, obj)


class GroupAdmin(DjangoGroupAdmin, DeskAdmin):
    """Django's own, in the look of the desk. Only superusers change groups: a group's rights are its members'."""

    filter_horizontal = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


def may_touch(person: Any, other: User | None) -> bool:
    """Whether somebody who may change users may change this one. None is any user: then it depends on whom."""
    if other is None or person.is_superuser:
        return True
    return not other.is_superuser and rights(other) <= rights(person)


def rights(user: User) -> set[int]:
    """The ids of all permissions that the user has, or would have if they were active."""
    given = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(given.values_list("pk", flat=True))


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser

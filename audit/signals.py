"""Listens to Django: who signs in and out, and who gives or takes rights, by whatever way.

Users and groups are recorded before they are saved, since a save outside a transaction is committed at once. What is
changed by SQL, or by a query set's `update`, sends no signal: Foyer does neither.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from audit import trail
from audit.actions import Action
from audit.who import By

_WATCHED = ("username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser")
_TOLD = ("is_active", "is_staff", "is_superuser")  # with their values; of the others, only that they changed
_NAMES = 20  # of rights that a row tells


def listen() -> None:
    """Connect everything. Called once, when the apps are ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    pre_save.connect(_user_saved, User, dispatch_uid="audit user")
    pre_delete.connect(_user_deleted, User, dispatch_uid="audit user")
    pre_save.connect(_group_saved, Group, dispatch_uid="audit group")
    pre_delete.connect(_group_deleted, Group, dispatch_uid="audit group")
    for table in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_rights, table, dispatch_uid=f"audit {table.__name__}")


def _signed_in(sender: Any, user: Any, **_: Any) -> None:
    trail.record_gently(Action.SIGNED_IN, target=f"user {user.get_username()}", by=By(user.get_username(), "desk"))


def _sign_in_failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    target, details = trail.of_name(str(credentials.get("username") or credentials.get(User.USERNAME_FIELD) or ""))
    trail.record_gently(Action.SIGN_IN_FAILED, target=target, details=details, by=By("", "web"))


def _signed_out(sender: Any, user: Any, **_: Any) -> None:
    if user is not None:
        trail.record_gently(Action.SIGNED_OUT, target=f"user {user.get_username()}", by=By(user.get_username(), "desk"))


def _user_saved(sender: Any, instance: User, raw: bool, update_fields: Iterable[str] | None, **_: Any) -> None:
    saved = {*(update_fields if update_fields is not None else (*_WATCHED, "password"))}
    if raw or not saved & {*_WATCHED, "password"}:
        return
    before = User.objects.filter(pk=instance.pk).values(*_WATCHED, "password").first() if instance.pk else None
    target = f"user {instance.get_username()}"
    if before is None:
        trail.record(Action.USER_ADDED, target=target, details={name: getattr(instance, name) for name in _TOLD})
        return
    changed = [name for name in _WATCHED if name in saved and before[name] != getattr(instance, name)]
    if changed:
        values = {name: getattr(instance, name) for name in changed if name in _TOLD}
        trail.record(Action.USER_CHANGED, target=target, details={"fields": changed} | values)
    if "password" in saved and before["password"] != instance.password:
        # At a sign-in, Django may only store the same password in a newer way.
        renewed = {"same password": True} if saved == {"password"} and instance._password is None else None  # type: ignore[attr-defined]  # noqa: SLF001
        trail.record(Action.PASSWORD_CHANGED, target=target, details=renewed)


def _user_deleted(sender: Any, instance: User, **_: Any) -> None:
    trail.record(Action.USER_DELETED, target=f"user {instance.get_username()}")


def _group_saved(sender: Any, instance: Group, raw: bool, **_: Any) -> None:
    if raw:
        return
    before = Group.objects.filter(pk=instance.pk).values_list("name", flat=True).first() if instance.pk else None
    if before is None:
        trail.record(Action.GROUP_ADDED, target=f"group {instance.name}")
    elif before != instance.name:
        trail.record(Action.GROUP_CHANGED, target=f"group {before}", details={"name": instance.name})


def _group_deleted(sender: Any, instance: Group, **_: Any) -> None:
    trail.record(Action.GROUP_DELETED, target=f"group {instance.name}")


def _rights(sender: Any, instance: Any, action: str, model: Any, pk_set: set[Any] | None, **_: Any) -> None:
    """A user's groups, or the rights of a user or a group, from either side."""
    if action not in ("pre_add", "pre_remove", "pre_clear") or (action != "pre_clear" and not pk_set):
        return
    given = Action.RIGHTS_GIVEN if action == "pre_add" else Action.RIGHTS_TAKEN
    details: dict[str, Any] = {"all": True}
    if pk_set:
        others = list(model.objects.filter(pk__in=pk_set).order_by("pk"))
        details = {f"{model._meta.model_name}s": [_named(one) for one in others[:_NAMES]], "count": len(others)}
    trail.record(given, target=f"{instance._meta.model_name} {_named(instance)}", details=details)


def _named(one: Any) -> str:
    if isinstance(one, Permission):
        return one.codename
    return one.get_username() if isinstance(one, User) else str(one)

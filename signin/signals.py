"""What follows from a sign-in, and from a new password."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from signin.lockout import forget
from signin.models import Session
from signin.sessions import SessionStore


@receiver(user_logged_in, dispatch_uid="signin.note_sign_in")
def _note_sign_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is None or not isinstance(request.session, SessionStore):
        return
    request.session.note_sign_in(request)
    request.signed_in_as = user.get_username()  # type: ignore[attr-defined]  # for KnownDeviceMiddleware
    forget(request, user.get_username())


@receiver(post_save, sender=User, dispatch_uid="signin.end_sessions")
def _end_sessions(instance: User, created: bool, **_: Any) -> None:
    """A new password ends the person's sessions. Django makes a new one for the browser that gave the password."""
    if not created and instance._password is not None:  # type: ignore[attr-defined]  # noqa: SLF001 - until it is saved
        Session.objects.filter(user=instance).delete()

"""The sessions of people at the desk, each with whose it is, so that people can see theirs and end them."""

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class Session(AbstractBaseSession):
    """Django's session, and what its owner is told about it. Somebody who has not signed in has no `user`."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=45)  # of the client, as it signed in
    device = models.CharField(max_length=300)  # what the browser calls itself
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        default_permissions = ()  # people see their own, and nobody another's

    def __str__(self) -> str:
        return f"since {self.started_at:%Y-%m-%d %H:%M}"  # Django's has the key, which opens the session

    @classmethod
    def get_session_store_class(cls) -> type:
        from signin.sessions import SessionStore  # noqa: PLC0415 - it imports this file

        return SessionStore

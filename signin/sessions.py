"""Where sessions are kept: Django's own in SQL, that end when nobody uses them, and after a day at most.

Both ends are one column, `expire_date`, which Django compares whenever it loads a session. So an ended session opens
nothing, also before beat deletes it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone

from config.web.address import client_address
from signin.models import Session

_SIGN_IN = "_sign_in"  # in the session's data: when, from where and with what the person signed in
_SEEN_EVERY = timedelta(minutes=1)  # a session's last use is written down no more often
_LONGEST_DEVICE = 300


class SessionStore(DatabaseStore):
    """One browser's session. Django makes it from SESSION_ENGINE."""

    row: Session | None = None  # as it was loaded

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row to be written. Whatever is written was used just now."""
        now, sign_in = timezone.now(), data.get(_SIGN_IN, {})
        started = _started(data) or now
        row: Any = super().create_model_instance(data)
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.address, row.device = sign_in.get("address", ""), sign_in.get("device", "")
        row.started_at, row.seen_at, row.expire_date = started, now, _end(started, now)
        made: Session = row
        return made

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Seconds until the browser forgets the cookie: at the last moment the session can have."""
        now = timezone.now()
        started = _started(self._session) or now  # type: ignore[attr-defined]
        return max(0, int((started + timedelta(hours=settings.SESSION_HOURS) - now).total_seconds()))

    def note_sign_in(self, request: HttpRequest) -> None:
        """Write down that the person signed in now, from where, and with what. The day begins here."""
        device = "".join(sign for sign in request.headers.get("User-Agent", "") if sign.isprintable())
        self[_SIGN_IN] = {
            "at": timezone.now().isoformat(),
            "address": client_address(request),
            "device": device[:_LONGEST_DEVICE],
        }

    def note_use(self) -> None:
        """Move the end of an unused session on, if the last use was a minute ago or more."""
        now = timezone.now()
        if self.row and now - self.row.seen_at >= _SEEN_EVERY:
            Session.objects.filter(pk=self.row.pk).update(seen_at=now, expire_date=_end(self.row.started_at, now))

    def _get_session_from_db(self) -> Session | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc]
        return self.row


def _started(data: dict[str, Any]) -> datetime | None:
    at = data.get(_SIGN_IN, {}).get("at")
    return datetime.fromisoformat(at) if at else None


def _end(started: datetime, used: datetime) -> datetime:
    idle, longest = timedelta(minutes=settings.SESSION_IDLE_MINUTES), timedelta(hours=settings.SESSION_HOURS)
    return min(used + idle, started + longest)

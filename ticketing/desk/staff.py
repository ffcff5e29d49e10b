"""The people who work at the desk, and the names under which they write."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User

from config.request_id import request_id
from ticketing.tickets.ticket import Actor


@dataclass(frozen=True)
class Staff:
    """Everybody who may sign in at the desk, or could once. Read in one query."""

    people: tuple[User, ...]

    def choices(self, current: str | None) -> list[tuple[str, str]]:
        """The assignees of a form, as (value, label): nobody, the current one, and everybody who is still active."""
        active = [(one.get_username(), _label(one)) for one in self.people if one.is_active]
        others = [(current, current)] if current and current not in dict(active) else []
        return [("", "Nobody"), *others, *active]

    def label(self, username: str) -> str:
        """The person of that name, as others know them."""
        return next((_label(one) for one in self.people if one.get_username() == username), username)


def everybody() -> Staff:
    """The staff, in the order of their user names."""
    return Staff(tuple(User.objects.filter(is_staff=True).order_by("username")))


def author(user: User) -> str:
    """The name that readers of a comment see."""
    return user.get_full_name() or user.get_username()


def actor(user: AbstractBaseUser | AnonymousUser) -> Actor:
    """The person as the writer, in the record's form, with the id of the current request."""
    return Actor(name=user.get_username(), door="desk", request_id=request_id())


def _label(user: User) -> str:
    name = user.get_full_name()
    return f"{name} ({user.get_username()})" if name else user.get_username()

"""Who may issue tokens, and whose tokens still work although their issuer may not issue any more.

Such a token does not end by itself: a customer's program uses it, and would stop working because somebody at the desk
changed teams. The desk's list shows it, and people decide.
"""

from django.contrib.auth.models import User

from routing.models import ApiToken

# What a token lets its holder do, and with it what whoever issues it must be allowed to do themselves.
AS_A_TOKEN = ("ticketing.view_indexedticket", "ticketing.change_indexedticket")


def without_the_right() -> list[str]:
    """The names of those who issued tokens that are not revoked, and may issue none now, or are no users now."""
    named = ApiToken.objects.filter(revoked_at=None).exclude(issued_by="").order_by("issued_by")
    names = set(named.values_list("issued_by", flat=True).distinct())
    users = User.objects.filter(username__in=names, is_active=True, is_staff=True)
    may = {user.get_username() for user in users if user.has_perms(("routing.add_apitoken", *AS_A_TOKEN))}
    return sorted(names - may)

"""API tokens, and the clocks that run for tickets."""

from django.db import models

from config.caller import SCOPES, TIERS

_TIERS = [(tier, tier.capitalize()) for tier in TIERS]


class ApiToken(models.Model):
    """A token with which an engineer's program calls. Only its hash is kept; a lost token must be replaced."""

    name = models.CharField(max_length=200, help_text="Who uses it, e.g. the program's name.")
    customer_id = models.CharField("customer", max_length=200)
    tier = models.CharField(max_length=16, choices=_TIERS, default="general")
    scopes = models.JSONField(default=list)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField("issued", auto_now_add=True)
    issued_by = models.CharField(
        max_length=150, blank=True, default="", editable=False
    )  # at the desk; "": by a command
    expires_at = models.DateTimeField("ends", null=True, blank=True, editable=False)  # null: issued before ends were
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    plain = ""  # the token itself, in memory alone: where it was just issued

    class Meta:
        verbose_name = "API token"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.name

    @property
    def named(self) -> str:
        """As the record of who did what names it."""
        return f"token {self.pk} {self.name}"

    @property
    def scope_set(self) -> frozenset[str]:
        return frozenset(scope for scope in self.scopes if scope in SCOPES)


class TokenAddress(models.Model):
    """An address from which a token was used, of IPv6 the network. The first use is in the record of who did what."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="addresses")
    address = models.CharField(max_length=64)
    first_used_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("token", "address"), name="one_first_use"),)

    def __str__(self) -> str:
        return f"{self.token_id} {self.address}"


class Clock(models.Model):
    """The time by which a ticket should be solved, by its tier's policy. The clock stops when it is solved."""

    ticket_id = models.CharField(primary_key=True, max_length=2048)
    reference = models.CharField(max_length=11)
    tier = models.CharField(max_length=16, choices=_TIERS)
    started_at = models.DateTimeField("received")
    due_at = models.DateTimeField("due", db_index=True)
    stopped_at = models.DateTimeField("solved", null=True)
    version = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "due time"
        ordering = ("due_at",)

    def __str__(self) -> str:
        return self.reference

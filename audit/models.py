"""The record of who did what: one table, to which rows are only added."""

from django.db import models

from audit.actions import choices

DIGEST = 64  # characters


class Entry(models.Model):
    """One act of one person or program. Each row has the digest of the row before, so a change to any of them shows.

    Only `audit.chain` adds rows. Triggers in the database refuse to change one, and to delete one that is not pruned.
    """

    number = models.BigIntegerField(primary_key=True)  # without gaps
    at = models.DateTimeField("when", db_index=True)
    action = models.CharField(max_length=32, choices=choices)
    actor = models.CharField("who", max_length=200, blank=True, db_index=True)  # empty: nobody knows
    door = models.CharField("by", max_length=32)  # desk, command line, token …
    target = models.TextField("what", blank=True)  # such as `ticket <id>`
    details = models.TextField(default="{}")  # JSON, as its digest was made from it
    address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField("request", max_length=128, blank=True)
    upto = models.BigIntegerField(null=True)  # of a row that prunes: the last row before the first that is kept
    previous = models.CharField(max_length=DIGEST)
    digest = models.CharField(max_length=DIGEST)

    class Meta:
        verbose_name = "entry of the record"
        verbose_name_plural = "entries"
        default_permissions = ("view",)
        ordering = ("-number",)
        indexes = (models.Index(fields=("upto",), name="pruned", condition=models.Q(upto__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.number}: {self.get_action_display()}"

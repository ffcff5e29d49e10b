"""The SQL tables: the desk's index, its search documents, and jobs.

The index is a copy of the record, for lists, filters, counts and search. Only `ticketing.index` writes it, and
`manage.py reindex` can rebuild it from the record at any time.
"""

from django.db import models
from django.db.models.functions import Substr

from config.caller import TIERS
from ticketing.tickets.workflow import CHANNELS, PRIORITIES, STATUSES


def _choices(*values: str) -> list[tuple[str, str]]:
    return [(value, "ITSM" if value == "itsm" else value.capitalize()) for value in values]


class IndexedTicketQuerySet(models.QuerySet["IndexedTicket"]):
    """Tickets of the index."""

    def for_list(self) -> "IndexedTicketQuerySet":
        """Load only what a list shows. A description may be very long, so only its beginning is loaded."""
        return self.defer("issue_description", "requester", "tags").annotate(
            opening=Substr("issue_description", 1, 200)
        )


class IndexedTicket(models.Model):
    """A ticket as the record had it at `version`. Times are moments here, and texts in the record."""

    ticket_id = models.CharField(primary_key=True, max_length=2048)  # DynamoDB's limit for a key
    reference = models.CharField(max_length=11, db_index=True)
    channel = models.CharField(max_length=16, choices=_choices(*CHANNELS))
    customer_id = models.TextField("customer")
    caller_id = models.TextField("caller")
    requester = models.JSONField(null=True)
    subject = models.TextField(null=True)
    issue_description = models.TextField("description")
    type = models.TextField(null=True)
    status = models.CharField(max_length=16, choices=_choices(*STATUSES))
    priority = models.CharField(max_length=16, choices=_choices(*PRIORITIES))
    tier = models.CharField(max_length=16, choices=_choices(*reversed(TIERS)))
    assignee = models.TextField(null=True)
    tags = models.JSONField(default=list)
    comment_count = models.PositiveIntegerField("comments", default=0)
    known_comments = models.PositiveIntegerField(default=0)  # how many of them are in IndexedComment
    last_comment_id = models.TextField(null=True)
    created_at = models.DateTimeField("opened")
    received_at = models.DateTimeField("received")
    updated_at = models.DateTimeField("changed")
    version = models.PositiveBigIntegerField()

    objects = IndexedTicketQuerySet.as_manager()

    class Meta:
        verbose_name = "ticket"
        default_permissions = ("view", "change")  # staff who may change a ticket may open one; nobody deletes one
        permissions = (("redact_indexedticket", "Can redact ticket"),)
        ordering = ("-received_at", "-ticket_id")  # what came in last is new at the desk, however old it is
        indexes = (
            models.Index(fields=("-received_at", "-ticket_id"), name="newest_first"),
            models.Index(fields=("status", "-received_at"), name="by_status"),
            models.Index(fields=("tier", "status", "-received_at"), name="by_tier"),
            models.Index(fields=("channel", "-received_at"), name="by_channel"),
            models.Index(fields=("assignee", "-received_at"), name="by_assignee"),
            models.Index(fields=("caller_id", "-received_at"), name="by_caller"),
            models.Index(fields=("-created_at", "-ticket_id"), name="opened_last"),
            models.Index(fields=("-updated_at", "-ticket_id"), name="changed_last"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def title(self) -> str:
        """What a list shows: the subject, or the description's first line."""
        # A list has loaded only the opening. Reading the rest would take one query for each row.
        opening: str = self.__dict__["opening"] if "opening" in self.__dict__ else self.issue_description  # noqa: SIM401
        return self.subject or opening.strip().partition("\n")[0][:120] or "(no subject)"


class IndexedComment(models.Model):
    """A comment of the record, as it was at `revision`. Internal notes are included: only the desk reads this table."""

    # Another program's comment may have any id, so an id is unique only within its ticket.
    pk = models.CompositePrimaryKey("ticket_id", "comment_id")
    ticket_id = models.CharField(max_length=2048)
    comment_id = models.CharField(max_length=1024)  # DynamoDB's limit for a sort key
    text = models.TextField()
    author = models.TextField(null=True)
    visibility = models.CharField(max_length=16)
    door = models.TextField()
    created_at = models.DateTimeField()
    # How often it was replaced. Processes that do not know the column leave it to the database.
    revision = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.comment_id}"


class SearchDocument(models.Model):
    """A part of a ticket's search document. Nearly every ticket has only one, since a part holds 3,000 words.

    The words themselves are not a field. PostgreSQL has them in the columns `words` and `pairs`, SQLite in the table
    `ticketing_searchwords` (see migration 0004). Only `ticketing.search.documents` writes them.
    """

    ticket_id = models.CharField(max_length=2048)
    part = models.PositiveIntegerField()
    length = models.PositiveIntegerField()  # how much of a part's room for words is taken (ticketing/search/parts.py)
    edition = models.SmallIntegerField()  # EDITION of ticketing/search/words.py when it was written
    received_at = models.DateTimeField(null=True)  # the ticket's; if too many match, search takes the newest

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("-received_at", "-ticket_id"), name="newest_documents"),)
        constraints = (models.UniqueConstraint(fields=("ticket_id", "part"), name="part_of_document"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.part}"


class Job(models.Model):
    """Long work in the background, with its progress (`ticketing.jobs`)."""

    kind = models.CharField(max_length=16, choices=_choices("reindex", "check", "export", "survey", "erasure"))
    state = models.CharField(max_length=16, choices=_choices("running", "done", "failed", "stopped"), default="running")
    # Names the work while the job runs. It is unique, so the database rejects a second job that does the same.
    alone = models.CharField(max_length=200, unique=True, null=True)
    started_by = models.TextField()
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    parameters = models.JSONField(default=dict)
    total = models.PositiveBigIntegerField(default=0)  # about how many items there are
    error = models.TextField(default="")  # why it failed, or why it makes no progress

    class Meta:
        default_permissions = ("view", "change")  # staff who may change jobs may start and stop them
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class JobPart(models.Model):
    """A part of a job. Each part advances on its own, page by page."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    # Both are JSON in a text field: another program's id may have characters that PostgreSQL's JSON type rejects.
    stretch = models.TextField()
    place = models.TextField(default="null")  # where its next page begins
    pages = models.PositiveBigIntegerField(default=0)  # finished so far; every move of the place counts one up
    seen = models.PositiveBigIntegerField(default=0)
    found = models.PositiveBigIntegerField(default=0)
    done = models.BooleanField(default=False)
    moved_at = models.DateTimeField(null=True)  # when a worker took the part, then when its last page was finished

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("job", "number"), name="one_part_of_a_number")]

    def __str__(self) -> str:
        return f"{self.job_id}, part {self.number}"


class JobFinding(models.Model):
    """One of the first differences that a job found."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="findings")
    ticket_id = models.CharField(max_length=2048)
    what = models.CharField(max_length=32)

    class Meta:
        default_permissions = ()
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.what}"


class JobPiece(models.Model):
    """The file in S3 that one page of an export became (`ticketing.jobs.export`). It has a row once the page counts."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="pieces")
    part = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField()  # the page's number within the part
    name = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()  # bytes

    class Meta:
        default_permissions = ()
        ordering = ("part", "number")
        constraints = (models.UniqueConstraint(fields=("job", "part", "number"), name="one_piece_of_a_page"),)

    def __str__(self) -> str:
        return self.name


class Erasure(models.Model):
    """A person whom somebody at the desk wants to erase (`ticketing.erasing.request`).

    Who it is stands here only until it has ended. Then `digest` remembers, as the record of who did what does.
    """

    state = models.CharField(
        max_length=16,
        choices=_choices("surveying", "surveyed", "waiting", "running", "done", "withdrawn", "expired"),
        default="surveying",
    )
    caller_id = models.TextField(blank=True)
    email = models.TextField(blank=True)
    of_ticket = models.TextField(blank=True)
    customer_id = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    begun_by = models.TextField()
    begun_at = models.DateTimeField(auto_now_add=True)
    asked_by = models.TextField(blank=True)  # who confirmed what the survey found
    asker = models.PositiveBigIntegerField(null=True)  # that user's id: a name can be changed
    asked_at = models.DateTimeField(null=True)
    agreed_by = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    found = models.JSONField(default=dict)  # how much of each kind the survey found
    erased = models.JSONField(default=dict)  # how much of each kind is erased so far
    on_their_way = models.PositiveIntegerField(default=0)  # submissions that are no tickets yet, of anybody
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        default_permissions = ()
        permissions = (("erase_person", "Can erase a person"),)
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class ErasureTicket(models.Model):
    """A ticket that an erasing has found. The rows go when it has ended."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="tickets")
    ticket_id = models.CharField(max_length=2048)
    customer_id = models.TextField()
    done = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=("erasure", "ticket_id"), name="found_once"),)

    def __str__(self) -> str:
        return self.ticket_id


class Delivery(models.Model):  # noqa: DJ008 - it has no rows to name
    """No table, only permissions: to view deliveries that have not ended well, and to send them again (change).

    The deliveries themselves are in DynamoDB (`ticketing.deliveries`).
    """

    class Meta:
        managed = False
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        default_permissions = ("view", "change")

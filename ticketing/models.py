"""The desk's index: a copy of the record in SQL, for lists, filters, counts and search.

Nobody writes it but `ticketing.index`; `manage.py reindex` can rebuild it from the record at any time.
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
        """Only what a list shows: of a description, which may be very long, its beginning."""
        return self.defer("issue_description", "requester", "tags").annotate(
            opening=Substr("issue_description", 1, 200)
        )


class IndexedTicket(models.Model):
    """A ticket as the record had it at `version`. Times are the record's texts as moments."""

    ticket_id = models.CharField(primary_key=True, max_length=2048)  # DynamoDB's limit of a key
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
    known_comments = models.PositiveIntegerField(default=0)  # how many of them stand in IndexedComment
    last_comment_id = models.TextField(null=True)
    created_at = models.DateTimeField("opened")
    updated_at = models.DateTimeField("changed")
    version = models.PositiveBigIntegerField()

    objects = IndexedTicketQuerySet.as_manager()

    class Meta:
        verbose_name = "ticket"
        default_permissions = ("view", "change")  # staff who may change a ticket may open one; nobody deletes one
        ordering = ("-created_at", "-ticket_id")
        indexes = (
            models.Index(fields=("-created_at", "-ticket_id"), name="newest_first"),
            models.Index(fields=("status", "-created_at"), name="by_status"),
            models.Index(fields=("tier", "status", "-created_at"), name="by_tier"),
            models.Index(fields=("channel", "-created_at"), name="by_channel"),
            models.Index(fields=("assignee", "-created_at"), name="by_assignee"),
            models.Index(fields=("caller_id", "-created_at"), name="by_caller"),
            models.Index(fields=("-updated_at", "-ticket_id"), name="changed_last"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def title(self) -> str:
        """What a list shows: the subject, or the description's first line."""
        # A list has only the opening; asking for the rest would be a query for each row.
        opening: str = self.__dict__["opening"] if "opening" in self.__dict__ else self.issue_description  # noqa: SIM401
        return self.subject or opening.strip().partition("\n")[0][:120] or "(no subject)"


class IndexedComment(models.Model):
    """A comment of the record; it never changes. Internal notes are here too: only the desk reads this."""

    # Another program's comment may have any id; only within its ticket it is the only one of that name.
    pk = models.CompositePrimaryKey("ticket_id", "comment_id")
    ticket_id = models.CharField(max_length=2048)
    comment_id = models.CharField(max_length=1024)  # DynamoDB's limit of a sort key
    text = models.TextField()
    author = models.TextField(null=True)
    visibility = models.CharField(max_length=16)
    door = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.comment_id}"


class SearchDocument(models.Model):
    """A part of what search knows of a ticket: nearly every ticket has one, since a part holds 3,000 words.

    The words themselves are no field: PostgreSQL has them in columns `words` and `pairs`, SQLite in the
    table `ticketing_searchwords` (see migration 0004). Nobody writes them but `ticketing.search.documents`.
    """

    ticket_id = models.CharField(max_length=2048)
    part = models.PositiveIntegerField()
    length = models.PositiveIntegerField()  # how many words' places are taken
    edition = models.SmallIntegerField()  # of ticketing/search/words.py
    created_at = models.DateTimeField(null=True)  # the ticket's: of too many matches search takes the newest

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("-created_at", "-ticket_id"), name="newest_documents"),)
        constraints = (models.UniqueConstraint(fields=("ticket_id", "part"), name="part_of_document"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.part}"


class Job(models.Model):
    """Long work in the background, with its progress (`ticketing.jobs`)."""

    kind = models.CharField(max_length=16, choices=_choices("reindex", "check", "export"))
    state = models.CharField(max_length=16, choices=_choices("running", "done", "failed", "stopped"), default="running")
    # What it is the only one to do as long as it runs: the database lets no second one in.
    alone = models.CharField(max_length=200, unique=True, null=True)
    started_by = models.TextField()
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    parameters = models.JSONField(default=dict)
    total = models.PositiveBigIntegerField(default=0)  # about how many items there are
    error = models.TextField(default="")  # why it failed, or why it does not get on

    class Meta:
        default_permissions = ("view", "change")  # who may change jobs may start and stop them
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class JobPart(models.Model):
    """A part of a job that goes on for itself, page by page."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    # Both as JSON in a text: another program's id may have characters that PostgreSQL's JSON refuses.
    stretch = models.TextField()
    place = models.TextField(default="null")  # where its next page begins
    pages = models.PositiveBigIntegerField(default=0)  # worked so far; who moves the place counts it up
    seen = models.PositiveBigIntegerField(default=0)
    found = models.PositiveBigIntegerField(default=0)
    done = models.BooleanField(default=False)
    moved_at = models.DateTimeField(null=True)  # since when somebody works it, and then of each page

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
    """What a page of an export made, in S3; it stands here since the page counted (`ticketing.jobs.export`)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="pieces")
    part = models.PositiveIntegerField()
    number = models.PositiveBigIntegerField()  # of the part's pages
    name = models.CharField(max_length=80)
    size = models.PositiveBigIntegerField()  # bytes

    class Meta:
        default_permissions = ()
        ordering = ("part", "number")
        constraints = (models.UniqueConstraint(fields=("job", "part", "number"), name="one_piece_of_a_page"),)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):  # noqa: DJ008 - it has no rows to name
    """No table: it names the rights to see what has not ended well (view), and to send it on its way again (change).

    The deliveries themselves are in DynamoDB (`ticketing.deliveries`).
    """

    class Meta:
        managed = False
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"
        default_permissions = ("view", "change")

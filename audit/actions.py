"""Everything that is written down in the record of who did what. A new kind of act gets a line here."""

from django.db.models import TextChoices


class Action(TextChoices):
    """What somebody did. The values stand in the database for years: never change one."""

    SIGNED_IN = "sign-in", "Signed in"
    SIGN_IN_FAILED = "sign-in failed", "Failed to sign in"
    SIGNED_OUT = "sign-out", "Signed out"
    LET_IN_AGAIN = "let in again", "Let somebody in again"

    USER_ADDED = "user added", "Added a user"
    USER_CHANGED = "user changed", "Changed a user"
    USER_DELETED = "user deleted", "Deleted a user"
    PASSWORD_CHANGED = "password changed", "Changed a password"
    GROUP_ADDED = "group added", "Added a group"
    GROUP_CHANGED = "group changed", "Changed a group"
    GROUP_DELETED = "group deleted", "Deleted a group"
    RIGHTS_GIVEN = "rights given", "Gave rights"
    RIGHTS_TAKEN = "rights taken", "Took rights"

    TOKEN_ISSUED = "token issued", "Issued a token"
    TOKEN_REVOKED = "token revoked", "Revoked a token"
    TOKEN_AT_NEW_ADDRESS = "token at new address", "Used a token from a new address"

    TICKET_OPENED = "ticket opened", "Opened a ticket"
    TICKET_CHANGED = "ticket changed", "Changed a ticket"
    TICKET_COMMENTED = "ticket commented", "Commented on a ticket"
    TEXT_REDACTED = "text redacted", "Redacted a text"
    PERSON_ERASED = "person erased", "Erased a person"
    TICKET_ERASED = "ticket erased", "Erased a ticket"
    ERASURE_ASKED = "erasure asked for", "Asked for an erasure"
    ERASURE_AGREED = "erasure agreed to", "Agreed to an erasure"
    ERASURE_WITHDRAWN = "erasure withdrawn", "Withdrew an erasure"

    DELIVERY_TRIED_AGAIN = "delivery tried again", "Tried a delivery again"
    QUEUE_REDRIVEN = "queue redriven", "Redrove dead letters"
    DELIVERY_SET_ASIDE = "delivery set aside", "Set a delivery aside"
    DELIVERY_TAKEN_BACK = "delivery taken back", "Took a delivery back"

    JOB_STARTED = "job started", "Started a job"
    JOB_STOPPED = "job stopped", "Stopped a job"
    JOB_RESUMED = "job resumed", "Resumed a job"
    EXPORT_DOWNLOADED = "export downloaded", "Downloaded an export"
    COMMAND_RUN = "command run", "Ran a command"

    RECORD_EXPORTED = "record exported", "Exported this record"
    RECORD_PRUNED = "record pruned", "Deleted old rows of this record"


def choices() -> list[tuple[str, str]]:
    """For the model's field. A function, so that a new action needs no migration."""
    return list(Action.choices)

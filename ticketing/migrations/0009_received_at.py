from datetime import UTC, datetime

from django.db import migrations, models

# Until now, `created_at` was when a ticket came in. The indexes over it took minutes to build, and go on to serve that
# time under its new name.
_RENAME = "ALTER TABLE {} RENAME COLUMN created_at TO received_at"
_BACK = "ALTER TABLE {} RENAME COLUMN received_at TO created_at"
_TICKETS = {
    "newest_first": ("-{}", "-ticket_id"),
    "by_status": ("status", "-{}"),
    "by_tier": ("tier", "status", "-{}"),
    "by_channel": ("channel", "-{}"),
    "by_assignee": ("assignee", "-{}"),
    "by_caller": ("caller_id", "-{}"),
}
_DOCUMENTS = {"newest_documents": ("-{}", "-ticket_id")}


def _renamed(model, indexes):
    """The rename in the database, whose indexes follow by themselves, and what Django has to know of it."""
    here = {name: [one.format("received_at") for one in fields] for name, fields in indexes.items()}
    return migrations.SeparateDatabaseAndState(
        [migrations.RunSQL(_RENAME.format(f"ticketing_{model}"), _BACK.format(f"ticketing_{model}"))],
        [
            *(migrations.RemoveIndex(model, name) for name in here),
            migrations.RenameField(model, "created_at", "received_at"),
            *(migrations.AddIndex(model, models.Index(fields=fields, name=name)) for name, fields in here.items()),
        ],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("ticketing", "0008_fewer_indexes"),
    ]

    operations = [
        _renamed("searchdocument", _DOCUMENTS),
        _renamed("indexedticket", _TICKETS),
        migrations.AlterField("indexedticket", "received_at", models.DateTimeField("received")),
        migrations.AlterModelOptions(
            "indexedticket",
            {
                "default_permissions": ("view", "change"),
                "ordering": ("-received_at", "-ticket_id"),
                "verbose_name": "ticket",
            },
        ),
        # With a default, PostgreSQL adds the column without writing a row. The next migration fills it.
        migrations.AddField(
            "indexedticket",
            "created_at",
            models.DateTimeField("opened", default=datetime(1970, 1, 1, tzinfo=UTC)),
            preserve_default=False,
        ),
    ]

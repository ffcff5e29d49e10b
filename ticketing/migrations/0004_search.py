from django.db import migrations, models

# What full-text search needs of the database. The document's words stand beside its row: on PostgreSQL in columns of
# it, on SQLite in a table of words whose rowid is the row's id, and which goes where the row goes.
_POSTGRESQL = (
    # A document of the usual length stays in its row: fetching it from elsewhere takes longer than looking through it.
    "ALTER TABLE ticketing_searchdocument SET (toast_tuple_target = 8160)",
    "ALTER TABLE ticketing_searchdocument ADD COLUMN words tsvector NOT NULL DEFAULT ''",
    "CREATE INDEX search_words ON ticketing_searchdocument USING gin (words)",
    # The words that stand side by side, as numbers: without them a phrase would be looked for in each document that
    # has its words anywhere, which for frequent words are a quarter of all.
    "ALTER TABLE ticketing_searchdocument ADD COLUMN pairs smallint[] NOT NULL DEFAULT '{}'",
    "CREATE INDEX search_pairs ON ticketing_searchdocument USING gin (pairs)",
)
_SQLITE = (
    # `ascii` takes whatever is not ASCII as letters: the words are ours, none is lost to an older Unicode. Beginnings
    # of one or two characters have an index of their own: thousands of words may have them.
    "CREATE VIRTUAL TABLE ticketing_searchwords USING fts5(subject, body, tokenize = 'ascii', prefix = '1 2')",
    "CREATE TRIGGER ticketing_searchdocument_gone AFTER DELETE ON ticketing_searchdocument "
    "BEGIN DELETE FROM ticketing_searchwords WHERE rowid = old.id; END",
)


def make(apps, schema_editor):
    for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement)


def unmake(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":  # PostgreSQL's columns go with the table
        schema_editor.execute("DROP TABLE ticketing_searchwords")


class Migration(migrations.Migration):
    dependencies = [
        ("ticketing", "0003_comments"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket_id", models.CharField(max_length=2048)),
                ("part", models.PositiveIntegerField()),
                ("length", models.PositiveIntegerField()),
                ("edition", models.SmallIntegerField()),
                ("created_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("ticket_id", "part"), name="part_of_document")],
                "indexes": [models.Index(fields=("-created_at", "-ticket_id"), name="newest_documents")],
            },
        ),
        migrations.RunPython(make, unmake),
    ]

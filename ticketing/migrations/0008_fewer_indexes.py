from django.db import migrations

_STATEMENTS = (
    # What Django makes for searches by the beginning of a text, which nobody does here; every ticket that is written
    # would write them too.
    "DROP INDEX IF EXISTS ticketing_indexedticket_ticket_id_da35e4bd_like",
    "DROP INDEX IF EXISTS ticketing_indexedticket_reference_5d8d3187_like",
    # Room in a page of tickets: a count that changes then touches no index at all.
    "ALTER TABLE ticketing_indexedticket SET (fillfactor = 85)",
    # How much the indexes put off, in kilobytes, where PostgreSQL has 4096. Putting it in touches each of the 65,536
    # pairs once, however much there is of it; what is put off every search reads through, and for pairs only phrases.
    "ALTER INDEX search_words SET (gin_pending_list_limit = 8192)",
    "ALTER INDEX search_pairs SET (gin_pending_list_limit = 16384)",
)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in _STATEMENTS:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("ticketing", "0007_by_caller"),
    ]

    operations = [
        migrations.RunPython(drop, migrations.RunPython.noop),
    ]

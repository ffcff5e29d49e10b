from django.db import migrations

# Nobody changes a row. A row goes only if a later one says that it was pruned, and if it is thirty days old.
_PRUNED = "SELECT 1 FROM audit_entry WHERE action = 'record pruned' AND number > OLD.number AND upto >= OLD.number"
_SQLITE = (
    "CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry "
    "BEGIN SELECT RAISE(ABORT, 'audit_entry: rows are only added'); END",
    "CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry "
    f"WHEN OLD.at > datetime('now', '-30 days') OR NOT EXISTS ({_PRUNED}) "
    "BEGIN SELECT RAISE(ABORT, 'audit_entry: rows are only added'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN RAISE EXCEPTION 'audit_entry: rows are only added'; END $$",
    "CREATE FUNCTION audit_entry_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF OLD.at > now() - interval '30 days' OR NOT EXISTS ({_PRUNED}) "
    "THEN RAISE EXCEPTION 'audit_entry: rows are only added'; END IF; RETURN OLD; END $$",
    "CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE ON audit_entry "
    "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
    "CREATE TRIGGER audit_entry_kept BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_keep()",
    "CREATE TRIGGER audit_entry_all_kept BEFORE TRUNCATE ON audit_entry "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
)
_GONE = {
    "sqlite": ("DROP TRIGGER audit_entry_unchanged", "DROP TRIGGER audit_entry_kept"),
    "postgresql": (
        *(f"DROP TRIGGER {name} ON audit_entry" for name in ("audit_entry_unchanged", "audit_entry_kept")),
        "DROP TRIGGER audit_entry_all_kept ON audit_entry",
        "DROP FUNCTION audit_entry_refuse()",
        "DROP FUNCTION audit_entry_keep()",
    ),
}


def make(apps, schema_editor):
    for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement)


def unmake(apps, schema_editor):
    for statement in _GONE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(make, unmake)]

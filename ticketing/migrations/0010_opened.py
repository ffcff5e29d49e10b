from datetime import UTC, datetime

from django.db import migrations, models
from django.db.models import F


def fill(apps, schema_editor):
    """As the record reads: a ticket that does not say when it was received, was received when it was created.

    What is written meanwhile has its time already. So this may be done twice.
    """
    unfilled = apps.get_model("ticketing", "IndexedTicket").objects.filter(created_at=datetime(1970, 1, 1, tzinfo=UTC))
    unfilled.update(created_at=F("received_at"))


class Migration(migrations.Migration):
    atomic = False  # an index takes in what a row was before, if that was changed by the same transaction

    dependencies = [
        ("ticketing", "0009_received_at"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex("indexedticket", models.Index(fields=["-created_at", "-ticket_id"], name="opened_last")),
    ]

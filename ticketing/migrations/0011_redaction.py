from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ticketing", "0010_opened"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="indexedticket",
            options={
                "default_permissions": ("view", "change"),
                "ordering": ("-received_at", "-ticket_id"),
                "permissions": (("redact_indexedticket", "Can redact ticket"),),
                "verbose_name": "ticket",
            },
        ),
        migrations.AddField("indexedcomment", "revision", models.PositiveIntegerField(default=0, db_default=0)),
    ]

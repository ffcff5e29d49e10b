from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0003_received"),
    ]

    operations = [
        migrations.AddField(
            "apitoken", "expires_at", models.DateTimeField("ends", null=True, blank=True, editable=False)
        ),
        migrations.AddField(
            "apitoken", "last_used_at", models.DateTimeField("last used", null=True, blank=True, editable=False)
        ),
    ]

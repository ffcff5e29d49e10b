from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0002_due_times"),
    ]

    operations = [
        migrations.AlterField("clock", "started_at", models.DateTimeField("received")),
    ]

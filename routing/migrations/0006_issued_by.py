from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_addresses"),
    ]

    operations = [
        migrations.AddField(
            "apitoken", "issued_by", models.CharField(max_length=150, blank=True, default="", editable=False)
        ),
    ]

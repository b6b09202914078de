import django.utils.timezone
from django.db import migrations, models

from governance.systems import frozen

TABLES = ("incidents_notification",)


def install(apps, schema_editor):
    frozen.install(schema_editor.connection, TABLES)


def remove(apps, schema_editor):
    frozen.remove(schema_editor.connection, TABLES)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_written_once")]
    operations = [
        migrations.AddField(
            model_name="incident",
            name="link_since",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="incident",
            name="provider_unreachable",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="incident",
            name="link",
            field=models.CharField(
                choices=[
                    ("unknown", "Not known yet"),
                    ("suspected", "Suspected"),
                    ("likely", "Reasonably likely"),
                    ("established", "Established"),
                    ("excluded", "Excluded"),
                ],
                default="unknown",
                max_length=20,
            ),
        ),
        # SQLite makes the table anew for a column, and the triggers go with the old one
        migrations.RunPython(remove, install),
        migrations.AddField(
            model_name="notification",
            name="recipient",
            field=models.CharField(default="other", max_length=40),
        ),
        migrations.RunPython(install, remove),
    ]

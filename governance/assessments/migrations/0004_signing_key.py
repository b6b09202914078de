from django.db import migrations, models

from governance.assessments import guard


def install(apps, schema_editor):
    guard.install(schema_editor.connection)


def remove(apps, schema_editor):
    guard.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """SQLite makes the table anew for a column, and its triggers go with the old one."""

    dependencies = [("assessments", "0003_signed_never_changes")]
    operations = [
        migrations.RunPython(remove, install),
        migrations.AddField("assessment", "signing_key", models.CharField(blank=True, default="", max_length=64), preserve_default=False),
        migrations.RunPython(install, remove),
    ]

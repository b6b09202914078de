from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("risks", "0003_findings_and_sources")]
    operations = [
        migrations.AddIndex(
            model_name="measure",
            index=models.Index(fields=["organisation", "done_on", "due_on"], name="measures_by_day"),
        ),
    ]

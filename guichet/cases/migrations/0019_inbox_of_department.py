from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_answers_of_the_base")]

    operations = [
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["department", "due_at", "id"],
                name="inbox_of_department",
            ),
        ),
    ]

from __future__ import annotations

from typing import Any

from django.db import migrations


def first_months(apps: Any, schema_editor: Any) -> None:
    """The partitions of now; the job of every night makes the following ones."""
    from guichet.journal.partitions import prepare

    prepare()


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(first_months, migrations.RunPython.noop)]

"""A file that the scanner condemned: who handles the case is told, once."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from guichet.accounts.models import User
from guichet.cases.models import Attachment, Task
from guichet.core.models import StoredFile
from guichet.core.text import excerpt
from guichet.journal.actions import record


def report_condemned(shas: Sequence[str], *, by: User) -> None:
    """The scanner may have spoken before the file was attached: a form keeps it while it is filled in."""
    if not (shas and settings.CLAMD):
        return
    for file in StoredFile.objects.filter(pk__in=shas, scan__in=[StoredFile.Scan.INFECTED, StoredFile.Scan.FAILED]):
        report_infected(file, infected=file.scan == StoredFile.Scan.INFECTED, by=by)


def report_infected(file: StoredFile, *, infected: bool, by: User) -> None:
    """A task and an event on every case that holds the file. Called in the transaction that writes the verdict."""
    seen = set()
    for attachment in Attachment.objects.filter(file=file).select_related("interaction__case"):
        case = attachment.interaction.case.survivor()
        if case.pk in seen:
            continue
        seen.add(case.pk)
        name = excerpt(attachment.name, 80)
        label = (
            f"Virus dans « {name} » : fichier bloqué. Demander à la personne de le renvoyer sain."
            if infected
            else f"« {name} » n'a pas pu être analysé (trop gros) : fichier bloqué. Demander un fichier plus léger."
        )
        Task.objects.get_or_create(case=case, about=f"file:{file.pk[:40]}", done_at=None, defaults={"label": label})
        record("case.file_infected" if infected else "case.file_unscanned", by=by, case_id=case.pk)

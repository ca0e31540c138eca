"""The dates of a dossier that matter to its person: set by actions, read by the dashboard, the calendar, reminders."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from guichet.procedures.models import Deadline, Dossier


def set_deadline(
    dossier: Dossier, kind: str, about: str, *, day: date, label: str, by_person: bool = False
) -> Deadline:
    """One of a kind and subject: set again, it moves."""
    found, _ = Deadline.objects.update_or_create(
        dossier=dossier, kind=kind, about=about,
        defaults={
            "person_id": dossier.applicant_id, "day": day, "label": label[:300], "by_person": by_person,
            "done_at": None, "changed_at": timezone.now(),
        },
    )  # fmt: skip
    return found


def clear(dossier: Dossier, kind: str, about: str = "") -> None:
    """It is done, or has no object any more: not reminded, out of the calendar."""
    found = Deadline.objects.filter(dossier=dossier, kind=kind, done_at__isnull=True)
    (found.filter(about=about) if about else found).update(done_at=timezone.now(), changed_at=timezone.now())


def clear_all(dossier: Dossier) -> None:
    Deadline.objects.filter(dossier=dossier, done_at__isnull=True).update(
        done_at=timezone.now(), changed_at=timezone.now()
    )

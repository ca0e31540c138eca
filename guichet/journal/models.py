from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now


class CurrentTransaction(Func):
    """The number of the transaction that writes: lets watchers read without missing late committers."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """What happened, by whom, written once and never changed. No citizen's words in `data`.

    The table is partitioned by month of `at` (see the first migration); its primary key there is (id, at).
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("quand", db_default=Now())
    verb = models.CharField("quoi", max_length=60)  # "case.assigned": see journal.verbs
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="par", db_index=False
    )
    # The citizen who acted through a machine (the portal, a mail), when it was one.
    on_behalf_of = models.BigIntegerField("pour l'usager", null=True)
    case_id = models.BigIntegerField("demande", null=True)
    person_id = models.BigIntegerField("usager concerné", null=True)
    subject = models.CharField("objet", max_length=60, blank=True)  # "interaction:12", "team:3"
    data = models.JSONField("détails", default=dict)
    transaction = models.BigIntegerField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = "événement"
        indexes = [
            models.Index(fields=["case_id", "id"], name="event_of_case", condition=models.Q(case_id__isnull=False)),
            models.Index(
                fields=["person_id", "-at"], name="event_of_person", condition=models.Q(person_id__isnull=False)
            ),
            models.Index(fields=["transaction", "id"], name="event_in_order"),
            # What changed in a setting: events of no case and no person.
            models.Index(
                fields=["subject", "-id"],
                condition=models.Q(case_id__isnull=True, person_id__isnull=True) & ~models.Q(subject=""),
                name="event_of_setting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"

    @property
    def words(self) -> str:
        from guichet.journal.verbs import say

        return say(self)

    def detail(self, name: str, default: Any = "") -> Any:
        return self.data.get(name, default)


class Cursor(models.Model):
    """How far a watcher has read."""

    watcher = models.CharField(primary_key=True, max_length=60)
    transaction = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.watcher

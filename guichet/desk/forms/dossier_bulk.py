"""What may be done to many dossiers at once: one small form each, most of them a button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from guichet.desk.forms.bulk import BulkForm
from guichet.procedures.models import DossierBatch, Sitting

DELAY = 15  # days proposed for the missing pieces
Verb = DossierBatch.Verb


class PlainForm(BulkForm):
    """Nothing to choose: the act is the same for all."""


class AskForm(BulkForm):
    until = forms.DateField(label="Au plus tard le", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    text = forms.CharField(
        label="Quelques mots avant la liste", max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}), help_text="Chaque lettre ne dit que les pièces de son dossier.",
    )  # fmt: skip

    def choose(self) -> None:
        self.fields["until"].initial = timezone.localdate() + timedelta(days=DELAY)

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until <= timezone.localdate():
            raise forms.ValidationError("La date limite doit être à venir.")
        return until

    def params(self) -> dict[str, Any]:
        return {"until": self.cleaned_data["until"].isoformat(), "text": self.cleaned_data["text"]}


class EnrolForm(BulkForm):
    sitting = forms.ModelChoiceField(Sitting.objects.none(), label="Séance", empty_label="Choisir une séance")

    def choose(self) -> None:
        coming = Sitting.objects.filter(state=Sitting.State.OPEN, day__gte=timezone.localdate())
        self.fields["sitting"].queryset = coming.order_by("day")  # type: ignore[attr-defined]

    def params(self) -> dict[str, Any]:
        sitting = self.cleaned_data["sitting"]
        return {"sitting": sitting.pk, "name": f"{sitting.name} du {sitting.day:%d/%m/%Y}"}


FORMS: dict[str, type[BulkForm]] = {
    Verb.ACCEPT: PlainForm, Verb.ADVANCE: PlainForm, Verb.ASK: AskForm, Verb.PROPOSE: PlainForm,
    Verb.CONFIRM: PlainForm, Verb.ENROL: EnrolForm, Verb.DECIDE: PlainForm,
}  # fmt: skip
# What each does, before it is chosen.
SAID: dict[str, str] = {
    Verb.ACCEPT: "Pour les dossiers complets dont aucun document n'est douteux : les documents reçus sont acceptés en "
    "votre nom et l'instruction commence.",
    Verb.ADVANCE: "Une demande dont toutes les conditions sont remplies devient recevable ; un dossier dont les pièces "
    "sont vérifiées passe en instruction.",
    Verb.ASK: "Une lettre par dossier, avec les pièces qui lui manquent. Le délai légal n'est suspendu que si l'une "
    "d'elles est indispensable (CRPA L114-5, L114-5-1).",
    Verb.PROPOSE: "Un avis favorable au montant du calcul, si toutes les conditions sont remplies. Un autre agent le "
    "confirme ensuite.",
    Verb.CONFIRM: "Les avis proposés par un autre agent que vous sont confirmés, favorables ou non.",
    Verb.ENROL: "Les dossiers prêts pour la commission sont mis à l'ordre du jour.",
    Verb.DECIDE: "Sans commission : la décision suit l'avis confirmé. Celui qui l'a proposé ne décide pas. Chaque "
    "personne est notifiée.",
}  # fmt: skip
ICONS: dict[str, str] = {
    Verb.ACCEPT: "file-check", Verb.ADVANCE: "chevron-right", Verb.ASK: "mail", Verb.PROPOSE: "euro",
    Verb.CONFIRM: "check", Verb.ENROL: "calendar", Verb.DECIDE: "list-checks",
}  # fmt: skip

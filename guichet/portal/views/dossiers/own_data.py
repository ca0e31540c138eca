"""« Mes données »: seen, corrected (RGPD art. 16), taken away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guichet.accounts.machines import PORTAL, machine
from guichet.citizens.actions import note_export
from guichet.core.identifiers import department_of
from guichet.core.refused import Refused
from guichet.core.text import key_of
from guichet.people.actions import add_contact_point, change, remove_contact_point
from guichet.people.models import ContactPoint, Person
from guichet.portal.citizen import CitizenRequest, citizen_required
from guichet.portal.export import export

TOO_LONG = {"max_length": "Ce texte est trop long (%(limit_value)d signes au plus)."}
PHONES = 5


def _text(label: str, length: int, *, autocomplete: str, required: str = "", help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, required=bool(required), help_text=help_text,
        error_messages={**TOO_LONG, "required": required},
        widget=forms.TextInput(attrs={"class": "saisie", "autocomplete": autocomplete}),
    )  # fmt: skip


class OwnDataForm(forms.Form):
    civility = forms.ChoiceField(
        label="Civilité", choices=Person.Civility.choices, required=False,
        widget=forms.Select(attrs={"class": "saisie", "autocomplete": "honorific-prefix"}),
    )  # fmt: skip
    first_name = _text("Prénom", 80, autocomplete="given-name", required="Écrivez votre prénom.")
    family_name = _text("Nom de famille", 80, autocomplete="family-name", required="Écrivez votre nom de famille.")
    used_name = _text("Nom d’usage", 80, autocomplete="off")
    prefers_used_name = forms.BooleanField(label="Écrivez-moi avec mon nom d’usage", required=False)
    address = forms.CharField(
        label="Adresse postale", max_length=400, required=False, error_messages=TOO_LONG,
        widget=forms.Textarea(attrs={"class": "saisie", "rows": "3", "autocomplete": "street-address"}),
    )  # fmt: skip
    postcode = _text("Code postal", 10, autocomplete="postal-code")
    town = _text("Commune", 80, autocomplete="address-level2")

    def __init__(self, *args: Any, proved: bool, **kwargs: Any) -> None:
        """`proved`: FranceConnect said the name; it is corrected at the civil registry, not here."""
        super().__init__(*args, **kwargs)
        if proved:
            for name in ("civility", "first_name", "family_name"):
                del self.fields[name]


@citizen_required
@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: CitizenRequest) -> HttpResponse:
    person = request.citizen.person
    proved = request.citizen.identities.exists()
    known = {name: getattr(person, name) for name in OwnDataForm.base_fields}
    form = OwnDataForm(request.POST if request.method == "POST" else None, initial=known, proved=proved)
    fault, status = "", 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            fields = dict(form.cleaned_data)
            if department := department_of(fields["postcode"]):
                fields["department"] = department
            try:
                change(person, by=machine(PORTAL), **fields)
            except Refused as refusal:
                fault, status = refusal.message, refusal.status
            else:
                messages.success(request, "Vos données sont enregistrées.")
                return redirect("portal:own_data")
    return _show(request, form, proved=proved, fault=fault, status=status)


def _show(
    request: CitizenRequest, form: OwnDataForm, *, proved: bool, fault: str = "", number: str = "", status: int = 200
) -> HttpResponse:
    person = request.citizen.person
    context = {
        "form": form, "proved": proved, "person": person, "email": request.citizen.email, "fault": fault,
        "phones": list(person.contact_points.filter(kind=ContactPoint.Kind.PHONE).order_by("pk")), "number": number,
        "emails": list(person.contact_points.filter(kind="email").exclude(value=request.citizen.email)),
        "has_errors": bool(fault or form.errors),
    }  # fmt: skip
    return render(request, "portal/dossiers/own_data.html", context, status=status)


@citizen_required
@require_POST
def contact_point(request: CitizenRequest) -> HttpResponse:
    """A telephone is added, or a way to be reached that is not his login is taken away."""
    person = request.citizen.person
    points = person.contact_points.exclude(kind="email", value=request.citizen.email)
    if wanted := request.POST.get("retirer", ""):
        found = points.filter(pk=key_of(wanted)).first()
        if found is None:
            raise Http404
        remove_contact_point(found, by=machine(PORTAL))
        messages.success(request, f"{found.shown} est retiré de vos coordonnées.")
        return redirect("portal:own_data")
    number = request.POST.get("telephone", "")[:40]
    try:
        if points.filter(kind="phone").count() >= PHONES:
            raise Refused("Vous avez déjà plusieurs numéros\u00a0: retirez-en un d’abord.")
        point = add_contact_point(person, "phone", number, by=machine(PORTAL), source=ContactPoint.Source.ACCOUNT.value)
    except Refused as refusal:
        proved = request.citizen.identities.exists()
        form = OwnDataForm(initial={n: getattr(person, n) for n in OwnDataForm.base_fields}, proved=proved)
        return _show(request, form, proved=proved, fault=refusal.message, number=number, status=refusal.status)
    messages.success(request, f"Le {point.shown} est ajouté à vos coordonnées.")
    return redirect("portal:own_data")


@citizen_required
@require_safe
def export_data(request: CitizenRequest) -> HttpResponseBase:
    note_export(request.citizen)
    response = StreamingHttpResponse(export(request.citizen), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="mes-donnees.json"'
    return response

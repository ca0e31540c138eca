"""What is read and said, field by field: the OpenAPI document is drawn from this."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from guichet.core.text import strip_controls


def _plain(text: str) -> str:
    if strip_controls(text) != text:
        raise ValueError("Ce texte contient des caractères de commande")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_plain)]
Name = Annotated[Line, Field(max_length=80)]
Typed = Annotated[str, StringConstraints(max_length=8000)]
Given = Typed | bool | int | float | list[Typed] | None
PhaseName = Literal["admissibility", "documents", "appraisal", "committee", "notification", "payment", "closed"]
OutcomeName = Literal["", "granted", "refused", "withdrawn", "lapsed", "implicit_rejection", "implicit_acceptance"]


class In(Schema):
    model_config = ConfigDict(extra="forbid")


class DossierFilters(In):
    procedure: Line = Field("", max_length=60, description="Code de la démarche.")
    phase: PhaseName | None = None
    since: AwareDatetime | None = Field(None, description="Changés depuis ce moment.")
    after: str = Field("", max_length=200, description="Curseur de la page précédente.")
    limit: int = Field(50, ge=1, le=200)


class EventFilters(In):
    after: str = Field("", max_length=60, description="Curseur de l'appel précédent ; « now » : à partir d'ici.")
    limit: int = Field(100, ge=1, le=500)


class SentFor(In):
    piece: Line = Field(min_length=1, max_length=60, description="Code de la pièce.")


class ProcedureLine(Schema):
    code: str
    title: str
    is_open: bool = Field(description="Le dépôt est ouvert aujourd'hui.")
    version: int
    audience: str


class ProcedureWhole(ProcedureLine):
    definition: dict[str, Any] = Field(description="La définition publiée : étapes, pages, pièces, règles.")
    answers_schema: dict[str, Any] = Field(description="Schéma JSON des réponses du formulaire.")


class PersonIn(In):
    kind: Literal["citizen", "company", "association", "authority"] = "citizen"
    civility: Literal["", "mme", "m"] = ""
    first_name: Name = ""
    family_name: Name = ""
    organisation_name: Annotated[Line, Field(max_length=160)] = ""
    email: Annotated[Line, Field(max_length=254)] = ""
    phone: Annotated[Line, Field(max_length=30)] = ""
    address: Annotated[Line, Field(max_length=400)] = ""
    postcode: Annotated[Line, Field(max_length=10)] = ""
    town: Name = ""
    siret: Annotated[Line, Field(max_length=20)] = ""
    rna: Annotated[Line, Field(max_length=12)] = ""


class DossierIn(In):
    procedure: Annotated[Line, Field(max_length=60)] = Field(description="Code de la démarche.")
    person: PersonIn = Field(description="Pour qui le dossier est déposé.")
    answers: dict[str, Given] = Field(description="Réponses par code de champ.", max_length=300)
    external_id: Annotated[Line, Field(max_length=120)] = Field(
        "", description="Votre identifiant : un seul dossier par démarche."
    )


class DossierLine(Schema):
    """Where a dossier stands; nothing of what the person wrote."""

    reference: str
    procedure: str
    phase: PhaseName
    step: int
    steps: int
    step_label: str
    outcome: OutcomeName
    external_id: str | None
    filed_at: datetime | None
    received_at: datetime | None
    moved_at: datetime
    decided_at: datetime | None
    closed_at: datetime | None
    link: str


class PersonOut(Schema):
    kind: str
    civility: str
    first_name: str
    family_name: str
    used_name: str
    organisation_name: str


class PieceOut(Schema):
    code: str
    label: str
    state: str
    required: bool
    reason: str
    due_on: date | None


class DossierWhole(DossierLine):
    version: int
    applicant: PersonOut
    beneficiary_name: str
    answers: dict[str, Any] = Field(description="Réponses par code de champ ; un IBAN n'y est jamais entier.")
    pieces: list[PieceOut]


class DocumentOut(Schema):
    id: int
    piece: str
    name: str
    media_type: str
    size: int
    sha256: str
    sent_at: datetime
    may_be_opened: bool = Field(description="Faux tant que l'antivirus n'a pas répondu.")
    link: str


class DecisionOut(Schema):
    outcome: OutcomeName
    amount_cents: int | None
    reasons: str
    decided_at: datetime
    notified_at: datetime | None
    first_read_at: datetime | None
    valid_until: date | None


class PaymentOut(Schema):
    rank: int
    kind: str
    label: str
    amount_cents: int
    state: str
    due_on: date | None
    paid_on: date | None
    iban_end: str = Field(description="Quatre derniers signes du compte.")


class EventOut(Schema):
    id: str
    at: datetime
    verb: str
    dossier: str
    procedure: str
    details: dict[str, Any]
    link: str


class Procedures(Schema):
    items: list[ProcedureLine]


class Dossiers(Schema):
    items: list[DossierLine]
    next: str | None = Field(description="Curseur de la page suivante ; nul à la dernière.")


class Documents(Schema):
    items: list[DocumentOut]


class Payments(Schema):
    items: list[PaymentOut]


class Events(Schema):
    items: list[EventOut]
    next: str = Field(description="Curseur à redonner dans « after », même quand rien n'est venu.")
    more: bool = Field(description="Vrai s'il y a peut-être une suite dès maintenant.")

"""A definition as an editor fills it in: sections of named fields, and rows that are added, moved and taken out.

What is shown is described once, here; what is typed becomes the body of a version again, checked by its model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guichet.procedures.definition import Kind, Phase

MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the editor. `shape`: line, text, number, date, yes, one, formula, choices (« code = libellé » a
    line), figures (« valeur ; depuis ; jusqu'au ; source » a line), lines."""

    name: str
    label: str
    shape: str = "line"
    options: tuple[tuple[str, str], ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    fields: tuple[Input, ...] = ()
    rows: tuple[Input, ...] = ()
    at: str = ""  # where the rows live in the body
    help: str = ""


PHASES = tuple((phase.value, label) for phase, label in zip(
    (p for p in Phase if p != Phase.CLOSED),
    ("Dépôt", "Recevabilité", "Pièces", "Instruction", "Commission", "Décision", "Versement"), strict=True,
))  # fmt: skip
KINDS = (
    (Kind.LINE, "Une ligne"), (Kind.TEXT, "Un texte"), (Kind.NUMBER, "Un nombre"), (Kind.AMOUNT, "Un montant"),
    (Kind.DATE, "Une date"), (Kind.YES_NO, "Oui ou non"), (Kind.ONE, "Un choix"), (Kind.SEVERAL, "Plusieurs choix"),
    (Kind.EMAIL, "Une adresse e-mail"), (Kind.PHONE, "Un téléphone"), (Kind.POSTCODE, "Un code postal"),
    (Kind.IBAN, "Un IBAN"), (Kind.SIRET, "Un SIRET"), (Kind.RNA, "Un numéro RNA"), (Kind.NOTE, "Un texte à lire"),
)  # fmt: skip
FORMULA = "Par exemple : age(date_naissance, depot) >= 18 et statut == 'apprenti'"
CODE = Input("code", "Code", help="En minuscules, sans accent ni espace.")
COMPUTED = (CODE, Input("label", "Libellé"), Input("formula", "Formule", "formula"), Input("unit", "Unité"))

SECTIONS: tuple[Section, ...] = (
    Section("general", "Présentation", (
        Input("summary", "Résumé pour les usagers", "text"), Input("duration", "Durée annoncée"),
        Input("audience", "Demandeur", "one", (("citizen", "Une personne"), ("organisation", "Une organisation"))),
        Input("one_per", "Un dossier par personne et", "one",
              (("year", "par an"), ("window", "par période"), ("ever", "une seule fois"), ("none", "sans limite"))),
        Input("capacity", "Nombre de dossiers au plus", "number"),
        Input("non_digital", "Sans Internet", "text"), Input("legal_basis", "Délibération ou règlement"),
    )),
    Section("decision", "Décision et droit", (
        Input("by_committee", "La décision se vote en commission", "yes"), Input("decided_by", "Qui décide"),
        Input("signatory", "Signataire : prénom, nom, qualité"),
        Input("silence", "Le silence vaut", "one",
              (("rejection", "rejet"), ("acceptance", "acceptation"), ("none", "rien"))),
        Input("silence_months", "Au bout de (mois)", "number"), Input("appeal", "Voies et délais de recours", "text"),
        Input("receipt_exempt", "Dispense d'accusé de réception", "yes"),
        Input("receipt_exempt_reason", "Motif de la dispense"),
        Input("grant_valid_months", "Aide à utiliser dans les (mois)", "number"),
        Input("retention_months", "Conservation (mois)", "number"), Input("retention_rule", "Règle de conservation"),
        Input("no_fetched_data", "Aucune donnée n'est demandée à une autre administration", "yes"),
    )),
    Section("etapes", "Étapes", rows=(
        CODE, Input("label", "Dite à l'usager"), Input("phase", "Phase", "one", PHASES),
        Input("waits", "Attend", help="piece:code ou payment:1, pour une étape à l'intérieur d'une phase."),
    ), at="steps"),
    Section("pages", "Pages du formulaire", rows=(
        CODE, Input("title", "Titre"), Input("help", "Aide", "text"), Input("when", "Seulement si", "formula"),
    ), at="pages", help="Les champs d'une page se règlent page par page."),
    Section("pieces", "Pièces justificatives", rows=(
        CODE, Input("label", "Document"), Input("help", "Aide", "text"), Input("when", "Seulement si", "formula"),
        Input("required", "Obligatoire", "yes"), Input("blocks_instruction", "Indispensable à l'instruction", "yes"),
        Input("blocks_instruction_reason", "Pourquoi (CRPA L114-5-1)"),
        Input("blocks_effect", "Nécessaire au versement", "yes"),
        Input("valid_months", "Valable (mois)", "number"), Input("reusable_as", "Réutilisable comme"),
        Input("later", "Envoyée après la décision", "yes"), Input("later_when", "Quand, en mots"),
        Input("due_from", "Délai compté depuis le champ"), Input("due_days", "Jours après", "number"),
    ), at="pieces"),
    Section("chiffres", "Chiffres des règles", rows=(
        CODE, Input("label", "Libellé"), Input("unit", "Unité"),
        Input("values", "Valeurs", "figures",
              help="Une par ligne : valeur ; depuis ; jusqu'au ; source. 9700 ; 2022-01-01 ; ; délibération"),
    ), at="parameters"),
    Section("calculs", "Champs calculés", rows=COMPUTED, at="computed"),
    Section("conditions", "Conditions", rows=(
        CODE, Input("label", "Condition"), Input("formula", "Formule", "formula"),
        Input("met", "Dit si elle est remplie"),
        Input("unmet", "Dit si elle ne l'est pas"), Input("source", "Source"),
        Input("quick", "Demandée dans « Puis-je en bénéficier ? »", "yes"),
    ), at="rules", help="Une condition éclaire ; elle ne refuse jamais un dépôt."),
    Section("montant", "Montant", (
        Input("amount.to_pay", "C'est un tarif que l'usager paie", "yes"),
        Input("amount.ceiling", "Plafond de l'aide (€)", "number",
              help="Un versement accordé au-dessus est signalé à qui valide l'ordre de paiement."),
        Input("amount.prorata_planned", "Durée prévue (champ), si le montant se réduit avec elle"),
    ), rows=COMPUTED, at="amount.lines", help="La dernière ligne est le montant, en euros."),
    Section("versements", "Versements", rows=(
        Input("label", "Versement"), Input("share", "Part", "number", help="1, 1, 1 pour des tiers."),
        Input("kind", "Nature", "one", (("advance", "Avance"), ("interim", "Acompte"), ("balance", "Solde"))),
        Input("after", "Après", help="decision, ou piece:code"), Input("days", "Jours après", "number"),
    ), at="instalments"),
    Section("periodes", "Périodes de dépôt", rows=(
        Input("opens", "Ouvre le", "date"), Input("closes", "Ferme le", "date"),
        Input("late_from", "Tardif à partir du", "date"),
        Input("late_fee", "Frais de dépôt tardif (€)", "number"), Input("label", "Dite"),
    ), at="windows"),
    Section("donnees", "Données demandées ailleurs", rows=(
        Input("label", "Donnée"), Input("source", "Administration, et comment"),
    ), at="fetched"),
)  # fmt: skip
FIELD_ROWS = (
    CODE, Input("label", "Question"), Input("kind", "Type", "one", tuple((kind.value, label) for kind, label in KINDS)),
    Input("help", "Aide", "text"), Input("required", "Obligatoire", "yes"), Input("when", "Seulement si", "formula"),
    Input("choices", "Choix", "choices", help="Un par ligne : code = libellé"), Input("unit", "Unité"),
    Input("minimum", "Minimum", "number"), Input("maximum", "Maximum", "number"),
    Input("longest", "Longueur", "number"),
    Input("prefill", "Repris du compte", help="profile.first_name, profile.address… ou last"),
    Input("check", "Doit vérifier", "formula"), Input("complaint", "Dit sinon"),
)  # fmt: skip


def section(key: str, body: Mapping[str, Any]) -> Section | None:
    """One of `SECTIONS`, or « page-code »: the fields of a page."""
    if key.startswith("page-"):
        page = next((page for page in body.get("pages", ()) if f"page-{page.get('code')}" == key), None)
        if page is None:
            return None
        return Section(key, f"Champs : {page.get('title', '')}", rows=FIELD_ROWS, at=key)
    return next((one for one in SECTIONS if one.key == key), None)


# -- from the body to what is typed ----------------------------------------------------------------------------------


def get(body: Mapping[str, Any], path: str) -> Any:
    found: Any = body
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def rows_of(body: Mapping[str, Any], where: Section) -> list[dict[str, Any]]:
    if where.at.startswith("page-"):
        pages: list[dict[str, Any]] = list(body.get("pages", ()))
        return next((list(page.get("fields", ())) for page in pages if f"page-{page.get('code')}" == where.at), [])
    return list(get(body, where.at) or ())


DEFAULTS = {"required": True, "blocks_effect": True, "quick": True}  # of the model, where an absent value means yes


def typed(one: Input, value: Any) -> Any:
    """As the editor shows it."""
    if one.shape == "yes":
        return DEFAULTS.get(one.name, False) if value is None else bool(value)
    if value is None:
        return ""
    if one.shape == "choices":
        return "\n".join(f"{choice['code']} = {choice['label']}" for choice in value)
    if one.shape == "figures":
        return "\n".join(
            " ; ".join(str(dated.get(name) or "") for name in ("value", "first_day", "last_day", "source")).rstrip(" ;")
            for dated in value
        )
    return str(value)


# -- and back --------------------------------------------------------------------------------------------------------


def changed(body: Mapping[str, Any], where: Section, posted: Mapping[str, str]) -> dict[str, Any]:
    """The body with what was typed in one section. Rows without anything typed are dropped."""
    new: dict[str, Any] = {**body}
    for one in where.fields:
        _put(new, one.name, _read(one, posted.get(one.name, "")))
    if where.rows:
        kept = _rows(where, posted, rows_of(body, where))
        if where.at.startswith("page-"):
            new["pages"] = [
                {**page, "fields": kept} if f"page-{page.get('code')}" == where.at else page
                for page in body.get("pages", ())
            ]
        elif where.at == "amount.lines":
            new["amount"] = {**(new.get("amount") or {}), "lines": kept} if kept else None
        else:
            new[where.at] = kept
    if new.get("amount") is not None and not new["amount"].get("lines"):
        new["amount"] = None
    return {name: value for name, value in new.items() if value not in (None, "")}


def _rows(where: Section, posted: Mapping[str, str], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[tuple[float, dict[str, Any]]] = []
    for number in range(MOST_ROWS):
        said = {one.name: posted.get(f"r{number}-{one.name}", "") for one in where.rows}
        if posted.get(f"r{number}-retirer") or not any(
            text.strip() for name, text in said.items() if not _is_preset(where, name)
        ):
            continue
        row = {one.name: value for one in where.rows if (value := _read(one, said[one.name])) is not None}
        # What a row holds that is not edited here (the fields of a page) stays with it.
        old = next((line for line in before if line.get("code") and line.get("code") == row.get("code")), {})
        hidden = {name: value for name, value in old.items() if name not in {one.name for one in where.rows}}
        place = posted.get(f"r{number}-ordre", "")
        found.append((float(place) if re.fullmatch(r"\d{1,3}([.,]\d)?", place) else number + 1, {**hidden, **row}))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _is_preset(where: Section, name: str) -> bool:
    """A list or a box has always a value: it does not make a row by itself."""
    return next(one.shape in {"one", "yes"} for one in where.rows if one.name == name)


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    first, _, rest = path.partition(".")
    if not rest:
        body[first] = value
        return
    inside = dict(body.get(first) or {})
    _put(inside, rest, value)
    body[first] = {name: kept for name, kept in inside.items() if kept is not None} or None


def _read(one: Input, text: str) -> Any:
    text = text.strip()
    if one.shape == "yes":
        return bool(text)
    if not text:
        return None
    if one.shape == "choices":
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        return [{"code": code.strip(), "label": (label or code).strip()} for code, _, label in pairs]
    if one.shape == "figures":
        return [_figure(line) for line in text.splitlines() if line.strip()]
    return text.replace(",", ".") if one.shape == "number" else text


def _figure(line: str) -> dict[str, Any]:
    value, first, last, source = (part.strip() for part in (line + ";;;").split(";")[:4])
    dated: dict[str, Any] = {"value": value.replace(",", ".").replace(" ", ""), "first_day": first}
    if last:
        dated["last_day"] = last
    if source:
        dated["source"] = source
    return dated

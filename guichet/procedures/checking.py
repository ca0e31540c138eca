"""What a procedure must say before it is published: a blank, or a formula that does not hold together, is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

from guichet.procedures.definition import Definition, Kind, Phase, Silence
from guichet.procedures.formulas import BadFormula, read

# Known to every formula: the day of filing, and of the computation.
ALWAYS = frozenset({"depot", "aujourdhui", "decision"})


def blanks(it: Definition) -> list[str]:
    """Sentences, each naming what is missing and why; empty when the procedure may be published."""
    return [*_said(it), *_steps(it), *_pages(it), *_pieces(it), *_formulas(it), *_money(it)]


def _said(it: Definition) -> Iterator[str]:
    wanted = (
        (it.summary, "Le résumé dit aux usagers à quoi sert la démarche : écrivez-le."),
        (it.appeal, "Les voies et délais de recours manquent (code de justice administrative, R421-5)."),
        (it.non_digital, "Dites comment déposer sans Internet : papier ou accueil (CE, 3 juin 2022, n° 452798)."),
        (it.retention_months, "La durée de conservation manque."),
        (it.decided_by, "Dites qui décide."),
        (it.signatory, "Le signataire manque : prénom, nom et qualité (CRPA L212-1)."),
        (it.legal_basis, "La délibération ou le règlement d'intervention manque."),
        (it.windows, "La période de dépôt manque : donnez au moins une date d'ouverture."),
        (it.silence, "Dites ce que vaut le silence : rejet, acceptation, ou rien."),
    )
    yield from (sentence for value, sentence in wanted if not value)
    if it.silence in {Silence.REJECTION, Silence.ACCEPTANCE} and not it.silence_months:
        yield "Dites après combien de mois le silence vaut décision."
    if it.receipt_exempt and not it.receipt_exempt_reason:
        yield "La dispense d'accusé de réception doit être motivée (CRPA L112-3, R112-4)."
    if not it.fetched and not it.no_fetched_data:
        yield "Dites quelles données la Région va chercher elle-même, ou qu'il n'y en a aucune (CRPA L114-8)."
    for window in it.windows:
        if window.closes and window.closes < window.opens:
            yield f"La période qui ouvre le {window.opens:%d/%m/%Y} ferme avant d'ouvrir."
        if (window.late_from is None) != (window.late_fee is None):
            yield "Un dépôt tardif veut une date et un montant."


def _steps(it: Definition) -> Iterator[str]:
    phases = [step.phase for step in it.steps]
    if not phases:
        yield "La démarche n'a pas d'étape."
        return
    order = [*Phase]
    if [order.index(phase) for phase in phases] != sorted(order.index(phase) for phase in phases):
        yield "Les étapes ne sont pas dans l'ordre où un dossier avance."
    if phases[0] != Phase.DRAFT:
        yield "La première étape est le dépôt de la demande."
    if Phase.NOTIFICATION not in phases:
        yield "Il manque l'étape de la décision."
    if it.by_committee and Phase.COMMITTEE not in phases:
        yield "La décision passe en commission : il manque cette étape."
    codes = [step.code for step in it.steps]
    if len(codes) != len(set(codes)):
        yield "Deux étapes ont le même code."
    for step in it.steps:
        kind, _, code = step.waits.partition(":")
        if kind == "piece" and it.piece(code) is None:
            yield f"L'étape « {step.label} » attend un document inconnu : {code}."


def _pages(it: Definition) -> Iterator[str]:
    if not it.pages:
        yield "Le formulaire n'a pas de page."
    seen: set[str] = set()
    for page in it.pages:
        if not page.fields:
            yield f"La page « {page.title} » est vide."
        for field in page.fields:
            if field.code in seen:
                yield f"Deux champs ont le même code : {field.code}."
            seen.add(field.code)
            if field.kind in {Kind.ONE, Kind.SEVERAL} and len(field.choices) < 2:
                yield f"Le champ « {field.label} » veut au moins deux choix."
            if field.check and not field.complaint:
                yield f"Le champ « {field.label} » est vérifié : dites ce qui s'affiche quand il ne convient pas."


def _pieces(it: Definition) -> Iterator[str]:
    for piece in it.pieces:
        if piece.blocks_instruction and not piece.blocks_instruction_reason:
            yield (f"« {piece.label} » bloque l'instruction : dites pourquoi elle est indispensable (CRPA L114-5-1).")
        if piece.due_from and piece.due_from not in it.fields:
            yield f"La date limite de « {piece.label} » part d'un champ inconnu : {piece.due_from}."


def _formulas(it: Definition) -> Iterator[str]:
    known = set(it.fields) | {p.code for p in it.parameters} | set(ALWAYS)
    for place, text in _conditions(it):
        yield from _fault(place, text, known | {c.code for c in it.computed})
    for computed in it.computed:
        yield from _fault(computed.label, computed.formula, known)
        known.add(computed.code)
    for rule in it.rules:
        yield from _fault(rule.label, rule.formula, known)
    for line in it.amount.lines if it.amount else ():
        yield from _fault(line.label, line.formula, known)
        known.add(line.code)


def _conditions(it: Definition) -> Iterator[tuple[str, str]]:
    for page in it.pages:
        if page.when:
            yield page.title, page.when
        for field in page.fields:
            yield from ((field.label, text) for text in (field.when, field.check) if text)
    yield from ((piece.label, piece.when) for piece in it.pieces if piece.when)


def _fault(place: str, text: str, known: set[str]) -> Iterator[str]:
    try:
        unknown = read(text).names - known
    except BadFormula as bad:
        yield f"« {place} » : {bad}"
        return
    for name in sorted(unknown):
        yield f"« {place} » : le mot « {name} » n'est ni un champ, ni un paramètre, ni un calcul fait avant."


def _money(it: Definition) -> Iterator[str]:
    today = date.today()  # noqa: DTZ011 (a day of the calendar)
    for parameter in it.parameters:
        if parameter.at(today) is None:
            yield f"« {parameter.label} » n'a pas de valeur aujourd'hui."
        days = sorted((d.first_day, d.last_day or date.max) for d in parameter.values)
        if any(after[0] <= before[1] for before, after in itertools.pairwise(days)):
            yield f"« {parameter.label} » a deux valeurs le même jour."
    if it.amount is not None and not it.amount.lines:
        yield "Le montant n'a pas de calcul."
    if it.amount is not None and not it.amount.to_pay and not it.instalments:
        yield "Dites en combien de fois le montant est versé."
    for instalment in it.instalments:
        kind, _, code = instalment.after.partition(":")
        if instalment.after != "decision" and (kind != "piece" or it.piece(code) is None):
            yield f"Le versement « {instalment.label} » attend un document inconnu."

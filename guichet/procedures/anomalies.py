"""What the second agent should look at before money leaves: said line by line, it blocks nothing by itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum

from guichet.core.text import fold
from guichet.procedures.models import Decision, Payment
from guichet.procedures.recap import euros

LIVE = frozenset(set(Payment.State.values) - {Payment.State.CANCELLED, Payment.State.REJECTED})

TITLES = frozenset({"m", "mme", "mlle", "monsieur", "madame", "ou", "et"})


def anomalies(payments: Sequence[Payment]) -> dict[int, list[str]]:
    """By payment: what is odd about it, nothing when all is as expected. A few questions for any number."""
    found: dict[int, list[str]] = {payment.pk: [] for payment in payments}
    people = _people_of({p.iban for p in payments if p.iban})
    granted = _granted([p.dossier_id for p in payments])
    planned = _planned([p.dossier_id for p in payments])
    for payment in payments:
        said = found[payment.pk]
        if (count := len(people[payment.iban])) > 1:
            said.append(f"Le même compte sert à {count} personnes.")
        said += _too_much(payment, granted.get(payment.dossier_id), planned.get(payment.dossier_id, 0))
        if payment.account_changed_at is not None:
            said.append("Le compte a changé depuis la décision.")
        if holder := _other_holder(payment):
            said.append(f"Le titulaire du compte n'est pas le demandeur : {holder}.")
    return found


def _people_of(accounts: set[str]) -> dict[str, set[int]]:
    """By account: whom it pays, in this order and in all the others."""
    found: dict[str, set[int]] = defaultdict(set)
    rows = Payment.objects.filter(iban__in=accounts, state__in=LIVE).exclude(iban="").order_by()
    for iban, person in rows.values_list("iban", "dossier__applicant_id").distinct():
        found[iban].add(person)
    return found


def _granted(dossiers: Sequence[int]) -> dict[int, Decision]:
    """The decision that stands: the latest one."""
    rows = Decision.objects.filter(dossier__in=dossiers, withdrawn_at__isnull=True, amount_cents__isnull=False)
    return {row.dossier_id: row for row in rows.select_related("version").order_by("decided_at")}


def _planned(dossiers: Sequence[int]) -> dict[int, int]:
    """All that the dossier pays, its balance in."""
    rows = Payment.objects.filter(dossier__in=dossiers, state__in=LIVE).exclude(kind=Payment.Kind.RECOVERY)
    return dict(rows.order_by().values("dossier").annotate(n=Sum("amount_cents")).values_list("dossier", "n"))


def _too_much(payment: Payment, decision: Decision | None, planned: int) -> list[str]:
    if decision is None or decision.amount_cents is None:
        return ["Aucune décision ne l'accorde."]
    said = []
    if planned > decision.amount_cents:
        said.append(f"Ses versements dépassent le montant accordé : {euros(decision.amount_cents)}.")
    amount = decision.version.definition.amount
    ceiling = amount.ceiling if amount else None
    if ceiling is not None and decision.amount_cents > ceiling * 100:
        said.append(f"Le montant accordé dépasse le plafond de l'aide : {euros(int(Decimal(ceiling) * 100))}.")
    computed = decision.computation.get("cents")
    if computed is not None and decision.amount_cents > computed:
        said.append(f"Le montant accordé dépasse celui du calcul : {euros(computed)}.")
    return said


def _other_holder(payment: Payment) -> str:
    """The holder, when the account bears another name than those of who is paid (a parent, a friend)."""
    it = payment.dossier.applicant
    names = f"{it.first_name} {it.family_name} {it.used_name} {it.organisation_name} {payment.dossier.beneficiary_name}"
    expected, holder = _words(names), _words(payment.payee) - TITLES
    return payment.payee if holder and expected and not holder <= expected else ""


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", fold(text)))

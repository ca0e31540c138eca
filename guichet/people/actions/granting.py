"""What a person allows: messages for a purpose, another person acting for him."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from guichet.core.refused import Refused
from guichet.journal.actions import record
from guichet.people.actions.welcoming import welcome
from guichet.people.identity import Claim
from guichet.people.models import Consent, Mandate, Person

if TYPE_CHECKING:
    from guichet.accounts.models import User


@transaction.atomic
def consent(person: Person, purpose: str, channel: str, *, by: User, wording: str, proof: str = "") -> Consent:
    """Write down what the person agreed to, in which words, and how we know (RGPD art. 7). Said twice is once."""
    if not purpose.strip() or not wording.strip():
        raise Refused("Dites à quoi la personne consent, et avec quel texte.", status=400)
    given, created = Consent.objects.get_or_create(
        person=person,
        purpose=purpose.strip(),
        channel=channel,
        withdrawn_at=None,
        defaults={"wording": wording.strip(), "proof": proof.strip()},
    )
    if created:
        record("person.consented", by=by, person_id=person.pk, subject=f"consent:{given.pk}", channel=channel)
    return given


@transaction.atomic
def withdraw_consent(given: Consent, *, by: User) -> None:
    """As easy to withdraw as to give (RGPD art. 7(3)). A second withdrawal changes nothing."""
    done = Consent.objects.filter(pk=given.pk, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    if done:
        record("person.consent_withdrawn", by=by, person_id=given.person_id, subject=f"consent:{given.pk}")


@transaction.atomic
def give_mandate(mandate: Mandate, *, by: User) -> Mandate:
    """One person acts for another, with a proof. Raises `Refused` for oneself, for dates in disorder, without proof."""
    if mandate.principal_id == mandate.holder_id:
        raise Refused("Une personne n'a pas besoin de mandat pour elle-même.", status=400)
    if mandate.last_day is not None and mandate.last_day < mandate.first_day:
        raise Refused("Le mandat ne peut pas finir avant de commencer.", status=400)
    if not mandate.proof.strip():
        raise Refused("Dites comment le mandat est prouvé : document vu, appel, lien de parenté.", status=400)
    mandate.save()
    for one in (mandate.principal_id, mandate.holder_id):
        record("person.mandated", by=by, person_id=one, subject=f"mandate:{mandate.pk}")
    return mandate


@transaction.atomic
def represent(
    person: Person, claim: Claim, *, scope: str, proof: str, until: date | None, by: User, source: str
) -> Mandate:
    """Who comes, calls or writes for `person`: found or welcomed, with his mandate; the same one that runs is kept."""
    holder = welcome(claim, by=by, source=source)
    running = Mandate.objects.filter(
        principal=person, holder=holder, scope=scope, ended_at__isnull=True, last_day=until
    )
    if known := running.first():
        return known
    today = timezone.localdate()
    mandate = Mandate(principal=person, holder=holder, scope=scope, first_day=today, last_day=until, proof=proof)
    return give_mandate(mandate, by=by)


@transaction.atomic
def end_mandate(mandate: Mandate, *, by: User) -> None:
    done = Mandate.objects.filter(pk=mandate.pk, ended_at__isnull=True).update(ended_at=timezone.now())
    if done:
        for one in (mandate.principal_id, mandate.holder_id):
            record("person.mandate_ended", by=by, person_id=one, subject=f"mandate:{mandate.pk}")

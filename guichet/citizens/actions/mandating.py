"""Who acts for whom, as citizens settle it themselves: an invitation that is accepted, a child, an organisation."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from guichet.citizens import letters
from guichet.citizens.actions.linking import digest
from guichet.citizens.actions.writing_down import author, note
from guichet.citizens.models import Account, MandateInvitation
from guichet.core import identifiers
from guichet.core.calendar import add_months
from guichet.core.limits import spend
from guichet.core.refused import Refused
from guichet.core.text import fold, one_line
from guichet.journal.actions import record
from guichet.outbox.actions import queue
from guichet.people.actions import add_contact_point, end_mandate, give_mandate, set_keys
from guichet.people.actions.deciding import propose_alike
from guichet.people.models import ContactPoint, Mandate, Person

VALID_DAYS = 15
ADVISER_DAYS = 30  # a mandate given to an adviser ends by itself
A_DAY, CHILDREN, ORGANISATIONS = 5, 12, 20
RELATIVE, ADVISER = "proche", "conseiller"
SCOPES = {RELATIVE: "Aide d'un proche", ADVISER: "Conseiller France Services"}
PARENT, OFFICER = "Parent", "Représentant : {}"
BY_PARENT, TO_CHECK = "déclaration du parent", "déclaré par l'usager, à vérifier"
GONE = "Cette invitation a expiré, ou il y a déjà été répondu. Demandez-en une autre."
ENOUGH = "Vous avez envoyé plusieurs invitations aujourd'hui. Attendez demain pour en envoyer une autre."
MAJORITY = 18 * 12


@transaction.atomic
def invite(account: Account, email: str, who: str, *, last_day: date | None = None) -> MandateInvitation:
    """Give somebody the means to act for oneself: nothing is given before it is accepted."""
    today = timezone.localdate()
    if who not in SCOPES:
        raise Refused("Dites qui vous invitez : un proche ou un conseiller.", status=400)
    if email == account.email:
        raise Refused("C'est votre adresse : écrivez celle de la personne qui vous aide.", status=400)
    if last_day is not None and last_day < today:
        raise Refused("La date de fin est passée.", status=400)
    if last_day is None and who == ADVISER:
        last_day = today + timedelta(days=ADVISER_DAYS)
    spend("citizen-invitation", str(account.pk), at_most=A_DAY, per=timedelta(days=1), message=ENOUGH)
    now = timezone.now()
    waiting = MandateInvitation.objects.filter(principal=account.person, email=email, answered_at__isnull=True)
    waiting.update(answered_at=now)  # the last one sent is the one that counts
    handle = secrets.token_urlsafe(32)
    found = MandateInvitation.objects.create(
        principal=account.person, email=email, scope=SCOPES[who], last_day=last_day, digest=digest(handle),
        expires_at=now + timedelta(days=VALID_DAYS),
    )  # fmt: skip
    queue(letters.invitation(email, account.name, handle, days=VALID_DAYS))
    note("citizen.invited", account, invitation=found.pk)
    return found


def find_invitation(handle: str, account: Account) -> MandateInvitation | None:
    """For who signed in with the address it was sent to; nobody else learns who invited."""
    found = MandateInvitation.objects.select_related("principal__merged_into").filter(digest=digest(handle)).first()
    if found is None or found.answered_at or found.expires_at <= timezone.now() or found.email != account.email:
        return None
    return found


@transaction.atomic
def answer_invitation(account: Account, handle: str, *, accepted: bool) -> Mandate | None:
    found = find_invitation(handle, account)
    if found is None or not MandateInvitation.objects.filter(pk=found.pk, answered_at__isnull=True).update(
        answered_at=timezone.now()
    ):
        raise Refused(GONE, status=400)
    principal = found.principal.merged_into or found.principal
    if not accepted:
        note("citizen.invitation_refused", account, invitation=found.pk)
        return None
    if found.last_day is not None and found.last_day < timezone.localdate():
        raise Refused(GONE, status=400)
    return give_mandate(
        Mandate(principal=principal, holder=account.person, scope=found.scope, first_day=timezone.localdate(),
                last_day=found.last_day, proof="accord donné en ligne par l'usager, invitation acceptée"),
        by=author(),
    )  # fmt: skip


@transaction.atomic
def take_back(account: Account, pk: int) -> None:
    done = MandateInvitation.objects.filter(pk=pk, principal=account.person, answered_at__isnull=True)
    if done.update(answered_at=timezone.now()):
        note("citizen.invitation_taken_back", account, invitation=pk)


@transaction.atomic
def end_own_mandate(account: Account, pk: int) -> Mandate:
    """By who gave it or who holds it: from this moment nothing is seen any more."""
    mine = Mandate.objects.filter(Q(principal=account.person) | Q(holder=account.person), pk=pk)
    found = mine.select_related("principal", "holder").first()
    if found is None:
        raise Refused("Ce mandat n'existe pas, ou n'est pas le vôtre.", status=404)
    end_mandate(found, by=author())
    return found


@transaction.atomic
def declare_child(account: Account, *, first_name: str, family_name: str, born_on: date) -> Mandate:
    """A parent acts for a child until his majority, on his word. Always a record of its own: a name proves nothing."""
    today = timezone.localdate()
    parent = Person.objects.select_for_update().get(pk=account.person_id)
    first, family = one_line(first_name)[:80], one_line(family_name)[:80]
    majority = add_months(born_on, MAJORITY)
    if not first or not family:
        raise Refused("Écrivez le prénom et le nom de l'enfant.", status=400)
    if born_on > today:
        raise Refused("La date de naissance n'est pas encore passée.", status=400)
    if majority <= today:
        raise Refused("Cette personne est majeure : elle peut ouvrir son compte et vous inviter.", status=400)
    held = _held(parent, PARENT)
    if any(fold(mandate.principal.full_name) == fold(f"{first} {family}") for mandate in held):
        raise Refused("Cet enfant est déjà dans votre liste.")
    if len(held) >= CHILDREN:
        raise Refused("Vous avez déclaré beaucoup d'enfants : écrivez-nous pour en ajouter un.")
    child = Person(
        first_name=first, family_name=family, address=parent.address, postcode=parent.postcode, town=parent.town,
        department=parent.department, source="account",
    )  # fmt: skip
    return _declared(account, child, Mandate(
        holder=parent, scope=PARENT, first_day=today, last_day=majority - timedelta(days=1), proof=BY_PARENT,
    ))  # fmt: skip


@transaction.atomic
def declare_organisation(account: Account, *, name: str, number: str, function: str) -> Mandate:
    """An officer acts for an organisation, to be checked. A new record each time: a number that anybody can read gives
    no access to what others filed; an agent joins the records once the function is proved."""
    today = timezone.localdate()
    holder = Person.objects.select_for_update().get(pk=account.person_id)
    siret, rna = identifiers.siret(number), identifiers.rna(number)
    title, role = one_line(name)[:160], one_line(function)[:80]
    if not title or not role:
        raise Refused("Écrivez le nom de l'organisme et votre fonction.", status=400)
    if siret is None and rna is None:
        raise Refused("Ce numéro n'est pas juste : un SIRET a 14 chiffres, un RNA commence par W.", status=400)
    held = _held(holder, OFFICER.format(""))
    if any((siret and m.principal.siret == siret) or (rna and m.principal.rna == rna) for m in held):
        raise Refused("Cet organisme est déjà dans votre liste.")
    if len(held) >= ORGANISATIONS:
        raise Refused("Vous avez déclaré beaucoup d'organismes : écrivez-nous pour en ajouter un.")
    organisation = Person(
        kind=Person.Kind.ASSOCIATION if rna else Person.Kind.COMPANY, organisation_name=title, siret=siret or "",
        siren=(siret or "")[:9], rna=rna or "", first_name=holder.first_name, family_name=holder.family_name,
        source="account",
    )  # fmt: skip
    return _declared(
        account, organisation,
        Mandate(holder=holder, scope=OFFICER.format(role), first_day=today, proof=TO_CHECK),
    )  # fmt: skip


def _held(holder: Person, scope: str) -> list[Mandate]:
    running = Mandate.objects.filter(holder=holder, scope__startswith=scope, ended_at__isnull=True)
    return list(running.select_related("principal"))


def _declared(account: Account, person: Person, mandate: Mandate) -> Mandate:
    """The record, the address where it is answered (shared: it proves nobody), the mandate."""
    set_keys(person)
    person.save()
    record("person.created", by=author(), person_id=person.pk, on_behalf_of=account.person_id, source="account")
    add_contact_point(person, "email", account.email, by=author(), source=ContactPoint.Source.ACCOUNT.value)
    propose_alike(person)
    mandate.principal = person
    return give_mandate(mandate, by=author())

"""What an act of the appraisal would do to a dossier, told before it is done. Reads only; a few questions for many."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils import timezone

from guichet.cases.bulk import reached
from guichet.cases.models import Clock
from guichet.cases.sending import postal_lines, refuses_electronic
from guichet.core.calendar import paris_day, say_day
from guichet.procedures.computing import computation, eligibility
from guichet.procedures.formulas import BadFormula, Unknown
from guichet.procedures.models import (
    Dossier,
    DossierBatch,
    Opinion,
    Outcome,
    Piece,
    PieceFile,
    PieceRequest,
    ProcedureVersion,
    Seat,
    Sitting,
)
from guichet.procedures.models.dossier import Phase
from guichet.procedures.stepping import current_step, holding_back

if TYPE_CHECKING:
    from guichet.accounts.models import User

HIDDEN = "Vous ne pouvez plus voir ce dossier."
OVER = "Ce dossier est terminé."
OWN_OPINION = "Vous avez proposé cet avis : un autre agent s'en charge."
Verb = DossierBatch.Verb


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one dossier; `why` it is left out, or empty."""

    why: str = ""
    phase: Phase | None = None  # after; None: where it is
    amount_cents: int | None = None
    effect: str = ""  # what is sent, what becomes of the legal delay


@dataclass(frozen=True, slots=True)
class Known:
    """A dossier with all that the acts ask of it."""

    dossier: Dossier
    opinion: Opinion | None  # the one that stands
    is_seated: bool
    is_asked: bool  # for missing pieces, and still waits
    has_mail: bool

    @property
    def pieces(self) -> list[Piece]:
        return list(self.dossier.pieces.all())

    @property
    def clock(self) -> Clock | None:
        clocks = self.dossier.case.clocks.all() if self.dossier.case else []
        return next((c for c in clocks if c.kind == Clock.Kind.SILENCE and c.is_running), None)

    @property
    def is_mailed(self) -> bool:
        case = self.dossier.case
        return case is not None and self.has_mail and not refuses_electronic(case)

    @property
    def is_reached(self) -> bool:
        return self.is_mailed or bool(postal_lines(self.dossier.applicant))


def known(numbers: Collection[int], by: User) -> dict[int, Known]:
    """Those this agent may see, by their number."""
    files = PieceFile.objects.filter(replaced_at__isnull=True).select_related("file")
    seats = Seat.objects.filter(sitting__state__in=[Sitting.State.OPEN, Sitting.State.FROZEN])
    rows = (
        Dossier.objects.visible_to(by).filter(pk__in=numbers)
        .select_related("procedure", "applicant", "case__person")
        .prefetch_related(
            Prefetch("pieces", Piece.objects.prefetch_related(Prefetch("files", files))),
            Prefetch("opinions", Opinion.objects.filter(dropped_at__isnull=True).select_related("by"), "standing"),
            Prefetch("seats", seats, "seated"),
            Prefetch("piece_requests", PieceRequest.objects.filter(ended_at__isnull=True), "asked"),
            "case__clocks__suspensions",
        )
    )  # fmt: skip
    found: list[Any] = list(rows)
    # Read once for all: a definition is long.
    versions = ProcedureVersion.objects.in_bulk({row.version_id for row in found})
    mailed = reached([row.case for row in found if row.case])
    for row in found:
        row.version = versions[row.version_id]
    return {
        row.pk: Known(row, next(iter(row.standing), None), bool(row.seated), bool(row.asked), row.case_id in mailed)
        for row in found
    }


def step_said(dossier: Dossier, phase: Phase | None = None) -> str:
    """« 4/7, instruction de votre dossier »: where it stands, or would in this phase."""
    if phase is None or phase == dossier.phase:
        return f"{dossier.step}/{dossier.steps}, {dossier.step_label.lower()}"
    moved = copy.copy(dossier)
    moved.phase = phase
    steps = dossier.definition.steps
    number = current_step(moved)
    label = steps[number - 1].label.lower() if steps else phase.label.lower()
    return f"{number}/{len(steps) or 1}, {label}" + (" (terminé)" if phase == Phase.CLOSED else "")


def foresee(verb: str, it: Known, params: dict[str, Any], by: User) -> Foreseen:
    """Asks what the action will ask, and what nobody should do without looking: a doubt is left to be seen alone."""
    if it.dossier.is_over:
        return Foreseen(OVER)
    return FORESEEN[verb](it, params, by)


# -- each act ---------------------------------------------------------------------------------------------------------


def _accept(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    if it.dossier.phase == Phase.ADMISSIBILITY:
        return Foreseen("La recevabilité n'est pas encore examinée.")
    if it.dossier.phase != Phase.DOCUMENTS:
        return Foreseen("Ses pièces sont déjà examinées.")
    received = [piece for piece in it.pieces if piece.state == Piece.State.RECEIVED]
    if lacking := _lacking(it.pieces):
        return Foreseen(f"« {lacking.label} » : {lacking.get_state_display().lower()}.")
    for piece in received:
        if doubt := _doubt(piece):
            return Foreseen(f"« {piece.label} » {doubt}")
    count = len(received)
    said = f"{count} document{'s' if count > 1 else ''} accepté{'s' if count > 1 else ''}. {_goes_on(it)}"
    return Foreseen(phase=Phase.APPRAISAL, effect=said if count else _goes_on(it), amount_cents=_amount(it)[0])


def _lacking(pieces: Iterable[Piece]) -> Piece | None:
    return next((p for p in pieces if p.is_wanted), None)


def _doubt(piece: Piece) -> str:
    sent = next(iter(piece.files.all()), None)
    if sent is None:
        return "n'a pas de fichier."
    if not sent.file.may_be_opened:
        return "n'a pas passé l'analyse antivirus."
    if sent.warning:
        return f"est à regarder : {sent.warning}"
    until = piece.last_day
    return f"n'est plus valable depuis le {say_day(until)}." if until and until < timezone.localdate() else ""


def _advance(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    dossier = it.dossier
    if dossier.phase == Phase.ADMISSIBILITY:
        if unmet := _unmet(dossier):
            return Foreseen(unmet)
        waits = any(piece.required and piece.is_awaited for piece in it.pieces)
        return Foreseen(phase=Phase.DOCUMENTS if waits else Phase.APPRAISAL, effect=_goes_on(it))
    if dossier.phase == Phase.DOCUMENTS:
        unread = sum(piece.state == Piece.State.RECEIVED for piece in it.pieces)
        if unread:
            return Foreseen(f"{unread} document{'s' if unread > 1 else ''} à vérifier d'abord.")
        if blocking := _blocking(it):
            return Foreseen(f"Sans « {blocking.label} », il ne peut pas être instruit.")
        return Foreseen(phase=Phase.APPRAISAL, amount_cents=_amount(it)[0], effect=_goes_on(it))
    if dossier.phase == Phase.APPRAISAL:
        return Foreseen("L'instruction se termine par un avis proposé, puis confirmé.")
    if dossier.phase == Phase.COMMITTEE:
        return Foreseen("La suite se vote en commission.")
    return Foreseen("La suite vient avec les versements.")


def _unmet(dossier: Dossier) -> str:
    verdict = next((v for v in eligibility(dossier.definition, dossier.known()) if v.met != "yes"), None)
    if verdict is None:
        return ""
    state = "n'est pas remplie" if verdict.met == "no" else "est à vérifier"
    return f"La condition « {verdict.rule.label} » {state}."


def _blocking(it: Known) -> Piece | None:
    return next(iter(holding_back(it.dossier)), None)


def _amount(it: Known) -> tuple[int | None, str]:
    """(cents by the rules, why there is none)."""
    try:
        found = computation(it.dossier.definition, it.dossier.known())
    except Unknown as fault:
        return None, f"Il manque une réponse : {it.dossier.definition.lacking(fault) or fault.name}."
    except BadFormula as fault:
        return None, str(fault)
    return (found.cents, "") if found else (None, "Cette démarche n'a pas de montant à calculer.")


def _ask(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    dossier = it.dossier
    if dossier.phase not in {Phase.ADMISSIBILITY, Phase.DOCUMENTS, Phase.APPRAISAL}:
        return Foreseen("Les pièces se demandent avant la décision.")
    if it.is_asked:
        return Foreseen("Des pièces y sont déjà demandées.")
    wanted = [piece for piece in it.pieces if piece.is_wanted]
    if not wanted:
        return Foreseen("Aucun document ne manque.")
    if not it.is_reached:
        return Foreseen("Cette personne n'a ni adresse e-mail ni adresse postale utilisables.")
    specs = [dossier.definition.piece(piece.code) for piece in wanted]
    suspends = any(spec and spec.blocks_instruction for spec in specs)
    until = date.fromisoformat(params["until"])
    clock = f"Délai légal suspendu jusqu'au {say_day(until)} au plus." if suspends and it.clock else _goes_on(it)
    back = dossier.phase == Phase.ADMISSIBILITY or (dossier.phase == Phase.APPRAISAL and suspends)
    listed = ", ".join(piece.label for piece in wanted)
    return Foreseen(phase=Phase.DOCUMENTS if back else None, effect=f"{_sent(it)} : {listed}. {clock}"[:600])


def _propose(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    if it.dossier.phase != Phase.APPRAISAL:
        return Foreseen("On propose un avis pendant l'instruction.")
    if it.opinion is not None:
        return Foreseen("Un avis y est déjà proposé.")
    if blocking := _blocking(it):
        return Foreseen(f"Il manque « {blocking.label} ».")
    if unmet := _unmet(it.dossier):
        return Foreseen(unmet)
    cents, lack = _amount(it)
    if not cents:
        return Foreseen(lack or "Le calcul donne zéro : proposez l'avis depuis le dossier.")
    return Foreseen(amount_cents=cents, effect=f"Avis favorable, à confirmer par un autre agent. {_goes_on(it)}")


def _confirm(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    opinion = it.opinion
    if opinion is None or it.dossier.phase != Phase.APPRAISAL:
        return Foreseen("Aucun avis n'y attend d'être confirmé.")
    if opinion.checked_at is not None:
        return Foreseen("Son avis est déjà confirmé.")
    if opinion.by_id == by.pk:
        return Foreseen(OWN_OPINION)
    said = f"Avis {opinion.get_way_display().lower()} de {opinion.by.full_name}. {_goes_on(it)}"
    return Foreseen(
        phase=Phase.COMMITTEE if it.dossier.definition.is_voted else None,
        amount_cents=opinion.amount_cents,
        effect=said,
    )


def _enrol(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    if it.dossier.phase != Phase.COMMITTEE:
        return Foreseen("Il n'est pas prêt pour la commission.")
    if it.is_seated:
        return Foreseen("Il est déjà inscrit à une séance.")
    amount = it.opinion.amount_cents if it.opinion else None
    return Foreseen(amount_cents=amount, effect=f"La personne apprend la date, jamais l'avis. {_goes_on(it)}")


def _decide(it: Known, params: dict[str, Any], by: User) -> Foreseen:
    definition, opinion = it.dossier.definition, it.opinion
    if definition.by_committee:
        return Foreseen("Cette décision se vote en commission.")
    if it.dossier.phase != Phase.APPRAISAL or opinion is None:
        return Foreseen("Aucun avis n'y est proposé.")
    if not opinion.is_confirmed:
        return Foreseen("Son avis doit d'abord être confirmé par un autre agent.")
    if opinion.by_id == by.pk:
        return Foreseen(OWN_OPINION)
    if not it.is_reached:
        return Foreseen("Cette personne n'a ni adresse e-mail ni adresse postale utilisables.")
    outcome = outcome_of(opinion)
    after = Phase.CLOSED
    if outcome == Outcome.GRANTED and definition.instalments:
        after = Phase.PAYMENT if opinion.amount_cents else Phase.NOTIFICATION
    ends = " Le délai légal s'arrête." if it.clock else ""
    return Foreseen(phase=after, amount_cents=opinion.amount_cents, effect=f"{outcome.label}. {_sent(it)}.{ends}")


def outcome_of(opinion: Opinion) -> Outcome:
    return Outcome.GRANTED if opinion.way == Opinion.Way.FAVOURABLE else Outcome.REFUSED


def _sent(it: Known) -> str:
    return "Par e-mail" if it.is_mailed else "Par courrier, à imprimer et poster"


def _goes_on(it: Known) -> str:
    clock = it.clock
    if clock is None:
        return ""
    if clock.is_suspended:
        return "Le délai légal reste suspendu."
    due = say_day(paris_day(clock.due_at))
    return f"Le délai légal court toujours : {clock.get_effect_display().lower()} le {due}."


FORESEEN: dict[str, Callable[[Known, dict[str, Any], User], Foreseen]] = {
    Verb.ACCEPT: _accept, Verb.ADVANCE: _advance, Verb.ASK: _ask, Verb.PROPOSE: _propose, Verb.CONFIRM: _confirm,
    Verb.ENROL: _enrol, Verb.DECIDE: _decide,
}  # fmt: skip

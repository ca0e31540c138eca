"""A procedure as data: steps, pages, documents, rules, amounts, delays. What an editor writes, what a version freezes.

The shape is checked here (pydantic); what a procedure must say before it may be published is in `blanks`.
Amounts are euros in texts and formulas, cents in the database.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from guichet.procedures.formulas import BadFormula, Unknown

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Expression = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Phase(StrEnum):
    """Where a dossier stands for us; steps are how it is told. Domain §5.5."""

    DRAFT = "draft"
    ADMISSIBILITY = "admissibility"
    DOCUMENTS = "documents"
    APPRAISAL = "appraisal"
    COMMITTEE = "committee"
    NOTIFICATION = "notification"
    PAYMENT = "payment"
    CLOSED = "closed"


class Kind(StrEnum):
    """What a field holds."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    DATE = "date"
    YES_NO = "yes_no"
    ONE = "one"
    SEVERAL = "several"
    EMAIL = "email"
    PHONE = "phone"
    POSTCODE = "postcode"
    IBAN = "iban"
    SIRET = "siret"
    RNA = "rna"
    NOTE = "note"  # a text to read, nothing to fill in


class Silence(StrEnum):
    REJECTION = "rejection"
    ACCEPTANCE = "acceptance"
    NONE = "none"


class Step(Part):
    code: Code
    label: Line
    phase: Phase
    # What passes it, inside its phase: "piece:attestation", "payment:1"; empty: the phase itself.
    waits: Line = ""


class Choice(Part):
    code: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,59}$")]
    label: Line


class Asked(Part):
    """A field of a page."""

    code: Code
    label: Line
    kind: Kind = Kind.LINE
    help: Text = ""
    required: bool = True
    when: Expression = ""  # asked only if it holds
    choices: tuple[Choice, ...] = ()
    unit: Line = ""  # "€ par an", "semaines": said beside the field
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    longest: int = Field(default=200, ge=1, le=8000)
    prefill: Line = ""  # "profile.first_name": what the account knows already
    check: Expression = ""  # must hold, else `complaint` is shown
    complaint: Line = ""


class Page(Part):
    code: Code
    title: Line
    help: Text = ""
    when: Expression = ""
    fields: tuple[Asked, ...] = ()


class PieceSpec(Part):
    """A supporting document. A missing one may hold the appraisal only if it cannot be done without (CRPA L114-5-1)."""

    code: Code
    label: Line
    help: Text = ""
    when: Expression = ""
    required: bool = True
    blocks_instruction: bool = False
    blocks_instruction_reason: Text = ""
    blocks_effect: bool = True
    valid_months: int | None = Field(default=None, ge=1, le=240)
    families: tuple[str, ...] = ("pdf", "image")
    later: bool = False  # sent after the decision (attestation of the end of a stay)
    later_when: Line = ""  # "dans les quinze jours qui suivent votre stage"
    due_from: Code | None = None  # the date field from which the delay is counted
    due_days: int = Field(default=0, ge=-366, le=732)
    reusable_as: Code | None = None  # kind of document kept in the account: "rib", "identite"


class Dated(Part):
    value: Decimal
    first_day: date
    last_day: date | None = None
    source: Line = ""


class Parameter(Part):
    """A figure of the rules, with its unit and its dates: never a bare number in a formula."""

    code: Code
    label: Line
    unit: Line
    values: tuple[Dated, ...] = ()

    def at(self, day: date) -> Decimal | None:
        for dated in self.values:
            if dated.first_day <= day and (dated.last_day is None or day <= dated.last_day):
                return dated.value
        return None


class Computed(Part):
    code: Code
    label: Line
    formula: Expression
    unit: Line = ""
    shown: bool = True


class Rule(Part):
    """A condition of the scheme, with what is said when it holds and when it does not. It never refuses a filing."""

    code: Code
    label: Line
    formula: Expression
    met: Line
    unmet: Line
    source: Line = ""
    quick: bool = True  # asked in « Puis-je en bénéficier ? »


class Instalment(Part):
    label: Line
    share: int = Field(ge=1, le=100)  # parts of the sum of all shares: thirds are 1, 1, 1
    kind: str = Field(default="interim", pattern="^(advance|interim|balance)$")
    after: Line = "decision"  # or "piece:attestation_fin"
    days: int = Field(default=15, ge=0, le=366)


class Amount(Part):
    """How the amount is computed: lines shown one by one; the last one is the amount, in euros."""

    lines: tuple[Computed, ...]
    to_pay: bool = False  # a tariff that the family pays, not a grant
    ceiling: Decimal | None = Field(default=None, ge=0)  # euros: no grant of the scheme is above
    ceiling_source: Line = ""
    # Shortened stay: the amount is recomputed as proportional to this ratio of two fields.
    prorata_done: Code | None = None
    prorata_planned: Code | None = None


class Window(Part):
    opens: date
    closes: date | None = None
    late_from: date | None = None  # filed from this day on, the fee below is due
    late_fee: Decimal | None = None
    label: Line = ""

    def is_open(self, day: date) -> bool:
        return self.opens <= day and (self.closes is None or day <= self.closes)


class Fetched(Part):
    """What we get from another administration instead of asking (CRPA L114-8); told to the person."""

    label: Line
    source: Line


class Definition(Part):
    audience: str = Field(default="citizen", pattern="^(citizen|organisation)$")
    summary: Text = ""
    duration: Line = ""  # « 15 minutes »
    steps: tuple[Step, ...] = ()
    pages: tuple[Page, ...] = ()
    pieces: tuple[PieceSpec, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    computed: tuple[Computed, ...] = ()
    rules: tuple[Rule, ...] = ()
    amount: Amount | None = None
    instalments: tuple[Instalment, ...] = ()
    windows: tuple[Window, ...] = ()
    capacity: int | None = Field(default=None, ge=1)
    one_per: str = Field(default="year", pattern="^(year|ever|window|none)$")
    by_committee: bool = True
    decided_by: Line = ""  # « la commission permanente », « le président du Conseil régional, par délégation »
    signatory: Line = ""  # first name, name, capacity (CRPA L212-1)
    silence: Silence | None = None
    silence_months: int | None = Field(default=None, ge=1, le=24)
    receipt_exempt: bool = False
    receipt_exempt_reason: Line = ""
    appeal: Text = ""
    fetched: tuple[Fetched, ...] = ()
    no_fetched_data: bool = False  # said, not forgotten
    retention_months: int | None = Field(default=None, ge=1)
    retention_rule: Line = ""
    non_digital: Text = ""
    grant_valid_months: int | None = Field(default=None, ge=1, le=60)  # permis: pass within 18 months
    legal_basis: Line = ""

    # -- what is found by name -----------------------------------------------------------------------------------

    @property
    def fields(self) -> dict[str, Asked]:
        return {field.code: field for page in self.pages for field in page.fields if field.kind != Kind.NOTE}

    def piece(self, code: str) -> PieceSpec | None:
        return next((piece for piece in self.pieces if piece.code == code), None)

    def step_of(self, phase: str) -> int:
        """The rank (from 1) of the first step of a phase; what has none is told by the step before it."""
        order = [*Phase]
        rank = 0
        for number, step in enumerate(self.steps, start=1):
            if order.index(step.phase) <= order.index(Phase(phase)) and (
                rank == 0 or self.steps[rank - 1].phase != step.phase
            ):
                rank = number
        return rank or 1

    @property
    def is_voted(self) -> bool:
        """A sitting decides, and a step says so."""
        return self.by_committee and any(step.phase == Phase.COMMITTEE for step in self.steps)

    def lacking(self, fault: Unknown | BadFormula) -> str:
        """The question whose answer a computation lacks; empty when something else is wrong."""
        field = self.fields.get(fault.name) if isinstance(fault, Unknown) else None
        return field.label if field else ""

    def window(self, day: date) -> Window | None:
        return next((window for window in self.windows if window.is_open(day)), None)


def load(raw: dict[str, Any]) -> Definition:
    """The definition of a version. Raises `pydantic.ValidationError` on a shape that is not one."""
    return Definition.model_validate(raw)

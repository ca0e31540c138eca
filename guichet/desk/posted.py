"""Days and amounts as they come from the small forms of the desk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from guichet.core.refused import Refused
from guichet.core.text import number_of
from guichet.desk.guard import AgentRequest


def day_of(request: AgentRequest, name: str) -> date:
    """Raises `Refused` (400) when it is none."""
    try:
        return date.fromisoformat(request.POST.get(name, ""))
    except ValueError:
        raise Refused("Donnez une date.", status=400) from None


def count_of(request: AgentRequest, name: str) -> int:
    """A number that the page announced; -1, which no count is, for whatever is not one."""
    return number_of(request.POST.get(name, ""))


def cents_of(request: AgentRequest, name: str) -> int | None:
    """An amount in euros as people write it, in cents; None when nothing was written. Raises `Refused` (400)."""
    text = request.POST.get(name, "").replace(" ", "").replace("\u202f", "").replace("\u00a0", "").replace("€", "")
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise Refused("Écrivez un montant, par exemple 400 ou 400,50.", status=400) from None
    if not value.is_finite() or value < 0 or value > Decimal(10) ** 9 or value != value.quantize(Decimal("0.01")):
        raise Refused("Ce montant n'est pas possible.", status=400)
    return int(value * 100)

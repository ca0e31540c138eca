"""Numbers that identify organisations and places in France."""

from __future__ import annotations

import re

from stdnum.fr import siren as _siren
from stdnum.fr import siret as _siret

DEPARTMENTS = {
    "16": "Charente", "17": "Charente-Maritime", "19": "Corrèze", "23": "Creuse", "24": "Dordogne", "33": "Gironde",
    "40": "Landes", "47": "Lot-et-Garonne", "64": "Pyrénées-Atlantiques", "79": "Deux-Sèvres", "86": "Vienne",
    "87": "Haute-Vienne",
}  # fmt: skip
NOUVELLE_AQUITAINE = tuple(DEPARTMENTS)
_RNA = re.compile(r"^W[0-9][0-9AB][0-9]{7}$")
_EMAIL = re.compile(r"^[^@\s<>()\[\],;:\"\\]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}$")
_TYPOS = {
    "gmial.com": "gmail.com", "gmai.com": "gmail.com", "gmail.fr": "gmail.com", "gmail.con": "gmail.com",
    "hotmal.fr": "hotmail.fr", "hotmail.f": "hotmail.fr", "hotmial.com": "hotmail.com", "wanadoo.ft": "wanadoo.fr",
    "orange.f": "orange.fr", "orange.ft": "orange.fr", "yaho.fr": "yahoo.fr", "outlok.fr": "outlook.fr",
    "laposte.ne": "laposte.net", "fre.fr": "free.fr",
}  # fmt: skip


def siren(text: str) -> str | None:
    return _siren.compact(text) if _siren.is_valid(text) else None


def siret(text: str) -> str | None:
    return _siret.compact(text) if _siret.is_valid(text) else None


def rna(text: str) -> str | None:
    bare = re.sub(r"\s", "", text).upper()
    return bare if _RNA.match(bare) else None


def department_of(postcode: str) -> str:
    """ "17320" → "17"; Corsica and overseas on three characters; "" when it is not a French postcode."""
    bare = postcode.replace(" ", "")
    if not (len(bare) == 5 and bare.isdigit()):
        return ""
    if bare.startswith("20"):
        return "2A" if bare < "20200" else "2B"
    return bare[:3] if bare.startswith(("97", "98")) else bare[:2]


def find_postcode(address: str) -> tuple[str, str]:
    """The last « 17320 Marennes » of a postal address: (postcode, town), or two empty texts."""
    found = re.findall(r"\b(\d{5})[ \t]+([^\n,\d]{2,60})", address)
    return (found[-1][0], found[-1][1].strip()[:80]) if found else ("", "")


def email(text: str) -> str | None:
    """The address in canonical form (lower case, ASCII domain), or None."""
    bare = text.strip().strip("<>").rstrip(".").lower()
    local, at, domain = bare.rpartition("@")
    if not at:
        return None
    try:
        domain = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
    except UnicodeError:
        return None
    whole = f"{local}@{domain}"
    return whole if len(whole) <= 254 and ".." not in whole and _EMAIL.match(whole) else None


def suggest_email(text: str) -> str | None:
    """« jean@gmial.com » → « jean@gmail.com »; None when nothing looks mistyped."""
    local, _, domain = text.strip().lower().rpartition("@")
    return f"{local}@{_TYPOS[domain]}" if domain in _TYPOS else None

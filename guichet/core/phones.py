"""Telephone numbers: kept in E.164, shown as people say them."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

_NOT_A_PERSON = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.TOLL_FREE, PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)  # fmt: skip
# National numbers of the overseas departments are written like those of the mainland but have their own country code.
_OVERSEAS = {"0262": "RE", "0692": "RE", "0693": "RE", "0269": "YT", "0639": "YT", "0590": "GP", "0690": "GP",
             "0594": "GF", "0694": "GF", "0596": "MQ", "0696": "MQ"}  # fmt: skip


def normalise(text: str) -> str | None:
    """E.164, or None when this is not a possible number."""
    digits = "".join(c for c in text if c.isdigit() or c == "+")
    # 06 39 98 is also a range of the mainland kept for fiction: Mayotte's own is written with its country code.
    region = _OVERSEAS.get(digits[:4], "FR") if digits[:6] != "063998" else "FR"
    for candidate in dict.fromkeys([region, "FR"]):
        try:
            number = phonenumbers.parse(text[:40], candidate)
        except NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return None


def is_person_number(e164: str) -> bool:
    """False for premium, shared-cost and free numbers: nobody is called back there."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return False
    return phonenumbers.number_type(number) not in _NOT_A_PERSON


def show(e164: str) -> str:
    """« 06 39 98 41 27 » for a French number, the international form for another."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    form = PhoneNumberFormat.NATIONAL if number.country_code == 33 else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form).replace(" ", "\u00a0")

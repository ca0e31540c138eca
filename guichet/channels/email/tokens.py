"""Signed thread tokens: what ties an answer to its case when mailers lose or rewrite the Message-ID.

Shape: `<reference>-<16 characters>`, e.g. `1604217-9f3k0c7wz2m8t4vb`. Lower case only, because local parts are often
lower-cased on the way; the alphabet has no i, l, o, u, so that a token may be read aloud.
"""

from __future__ import annotations

import hashlib
import hmac
import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SIGNATURE_LENGTH = 16  # of 5 bits: 80 bits
_REFERENCE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_TOKEN = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)-([0-9a-z]{16})", re.ASCII)
_MISREAD = str.maketrans("oil", "011")
MAX_REFERENCE = 40

# Where a token may stand in a local part and in a body.
IN_LOCAL_PART = re.compile(r"\+([a-z0-9-]{18,60})$", re.ASCII)
IN_BODY = re.compile(r"\[#\s?([A-Za-z0-9-]{18,60})\]", re.ASCII)


def make_token(case_reference: str, key: str) -> str:
    """Token of a case. Raises ValueError when the reference has other characters than a-z, 0-9 and "-"."""
    reference = case_reference.lower()
    if len(reference) > MAX_REFERENCE or not _REFERENCE.fullmatch(reference):
        raise ValueError(f"not a reference that an address can carry: {case_reference!r}")
    if not key:
        raise ValueError("a token needs a key")
    return f"{reference}-{_sign(reference, key)}"


def check_token(token: str, *keys: str) -> str | None:
    """Reference (lower-cased) that `token` was made for with one of `keys`, or None when the signature is not ours."""
    match = _TOKEN.fullmatch(token.strip().lower()[:100])
    if not match:
        return None
    reference, signature = match.group(1), match.group(2).translate(_MISREAD)
    ours = any(hmac.compare_digest(signature, _sign(reference, key)) for key in keys if key)
    return reference if ours else None


def body_marker(token: str) -> str:
    """The token as written at the end of a message, whole on one line so that quoting does not cut it."""
    return f"[#{token}]"


def _sign(reference: str, key: str) -> str:
    digest = hmac.new(key.encode(), b"guichet thread token\0" + reference.encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:10], "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))

"""Did the sender's domain vouch for this message? Only our own relay's word counts (RFC 8601)."""

from __future__ import annotations

from authres import AuthenticationResultsHeader

from guichet.channels.email.headers import Headers

_MAX = 4_000


def authenticated(headers: Headers, authserv_id: str, from_address: str) -> bool | None:
    """True or False as the relay named `authserv_id` found; None without it.

    Only the topmost header of that name is read: it was added last, those below may come from the sender.
    DMARC decides; without it, a DKIM or SPF success counts only for the domain of the From address.
    """
    value = next((item for item in headers.all("authentication-results") if _server(item) == authserv_id.lower()), "")
    if not authserv_id or not value:
        return None
    try:
        results = AuthenticationResultsHeader.parse_value(value[:_MAX]).results
    except Exception:  # the library raises several kinds on text that is not ours to trust anyway
        return None
    host = from_address.rpartition("@")[2]
    seen: dict[str, bool] = {}
    for result in results:
        verdict = _verdict(str(result.method), str(result.result), result.properties, host)
        if verdict is not None:
            seen[result.method] = seen.get(result.method, False) or verdict
    if "dmarc" in seen:
        return seen["dmarc"]
    return any(seen.values()) if seen else None


def _server(value: str) -> str:
    head = value.split(";", 1)[0].split()
    return head[0].lower() if head else ""


def _verdict(method: str, result: str, properties: list[object], host: str) -> bool | None:
    if method == "dmarc":
        return {"pass": True, "fail": False}.get(result)
    if method not in ("dkim", "spf"):
        return None
    if result in ("fail", "softfail", "policy"):
        return False
    if result != "pass":
        return None
    named = (str(getattr(item, "value", "")).lower().rpartition("@")[2] for item in properties)
    # A success for another domain proves nothing about this sender.
    return True if any(name and _aligned(host, name) for name in named) else None


def _aligned(host: str, name: str) -> bool:
    return host == name or host.endswith(f".{name}")

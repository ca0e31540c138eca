"""Reports of non-delivery: RFC 3464 first, then the free texts of mailers that never read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from guichet.channels.contract import Bounce
from guichet.channels.email import charsets
from guichet.channels.email.headers import Headers, find_addresses, message_ids, parse_addresses, parse_headers
from guichet.channels.email.mime import Part

_RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?:^|[\s:(#-])([45]\d\d)[\s-]")
_QUOTED_ID = re.compile(r"^[>\s]{0,10}Message-I[Dd]\s?:\s{0,5}(<[^<>\s]{3,500}>)", re.MULTILINE)
_FAILED_SUBJECT = re.compile(
    r"undeliver|deliver(?:y|ed)\s+(?:has\s+)?(?:fail|problem|error|status)|failure\s+notice|returned\s+mail|mail\s+delivery"
    r"|could\s+not\s+be\s+delivered|non[\s-]?(?:remis|distribu|d[ée]livr)|[ée]chec\s+de\s+(?:la\s+)?(?:remise|distribution"
    r"|livraison|l['’]envoi)|retour(?:n[ée])?\s+[àa]\s+l['’]exp[ée]diteur|message\s+en\s+erreur|erreur\s+de\s+(?:remise"
    r"|distribution)|notification\s+d['’][ée]tat\s+de\s+remise|rejet\s+de\s+(?:votre\s+)?message",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelay|still\s+(?:being\s+)?(?:re)?tr(?:y|ied)|will\s+(?:be\s+)?retr(?:y|ied)|not\s+yet\s+(?:been\s+)?delivered"
    r"|warning:\s+(?:could|message)|retard|diff[ée]r[ée]|nouvelles?\s+tentatives?|pas\s+encore\s+[ée]t[ée]\s+(?:remis"
    r"|distribu)",
    re.IGNORECASE,
)
_RECEIPT_DSN = frozenset({"delivered", "relayed", "expanded"})


def report_type(root: Part) -> str:
    """Type of a multipart/report ("delivery-status", "disposition-notification"…), empty for other messages."""
    if root.media_type != "multipart/report":
        return ""
    declared = root.parameters.get("report-type", "").lower()
    if not declared and any(part.media_type in _REPORTS for part in root.children):
        return "delivery-status"
    return declared or "report"


def read_bounce(
    root: Part, *, sender: str, subject: str, text: str, machine: bool, domain: str, ours: frozenset[str]
) -> Bounce | None:
    """The report this message is, or None. `machine`: null return path or a mailer's address as sender."""
    status_parts = [part for part in root.walk() if part.media_type in _REPORTS]
    if status_parts and root.media_type in ("multipart/report", "multipart/mixed"):
        return _read_standard(root, status_parts, text, domain)
    failed = [address.value for address in root.headers.addresses("x-failed-recipients")]
    if not machine or not (failed or _FAILED_SUBJECT.search(subject)):
        return None
    return _read_free(root, failed, sender, subject, text, domain, ours)


def _read_standard(root: Part, parts: Iterable[Part], text: str, domain: str) -> Bounce | None:
    reports = [report for part in parts for report in _recipients(part) if report.raw("action")]
    reports = [report for report in reports if _action(report) not in _RECEIPT_DSN]
    if not reports:
        return None
    # One recipient per delivery; should there be several, the failure is what matters.
    worst = next((report for report in reports if _action(report) == "failed"), reports[0])
    status = _STATUS.search(worst.get("status"))
    return Bounce(
        recipient=_recipient(worst),
        permanent=_action(worst) == "failed",
        status=status.group(1) if status else "",
        diagnostic=worst.get("diagnostic-code").partition(";")[2].strip()[:1000] or worst.get("diagnostic-code")[:1000],
        message_id=_returned_id(root, text, domain),
    )


def _action(report: Headers) -> str:
    return report.get("action").lower().split()[0] if report.get("action") else ""


def _recipients(part: Part) -> Iterable[Headers]:
    blocks = re.split(rb"\r?\n[ \t]*\r?\n", part.content()[:200_000].strip())
    return [parse_headers(block)[0] for block in blocks[:500]]


def _recipient(report: Headers) -> str:
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        found = parse_addresses(report.get(name).partition(";")[2] or report.get(name))
        if found:
            return found[0].value
    return ""


def _returned_id(root: Part, text: str, domain: str) -> str:
    """Message-ID of ours in the returned message; ids of our own domain first."""
    found: list[str] = []
    for part in root.walk():
        if part.media_type in _RETURNED:
            headers = parse_headers(part.content()[:100_000].split(b"\r\n\r\n")[0].split(b"\n\n")[0])[0]
            found += message_ids(headers.get("message-id"))
        elif part.media_type in _REPORTS:
            for report in _recipients(part):
                found += message_ids(report.get("x-original-message-id") or report.get("original-message-id"))
    found += _QUOTED_ID.findall(text[:200_000])
    found += message_ids(root.headers.get("in-reply-to")) + message_ids(root.headers.get("references"))[::-1]
    ours = [item for item in found if domain and item.endswith(f"@{domain}>")]
    return (ours or found or [""])[0]


def _read_free(
    root: Part, failed: list[str], sender: str, subject: str, text: str, domain: str, ours: frozenset[str]
) -> Bounce:
    head = text[:20_000]
    quoted = _QUOTED_ID.search(head)
    explained = head[: quoted.start()] if quoted else head
    status = _STATUS.search(explained)
    code = _SMTP_CODE.search(explained)
    temporary = bool(_DELAYED.search(subject) or (not failed and _DELAYED.search(explained[:3000])))
    if status or code:
        temporary = temporary or (status or code or [""])[1][0] == "4"
    named = (address for line in explained.splitlines()[:200] for address in find_addresses(line[:500]))
    candidates = failed or [address for address in named if address not in ours and address != sender]
    return Bounce(
        recipient=candidates[0] if candidates else "",
        permanent=not temporary,
        status=status.group(1) if status else "",
        diagnostic=_diagnostic(explained, status or code),
        message_id=_returned_id(root, text, domain),
    )


def _diagnostic(text: str, found: re.Match[str] | None) -> str:
    """The line that says why."""
    if not found:
        return ""
    begin = text.rfind("\n", 0, found.start(1)) + 1
    end = text.find("\n", found.end())
    return charsets.printable(text[begin : end if end != -1 else len(text)].strip("> \t\r"))[:1000]

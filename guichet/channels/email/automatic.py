"""Machines that write: none of their messages is acknowledged, reopens a case or restarts a clock."""

from __future__ import annotations

import re

from guichet.channels.email.headers import Headers, parse_addresses

LOOP_HEADER = "X-Guichet-Loop"

_ROBOTS = re.compile(
    r"(?:no|ne|not|do-?not|pas)[-_.]?(?:pas[-_.]?)?(?:reply|repl|repondre|repondez)(?:[-_.+].*)?"
    r"|(?:noreply|nepasrepondre|donotreply)\w*"
    r"|mailer[-_]?daemon|postmaster|mail-?daemon|microsoftexchange\w*|listserv|majordomo"
    r"|bounces?(?:[-+_.].*)?|.*-bounces(?:\+.*)?|.*-request|automate|robot|autoreply|auto-?reponse"
)
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "list-help", "list-owner", "mailing-list")
_PRECEDENCE = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_REPLIERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from", "x-vacation")
_REPLY_PREFIX = r"(?:(?:re|réf?|rép|aw|sv)\s?(?:\[\d+\])?\s?:\s?){0,5}"
_ABSENT = re.compile(
    rf"^\s*{_REPLY_PREFIX}\[?(?:"
    r"r[ée]ponse\s+automatique|r[ée]ponse\s+d['’]absence|(?:message|notification|avis)\s+d['’]absence"
    r"|absen(?:ce|t|te)\s+d[ue]\s+bureau|absent\(e\)\s+du\s+bureau|absence\s*:|message\s+automatique"
    r"|accus[ée]\s+(?:de\s+)?r[ée]ception\s+automatique|je\s+suis\s+(?:actuellement\s+)?(?:absente?|en\s+cong[ée]s?)"
    r"|out\s+of\s+(?:the\s+)?office|automatic\s+(?:reply|response)|auto(?:matic)?[\s-]?(?:reply|response|responder)\b"
    r"|autoreply|on\s+vacation|away\s+from\s+(?:the\s+|my\s+)?office|vacation\s+(?:reply|response)"
    r")",
    re.IGNORECASE,
)


def reason(headers: Headers, sender: str, subject: str, report_type: str, null_sender: bool) -> str:
    """Why this is a machine's message, in one English word; empty for a person's."""
    submitted = headers.get("auto-submitted").split(";")[0].strip().lower()
    if submitted and submitted != "no":
        return "auto-submitted"
    if report_type:
        return "receipt" if report_type == "disposition-notification" else "report"
    if any(headers.raw(name) for name in _REPLIERS):
        return "auto-reply"
    if _suppresses_answers(headers):
        return "auto-response-suppress"
    if headers.get("precedence").lower() in _PRECEDENCE:
        return "precedence"
    if any(headers.raw(name) for name in _LIST_HEADERS):
        return "list"
    if null_sender:
        return "null-sender"
    if is_robot(sender):
        return "robot-sender"
    return "out-of-office" if _ABSENT.match(subject) else ""


def _suppresses_answers(headers: Headers) -> bool:
    """Only the values about answers count: people's own mailers write "DR" or "RN" against mere receipts."""
    values = re.split(r"[,;\s]+", headers.get("x-auto-response-suppress").lower())
    return bool({"all", "oof", "autoreply"} & set(values))


def is_robot(sender: str) -> bool:
    return bool(_ROBOTS.fullmatch(sender.rpartition("@")[0]))


def is_null_sender(headers: Headers, envelope_from: str) -> bool:
    """The empty return path of RFC 5321: written "<>", in the envelope or in the header the last relay adds."""
    if envelope_from.strip() == "<>":
        return True
    return not envelope_from and headers.get("return-path").replace(" ", "") == "<>"


def carries_own_loop(headers: Headers, domain: str) -> bool:
    return any(value.strip().lower() == domain for value in headers.all(LOOP_HEADER.lower()))


def return_path(headers: Headers, envelope_from: str) -> str:
    """The envelope sender, lower-cased, empty when unknown or null."""
    found = parse_addresses(envelope_from or headers.get("return-path"))
    return found[0].value if found else ""

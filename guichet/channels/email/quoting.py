"""What a message adds: quoted history and signature set aside, never what the person wrote in between.

Line rules, each linear. A library was tried: it loses lists written with dashes, leaks on what French providers add,
and its expressions take minutes on a hostile text.
"""

from __future__ import annotations

import re

MAX_TEXT = 400_000

_QUOTED = re.compile(r"^[ \t]{0,3}(?:>|\|\s)")
# « Le lun. 3 mars 2025 à 10:12, Région <demandes@…> a écrit : », on one to four lines.
_OPENS_WROTE = re.compile(
    r"^[>\s]{0,8}(?:(?:le|on|el|am)\s.{0,60}\d|(?:en\s+date\s+d[ue])\s.{0,60}\d|\S.{0,150}\s(?:a\s+écrit|wrote)\b)",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"^[>\s]{0,8}(?:le|on|el|am|en\s+date\s+d[ue])\s.{4,400}?(?:a\s+écrit|wrote|écrivait|escribió|schrieb)\b.{0,80}:\s*$"
    r"|^[>\s]{0,8}[^\n]{2,200}[@>)\]]\s+(?:a\s+écrit|wrote)(?:\s.{0,60})?:\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^[>\s]{0,8}[-_=*]{2,}\s*(?:message\s+(?:d['’]origine|original|initial|transf[ée]r[ée]|transmis|précédent)"
    r"|(?:original|forwarded)\s+message|courriel\s+original|mail\s+original)\b.{0,80}$",
    re.IGNORECASE,
)
_BEGIN_FORWARD = re.compile(
    r"^(?:début\s+du\s+message\s+(?:transféré|réexpédié)|begin\s+forwarded\s+message)\s?:", re.I
)
# Orange, SFR, La Poste, free: « > Message du 03/03/25 10:12 » then « > De : … ».
_MESSAGE_OF = re.compile(r"^>?\s*message\s+du\s+\S.{0,40}\d", re.IGNORECASE)
_ABOVE = re.compile(
    r"[-–—_#=*]{2}.{0,40}(?:répond(?:ez|re)\s+au[-\s]?dessus|(?:reply|type|write)\s.{0,20}above)\b.{0,80}",
    re.IGNORECASE,
)
_FROM = re.compile(r"^[>*\s|]{0,8}(?:de|from|exp[ée]diteur)\s?\*?\s?:\s?\*?\s*\S", re.IGNORECASE)
_OTHER = re.compile(
    r"^[>*\s|]{0,8}(?:envoy[ée](?:\s+le)?|sent|date|[àa]|to|pour|cc|objet|sujet|subject)\s?\*?\s?:", re.IGNORECASE
)
_RULE = re.compile(r"^\s*[_-]{8,}\s*$")
# Named devices and programs only: « Envoyé par la Poste le 3 mars » is what the person says.
_DEVICE = r"(?:ip(?:hone|ad|od)|mobile|t[ée]l[ée]phone|phone|smartphone|tablette|appareil|samsung|galaxy|android|huawei"
_DEVICE += r"|xiaomi|redmi|honor|oppo|pixel|blackberry|windows|mac(?:book)?)\b"
_PROGRAM = r"(?:outlook|yahoo|gmail|orange|sfr|free|la\s+poste|laposte|proton|samsung|courrier|mail\b|bluemail|zimbra)"
_SENT_FROM = re.compile(
    rf"^\s*\[?(?:(?:envoyé|sent)\s+(?:de(?:puis)?|à\s+partir\s+de|avec|from|with|via)\s+"
    rf"(?:(?:mon|ma|un|my|a)\s+(?:\w+\s+)?{_DEVICE}|(?:l['’]application\s+|la\s+messagerie\s+|the\s+)?{_PROGRAM})"
    r"|(?:téléchargez|télécharger|obtenir|obtenez|get|download)\s+outlook\s|provenance\s?:\s+courrier).{0,120}$",
    re.IGNORECASE,
)
_DELIMITER = re.compile(r"^--[ \t]?$")
_POINTS_AT_QUOTE = re.compile(
    r"ci[-\s]?(?:dessous|après|joint\s+dans\s+le\s+texte)|dans\s+(?:le\s+texte|le\s+corps|votre\s+message|votre\s+mail)"
    r"|en\s+(?:rouge|bleu|vert|gras|couleur)|\bbelow\b|\binline\b|in\s+(?:red|blue)|voir\s+plus\s+bas|à\s+la\s+suite",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w", re.UNICODE)
_SHORT = 400


def fresh_text(text: str) -> str:
    """What this message adds; the whole text when everything looks quoted or the answers stand inside the quote."""
    text = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    lines = text.split("\n")
    kept = _without_signatures(_without_quotes(lines))
    fresh = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    if not _WORD.search(fresh):
        return text.strip()
    if len(fresh) < _SHORT and len(fresh) < len(text) // 2 and _POINTS_AT_QUOTE.search(fresh):
        return text.strip()
    return fresh


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    number = 0
    while number < len(lines):
        length, closing = _header_at(lines, number)
        if not length:
            if not _QUOTED.match(lines[number]):
                kept.append(lines[number])
            number += 1
            continue
        _drop_rule(kept)
        number += length
        if closing or not _next_is_quoted(lines, number):
            # Unmarked history: nothing tells an answer from it, and what follows is folded, not lost.
            break
    return kept


def _header_at(lines: list[str], number: int) -> tuple[int, bool]:
    """How many lines of reply header begin here (0: none), and whether all that follows is history."""
    line = lines[number][:500]
    if _says_above(line):
        return 1, True
    if _ORIGINAL.match(line) or _BEGIN_FORWARD.match(line):
        return 1, False
    if _MESSAGE_OF.match(line) and any(_FROM.match(other[:500]) for other in lines[number + 1 : number + 4]):
        return 1, False
    if _OPENS_WROTE.match(line):
        return _wrote(lines, number), False
    if _FROM.match(line):
        following = lines[number + 1 : number + 7]
        if sum(bool(_OTHER.match(other[:200])) for other in following) >= 2:
            return 1 + _block_length(following), False
    return 0, False


def _says_above(line: str) -> bool:
    """Our own line, or the like. The plain search first: the expression is slow on long rules."""
    lowered = line.lower()
    return ("dessus" in lowered or "above" in lowered) and bool(_ABOVE.search(lowered[:300]))


def _wrote(lines: list[str], number: int) -> int:
    """Mailers wrap the sentence where they like: up to four lines, quote marks between them included."""
    joined = ""
    for count, line in enumerate(lines[number : number + 4], 1):
        if not line.strip("> \t"):
            return 0
        joined = f"{joined} {line.strip('> ')}".strip()[:700]
        if _WROTE.match(joined):
            return count
    return 0


def _block_length(following: list[str]) -> int:
    last = max((index for index, line in enumerate(following, 1) if _OTHER.match(line[:200])), default=0)
    return last


def _next_is_quoted(lines: list[str], number: int) -> bool:
    return next((bool(_QUOTED.match(line)) for line in lines[number : number + 20] if line.strip()), False)


def _drop_rule(kept: list[str]) -> None:
    """Outlook draws a line above the message it answers."""
    while kept and (not kept[-1].strip() or _RULE.match(kept[-1])):
        kept.pop()
    kept.append("")


def _without_signatures(lines: list[str]) -> list[str]:
    end = next((index for index, line in enumerate(lines) if _DELIMITER.match(line) and index), len(lines))
    # A signature is short; a "--" far above the end was typed as a separator.
    tail = [line for line in lines[end:] if line.strip()]
    if len(tail) > 15:
        end = len(lines)
    return [line for line in lines[:end] if not _SENT_FROM.match(line[:300])]

"""Light formatting: plain markers that read well as they are, turned to safe HTML for mails, letters and screens.

`**gras**`, `*italique*`, `[texte](https://…)`, lines that begin with « - » or « 1. ». Nothing else is markup: what is
not one of these is escaped and shown.
"""

from __future__ import annotations

import re
from html import escape

_BOLD = re.compile(r"\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_LINK = re.compile(r"\[([^\[\]\n]{1,200})\]\((https?://[^\s()<>\"]{1,1000}|mailto:[^\s()<>\"]{3,250})\)")
_BARE = re.compile(r"https?://[^\s<>\"]{1,1000}(?<![.,;:!?)»])")
_ITEM = re.compile(r"^\s{0,3}(?:([-•])|(\d{1,3})[.)])\s+(.*)$")


def is_formatted(text: str) -> bool:
    """Whether the text says more in HTML than it does as it is."""
    return any(pattern.search(text) for pattern in (_BOLD, _ITALIC, _LINK))


def plain_of(text: str) -> str:
    """As it reads without markup: markers go, a link is followed by its address."""
    text = _LINK.sub(lambda m: m[1] if m[1] == m[2] else f"{m[1]} ({m[2].removeprefix('mailto:')})", text)
    return _ITALIC.sub(r"\1", _BOLD.sub(r"\1", text))


def html_of(text: str) -> str:
    """Paragraphs, lists, emphasis and links; everything else escaped."""
    blocks: list[str] = []
    for block in re.split(r"\n[ \t]*\n", text.strip("\n").replace("\x00", "")):
        kind = ""
        lines: list[str] = []
        for line in block.split("\n"):
            item = _ITEM.match(line)
            found = "" if item is None else "ul" if item[1] else "ol"
            if found != kind and lines:
                blocks.append(_block(kind, lines))
                lines = []
            kind = found
            lines.append(item[3] if item else line)
        if any(line.strip() for line in lines):
            blocks.append(_block(kind, lines))
    return "\n".join(blocks)


def _block(kind: str, lines: list[str]) -> str:
    if kind:
        return f"<{kind}>" + "".join(f"<li>{_inline(line)}</li>" for line in lines) + f"</{kind}>"
    return f"<p>{'<br>'.join(_inline(line) for line in lines)}</p>"


def _inline(line: str) -> str:
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\x00{len(kept) - 1}\x00"

    # Links are put aside before the rest is escaped: an address keeps its stars and underscores.
    line = _LINK.sub(lambda m: keep(f'<a href="{escape(m[2])}">{escape(m[1])}</a>'), line)
    line = _BARE.sub(lambda m: keep(f'<a href="{escape(m[0])}">{escape(m[0])}</a>'), line)
    line = _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", escape(line)))
    return re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], line)


def mail_html(text: str) -> str:
    """A whole page for the HTML part of a mail."""
    return (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8"></head>'
        f'<body style="font: 16px/1.5 sans-serif">{html_of(text)}</body></html>'
    )

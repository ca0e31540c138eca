"""The Markdown of articles: to safe HTML, to plain words, and cut at its headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from guichet.core.text import fold
from guichet.knowledge.pictures import ADDRESS

_WRITTEN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
_SPACES = re.compile(r"[ \t]+")
_MARKS = re.compile(r"[\\`*_\[\]<>#|!~-]")
# Written instead of what is seen on an image that says nothing: nobody needs to hear of it.
DECORATIVE = "image décorative"
_ANCHOR = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one « ## » heading; the first may have none."""

    title: str
    anchor: str
    text: str  # Markdown

    @property
    def html(self) -> SafeString:
        return to_html(self.text)

    @property
    def questions(self) -> list[Section]:
        """Cut at its « ### » headings: the questions and answers of « Questions fréquentes »."""
        return [part for part in _cut(self.text, "### ") if part.title]


def to_html(text: str, *, level: int = 2) -> SafeString:
    """Safe HTML: no raw HTML passes, links are http(s), mailto, tel or of this site; headings start at `level`."""
    tokens = _WRITTEN.parse(text)
    for token in _walk(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + level - 2, 6)}" if token.tag[1:].isdigit() else token.tag
        elif token.type == "table_open":
            token.attrSet("class", "tableau")
        elif token.type == "image":
            _picture(token)
        elif token.type == "link_open" and str(token.attrGet("href") or "").startswith("http"):
            token.attrSet("rel", "noopener")
    _figures(tokens)
    html = str(_WRITTEN.renderer.render(tokens, _WRITTEN.options, {}))
    # A wide table scrolls by itself, with the keyboard too.
    html = html.replace("<table", '<div class="defile" tabindex="0" role="region" aria-label="Tableau"><table')
    html = html.replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 (made by the renderer above, which escapes)


def _picture(token: Token) -> None:
    token.attrSet("loading", "lazy")
    if found := ADDRESS.match(str(token.attrGet("src") or "")):  # the page does not move when it comes
        token.attrSet("width", found["width"])
        token.attrSet("height", found["height"])
    if is_decorative(token.content):
        token.children, token.content = [], ""


def _figures(tokens: list[Token]) -> None:
    """An image alone in its paragraph is a figure, with its caption."""
    for at, token in enumerate(tokens[:-2]):
        children = tokens[at + 1].children or []
        if token.type == "paragraph_open" and len(children) == 1 and children[0].type == "image":
            token.tag = tokens[at + 2].tag = "figure"
            token.attrSet("class", "illustration")
            if caption := str(children[0].attrs.pop("title", "")):
                children.append(Token("html_inline", "", 0, content=f"<figcaption>{escape(caption)}</figcaption>"))


def answer_html(text: str) -> SafeString:
    """The short answer: paragraphs and lists of Markdown, no heading."""
    return to_html(text, level=4)


def to_plain(text: str) -> str:
    """The words alone, one block a line: for the search, a letter, an SMS, the telephone."""
    lines: list[str] = []
    for token in _WRITTEN.parse(text):
        if token.type == "inline":
            lines.append("".join(_said(token)))
        elif token.type in {"code_block", "fence"}:
            lines.append(token.content.strip())
    return "\n".join(_SPACES.sub(" ", line).strip() for line in lines if line.strip())


def _said(token: Token) -> Iterator[str]:
    for child in token.children or []:
        if child.type in {"text", "code_inline"}:
            yield child.content
        elif child.type in {"softbreak", "hardbreak"}:
            yield " "
        elif child.type == "image" and not is_decorative(child.content):
            yield child.content


def as_typed(text: str) -> str:
    """Words to put within Markdown that show as they were typed."""
    return _MARKS.sub(r"\\\g<0>", text)


def sections(text: str) -> list[Section]:
    return _cut(text, "## ")


def headings(text: str) -> list[str]:
    return [line.lstrip("#").strip() for line in text.splitlines() if line.startswith(("## ", "### "))]


def links(text: str) -> list[str]:
    return [str(t.attrGet("href") or "") for t in _walk(_WRITTEN.parse(text)) if t.type == "link_open"]


def images(text: str) -> list[str]:
    """Addresses of the images."""
    return [str(t.attrGet("src") or "") for t in _walk(_WRITTEN.parse(text)) if t.type == "image"]


def is_decorative(words: str) -> bool:
    return fold(words) == fold(DECORATIVE)


def images_without_words(text: str) -> list[str]:
    """Addresses of images that say nothing to who does not see them (RGAA 1.1)."""
    found = (t for t in _walk(_WRITTEN.parse(text)) if t.type == "image")
    return [str(t.attrGet("src") or "") for t in found if not t.content.strip()]


def anchor_of(title: str) -> str:
    return _ANCHOR.sub("-", fold(title)).strip("-")[:60] or "section"


def _cut(text: str, mark: str) -> list[Section]:
    found: list[Section] = []
    title, lines = "", list[str]()
    for line in [*text.splitlines(), f"{mark}\0"]:
        if line.startswith(mark):
            body = "\n".join(lines).strip()
            if title or body:
                found.append(Section(title, anchor_of(title), body))
            title, lines = line[len(mark) :].strip(), []
        else:
            lines.append(line)
    return found


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


@lru_cache(maxsize=2048)
def cached_html(text: str) -> SafeString:
    return to_html(text)


def to_paragraphs(text: str) -> SafeString:
    """Plain text typed in a small field, its line ends kept."""
    blocks = (escape(block).replace("\n", "<br>") for block in text.split("\n\n") if block.strip())
    return mark_safe("".join(f"<p>{block}</p>" for block in blocks))  # noqa: S308 (escaped above)

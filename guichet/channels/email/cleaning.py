"""HTML of strangers: what may be shown, remote images blocked, and the same as text with the links' targets visible."""

from __future__ import annotations

import html as entities
import re
from dataclasses import dataclass

import nh3

MAX_HTML = 2_000_000
_MANY_TAGS = 4_000
_MAX_NESTING = 500
_MAX_ENTITIES = 50_000

# The tag that a blocked image keeps its address in; a face may offer to load it.
REMOTE = "data-remote-src"

_BLOCKS = {"p", "div", "table", "tr", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "center", "section"}
_BLOCKS |= {"h1", "h2", "h3", "h4", "h5", "h6", "article", "header", "footer", "address", "figure", "caption"}
_INLINE = {"a", "abbr", "b", "bdi", "big", "br", "code", "del", "em", "font", "hr", "i", "img", "ins", "kbd", "mark"}
_INLINE |= {"q", "s", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "tbody", "thead", "tfoot", "td"}
_INLINE |= {"th", "colgroup", "col", "figcaption", "cite"}
TAGS = _BLOCKS | _INLINE

_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "align"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "valign"},
    "th": {"colspan", "rowspan", "valign", "scope"},
    "ol": {"start", "type"},
    "font": {"color"},
}
# Nothing that moves, resizes, hides or loads: a message stays inside its frame.
_STYLES = {"color", "background-color", "font-weight", "font-style", "text-decoration", "text-align"}
_DROPPED_WITH_CONTENT = {"script", "style", "title", "head", "noscript", "template", "svg", "math", "object", "iframe"}
_DROPPED_WITH_CONTENT |= {"select", "button", "textarea", "video", "audio", "applet", "xml"}
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f]", re.IGNORECASE)
_SAFE_DATA = re.compile(r"data:image/(?:png|jpe?g|gif);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_BLOCKED = "x-guichet-remote:"

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>|([^<]+)|<")
_ANY_TAG = re.compile(r"<[^<>]*>")
_OPENING = re.compile(r"<(/?)([a-zA-Z]+)")
# Elements that hold nothing, and those that the next one closes: neither nests.
_FLAT = frozenset({"br", "img", "hr", "col", "meta", "link", "input", "area", "base", "embed", "wbr", "source"})
_FLAT |= {"p", "li", "td", "th", "tr", "tbody", "dt", "dd", "option"}
_HREF = re.compile(r' href="([^"]*)"')
_ALT = re.compile(r' alt="([^"]*)"')
_CID = re.compile(r'src="cid:([^"]{1,500})"')
_BLANKS = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class Cleaned:
    html: str
    content_ids: frozenset[str] = frozenset()
    remote_images: int = 0
    defects: tuple[str, ...] = ()
    only_text: str = ""  # where there is no HTML that may be shown

    @property
    def text(self) -> str:
        """Computed when asked: most messages bring their own plain part."""
        return self.only_text or to_text(self.html)


def clean(source: str) -> Cleaned:
    """Sanitised HTML, the same as text, the images it shows by cid: and how many remote ones were blocked."""
    defects = []
    if len(source) > MAX_HTML:
        source, defects = source[:MAX_HTML], ["html cut"]
    source = source.replace("&nbsp;", "\u00a0")
    if source.count("&") > _MAX_ENTITIES or _is_too_deep(source):
        # The sanitiser's time grows with the square of either, and a browser's too.
        text = entities.unescape(_ANY_TAG.sub(" ", source))
        return Cleaned("", defects=(*defects, "html too contorted: text only"), only_text=_tidy(text))
    markup = nh3.clean(
        source,
        tags=TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data", _BLOCKED.rstrip(":")},
        link_rel="noopener noreferrer",
        filter_style_properties=_STYLES,
        clean_content_tags=_DROPPED_WITH_CONTENT,
    )
    blocked = f'src="{_BLOCKED}'
    remote = markup.count(blocked)
    markup = markup.replace(blocked, f'{REMOTE}="').strip()
    cids = frozenset(entities.unescape(cid) for cid in _CID.findall(markup))
    return Cleaned(markup, cids, remote, tuple(defects))


def _filter(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return value if _SAFE_LINK.match(value.strip()) else None
    if attribute == "style":
        return None if "url(" in value.lower() or "\\" in value else value
    if attribute != "src":
        return value
    value = value.strip()
    scheme = value[:8].lower()
    if scheme.startswith("cid:"):
        return value
    if scheme.startswith(("http:", "https:")):
        return _BLOCKED + value
    return value if _SAFE_DATA.fullmatch(value) else None


def _is_too_deep(source: str) -> bool:
    if source.count("<") < _MANY_TAGS:
        return False
    depth = 0
    for closing, name in _OPENING.findall(source):
        if name.lower() not in _FLAT:
            depth = max(depth - 1, 0) if closing else depth + 1
        if depth > _MAX_NESTING:
            return True
    return False


def escape(text: str) -> str:
    """Plain text as HTML, line breaks kept."""
    return "<div>" + entities.escape(text).replace("\n", "<br>") + "</div>"


def to_text(markup: str) -> str:
    """Text of sanitised HTML: one line per block, "> " before quotes, "label <target>" for links."""
    writer = _Writer()
    for closing, name, attributes, words in _TAG.findall(markup):
        if words:
            writer.words(entities.unescape(words))
        elif name:
            writer.tag(name.lower(), bool(closing), attributes)
        else:
            writer.words("<")
    writer.break_line()
    return _tidy("\n".join(writer.lines))


def _tidy(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


class _Writer:
    _PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "pre"})

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._pre = 0
        self._href = ""
        self._label_at = 0

    def words(self, words: str) -> None:
        if self._pre:
            first, *others = words.split("\n")
            self._line.append(first)
            for other in others:
                self.break_line(force=True)
                self._line.append(other)
            return
        words = _BLANKS.sub(" ", words)
        if words == " " and not self._line:
            return
        self._line.append(words if self._line else words.lstrip(" "))

    def break_line(self, *, force: bool = False) -> None:
        line = "".join(self._line)
        self._line = []
        self._label_at = 0
        if line.strip() or force:
            self.lines.append("> " * min(self._quotes, 8) + line.rstrip())

    def tag(self, name: str, closing: bool, attributes: str) -> None:
        if name == "br":
            self.break_line(force=True)
        elif name == "a":
            self._link(closing, attributes)
        elif name in ("td", "th"):
            if closing and self._line:
                self._line.append(" ")
        elif name == "hr":
            self.break_line()
            self.lines.append("> " * min(self._quotes, 8) + "________________________________")
        elif name in _BLOCKS:
            self._block(name, closing)

    def _block(self, name: str, closing: bool) -> None:
        self.break_line()
        step = -1 if closing else 1
        if name in self._PARAGRAPHS and self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self._quotes, 8))
        if name == "blockquote":
            self._quotes = max(self._quotes + step, 0)
        elif name == "pre":
            self._pre = max(self._pre + step, 0)
        elif name == "li" and not closing:
            self._line.append("- ")

    def _link(self, closing: bool, attributes: str) -> None:
        if not closing:
            href = _HREF.search(attributes)
            self._href = entities.unescape(href.group(1)).strip() if href else ""
            self._label_at = len(self._line)
            return
        label = "".join(self._line[self._label_at :]).strip()
        target = re.sub(r"^(?:mailto|tel):", "", self._href, flags=re.IGNORECASE)
        if target and not _same_target(label, target):
            self._line.append(f" <{target}>")
        self._href = ""


def _same_target(label: str, target: str) -> bool:
    """Whether the label already shows where the link goes; a label that shows another address never does."""
    bare = re.sub(r"^https?://(?:www\.)?", "", target.lower()).rstrip("/")
    return re.sub(r"^https?://(?:www\.)?", "", label.lower()).rstrip("/") == bare

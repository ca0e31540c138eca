"""Files sent with a form. What was accepted is kept across an error of another field: nobody chooses it twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from guichet.core import files
from guichet.core.filetypes import judge
from guichet.core.text import safe_filename
from guichet.core.uploading import NotRead

_SALT = "portal.files"
_FOR = 24 * 3600
NAMED = 3


@dataclass(frozen=True, slots=True)
class Kept:
    sha256: str
    name: str
    size: int


@dataclass(slots=True)
class Uploads:
    kept: list[Kept] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    owner: str = ""  # the key of the form: a token is worth nothing in another form

    @property
    def max_files(self) -> int:
        return settings.UPLOAD_MAX_FILES

    @property
    def max_megabytes(self) -> int:
        return settings.UPLOAD_MAX_BYTES // (1024 * 1024)

    @property
    def token(self) -> str:
        return signing.dumps([[k.sha256, k.name, k.size] for k in self.kept], salt=_SALT + self.owner)

    @property
    def contents(self) -> Sequence[tuple[str, bytes]]:
        return [(k.name, files.read_bytes(k.sha256)) for k in self.kept]


def take(request: HttpRequest, owner: str) -> Uploads:
    """The files already accepted, minus those taken back, plus those that were just sent."""
    found = Uploads(_already_kept(request.POST.get("kept", ""), owner), owner=owner)
    dropped = set(request.POST.getlist("drop"))
    found.kept = [k for k in found.kept if k.sha256 not in dropped]
    most = settings.UPLOAD_MAX_FILES
    left_out: list[str] = []
    for upload in request.FILES.getlist("files"):
        if isinstance(upload, NotRead):
            left_out.append(safe_filename(upload.name or ""))
            continue
        content = upload.read(settings.UPLOAD_MAX_BYTES + 1)
        verdict = judge(content, upload.name or "document", max_bytes=settings.UPLOAD_MAX_BYTES)
        if not verdict.accepted:
            found.errors.append(f"«\u00a0{verdict.name}\u00a0»\u00a0: {verdict.reason}")
        elif len(found.kept) >= most:
            left_out.append(verdict.name)
        else:
            stored = files.keep(content, name=verdict.name)
            if all(k.sha256 != stored.sha256 for k in found.kept):
                found.kept.append(Kept(stored.sha256, verdict.name, len(content)))
    if left_out:
        found.errors.append(
            f"{_say_left_out(left_out)} : {most} fichiers au plus. Envoyez le reste dans un autre message."
        )
    return found


def _say_left_out(names: list[str]) -> str:
    """« a.pdf », « b.pdf » et 12 autres n'ont pas été ajoutés."""
    others = len(names) - NAMED
    listed = ", ".join(f"«\u00a0{name}\u00a0»" for name in names[:NAMED])
    if others > 0:
        listed += f" et {others} autre{'s' if others > 1 else ''}"
    return f"{listed} n’ont pas été ajoutés" if len(names) > 1 else f"{listed} n’a pas été ajouté"


def _already_kept(token: str, owner: str) -> list[Kept]:
    try:
        rows = signing.loads(token, salt=_SALT + owner, max_age=_FOR)
    except signing.BadSignature:
        return []
    return [Kept(str(sha256), str(name), int(size)) for sha256, name, size in rows]

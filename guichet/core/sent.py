"""A document sent with a form: photographs made into a PDF, files judged by what they hold."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from guichet.core.filetypes import judge
from guichet.core.photographs import is_photograph, prepare
from guichet.core.refused import Refused
from guichet.core.uploading import NotRead

PHOTO_BYTES = 25 * 1024 * 1024  # as a telephone takes it; it is shrunk here


def read_document(request: HttpRequest) -> tuple[str, bytes, str]:
    """(name, content, doubt) of the file or of the photographs that were sent, one page each."""
    uploads = request.FILES.getlist("fichier")
    if not uploads or any(isinstance(upload, NotRead) for upload in uploads):
        raise Refused("Choisissez un fichier, ou prenez une photo." if not uploads else "Envoyez moins de fichiers.",
                      status=400)  # fmt: skip
    read = []
    for upload in uploads:
        content = upload.read(PHOTO_BYTES + 1)
        verdict = judge(content, upload.name or "document", max_bytes=PHOTO_BYTES)
        if not verdict.accepted:
            raise Refused(f"« {verdict.name} » : {verdict.reason}", status=400)
        read.append((verdict.name, content, verdict.kind.media_type))
    if all(is_photograph(media_type) for _, _, media_type in read):
        prepared = prepare([(name, content) for name, content, _ in read])
        return prepared.name, prepared.content, prepared.warning
    if len(read) > 1:
        raise Refused("Envoyez un seul fichier, ou seulement des photos : elles seront réunies.", status=400)
    name, content, _ = read[0]
    if len(content) > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise Refused(f"Ce fichier dépasse {limit} Mo. Réduisez-le, ou envoyez des photos.", status=400)
    return name, content, ""

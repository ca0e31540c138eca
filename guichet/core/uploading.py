"""How many files of one request are kept while it is read (settings.FILE_UPLOAD_HANDLERS)."""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest


class NotRead(UploadedFile):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A file that came after too many others: its name is known, nothing of it was kept."""


class Sieve(FileUploadHandler):
    """Reads past the files beyond `UPLOAD_READ_FILES`; lets the others through to the next handlers.

    Whoever chooses a whole folder of photographs gets his form back with a sentence, not a bare error; whoever sends
    many parts costs neither memory nor open files.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.seen = 0

    @property
    def is_full(self) -> bool:
        return self.seen > settings.UPLOAD_READ_FILES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.seen += 1
        if self.is_full:
            raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return None if self.is_full else raw_data

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        return NotRead(io.BytesIO(), self.file_name, size=0) if self.is_full else None

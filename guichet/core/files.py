"""Keeping bytes: by content hash, written before the transaction that refers to them commits.

A rollback leaves at worst a file nobody refers to, never a row without its file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages

from guichet.core.filetypes import Kind, sniff
from guichet.core.instances import fresh
from guichet.core.models import StoredFile, storage_name
from guichet.core.rows import insert_missing


def keep(content: bytes, *, name: str = "") -> StoredFile:
    """Store `content` (once) and return its row."""
    return keep_all([(name, content)])[0]


def keep_all(items: Iterable[tuple[str, bytes]]) -> list[StoredFile]:
    """Store several (name, content) pairs; the rows come back in the same order."""
    found = [put(content, kind=sniff(content[:262144], name)) for name, content in items]
    for file in {file.sha256: file for file in found}.values():
        insert_missing(file)
    return found


def put(content: bytes, *, kind: Kind) -> StoredFile:
    """Store `content`, whose kind is known, and return its row, not inserted yet."""
    return fresh(
        StoredFile,
        sha256=put_bytes(content),
        size=len(content),
        media_type=kind.media_type,
        family=kind.family,
        scan=StoredFile.Scan.PENDING if settings.CLAMD else StoredFile.Scan.UNSCANNED,
    )


def put_bytes(content: bytes) -> str:
    """Write `content` under its SHA-256 and return it; nothing is written twice."""
    sha256 = hashlib.sha256(content).hexdigest()
    name = storage_name(sha256)
    if isinstance(storages["default"], FileSystemStorage):
        _write_locally(Path(default_storage.path(name)), content)
    elif not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return sha256


def _write_locally(path: Path, content: bytes) -> None:
    """Write aside, flush to disk, then rename: a killed process never leaves half a file under its name."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with aside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def open_bytes(sha256: str) -> IO[bytes]:
    return cast("IO[bytes]", default_storage.open(storage_name(sha256), "rb"))


def read_bytes(sha256: str) -> bytes:
    if isinstance(storages["default"], FileSystemStorage):
        return Path(default_storage.path(storage_name(sha256))).read_bytes()
    with open_bytes(sha256) as handle:
        return handle.read()

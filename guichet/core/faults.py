"""Telling what went wrong without telling what a citizen wrote: messages of errors may quote it."""

from __future__ import annotations

import errno
import traceback

_SAID = {
    errno.ENOSPC: "disque plein", errno.EDQUOT: "quota de disque dépassé", errno.EROFS: "disque en lecture seule",
    errno.EACCES: "droits insuffisants", errno.EPERM: "droits insuffisants", errno.ENOENT: "introuvable",
    errno.EIO: "disque défaillant",
}  # fmt: skip


def reason_of(error: OSError) -> str:
    return _SAID.get(error.errno or 0, type(error).__name__)


def where(error: BaseException) -> str:
    """« IntegrityError in opening.py:53 »: the class and the last line of ours that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/guichet/" in frame.filename] or list(frames)
    if not ours:
        return type(error).__name__
    return f"{type(error).__name__} in {ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}"

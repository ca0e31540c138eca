"""Mails written as files instead of sent: the demonstration, and machines that may send nothing."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from guichet.channels.contract import Outgoing, Undelivered


def write(folder: str, outgoing: Outgoing, message: bytes) -> str:
    """Name of the file written in `new`, whole or not at all; the same at every try. Raises `Undelivered`."""
    digest = hashlib.sha256(f"{outgoing.message_id}\0{outgoing.recipient.value}".encode("utf-8", "replace")).hexdigest()
    name = f"{outgoing.delivery_id:010d}-{digest[:10]}.eml"
    try:
        for part in ("tmp", "new", "cur"):
            Path(folder, part).mkdir(parents=True, exist_ok=True)
        started = Path(folder, "tmp", name)
        with started.open("wb") as file:
            file.write(message)
            file.flush()
            os.fsync(file.fileno())
        started.replace(Path(folder, "new", name))
    except OSError as error:
        raise Undelivered(f"Dossier d’envoi inutilisable ({type(error).__name__}).", code="folder") from error
    return name

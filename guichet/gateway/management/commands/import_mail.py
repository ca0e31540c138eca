from __future__ import annotations

import mailbox
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guichet.cases.actions import register_raw
from guichet.cases.models import InboundItem
from guichet.gateway.worker import drain


class Command(BaseCommand):
    help = "Reprend des messages réels (fichier .eml, dossier ou MBOX) sans rien envoyer ni lancer d'horloge."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("chemin", type=Path)
        parser.add_argument("--live", action="store_true", help="comme s'ils arrivaient : accusés et horloges")

    def handle(self, *args: Any, chemin: Path, live: bool, **options: Any) -> None:
        if not chemin.exists():
            raise CommandError(f"Rien à cet endroit : {chemin}")
        items = []
        for raw in messages(chemin):
            at = None if live else announced(raw)
            items.append(register_raw("email", raw, quiet=not live, received_at=at).pk)
        drain()
        found = InboundItem.objects.filter(pk__in=items)
        counts = {state.label: found.filter(state=state).count() for state in InboundItem.State}
        self.stdout.write(f"{len(items)} messages lus : " + ", ".join(f"{n} {k}" for k, n in counts.items() if n))


def messages(path: Path) -> Iterator[bytes]:
    """Raw messages of a file, a folder of files, or an MBOX (told by its first line)."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and file.suffix.lower() in {".eml", ".msg", ".txt", ""}:
                yield file.read_bytes()
        return
    with path.open("rb") as handle:
        is_mbox = handle.read(5) == b"From "
    if not is_mbox:
        yield path.read_bytes()
        return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118 (a mailbox is not a dict)
            yield box.get_bytes(key)
    finally:
        box.close()


def announced(raw: bytes) -> datetime | None:
    """The Date header, for history that is replayed; None when it is absurd."""
    for line in raw[:20000].split(b"\n"):
        if line.lower().startswith(b"date:"):
            try:
                at = parsedate_to_datetime(line[5:].decode("ascii", "ignore").strip())
            except (ValueError, TypeError):
                return None
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return at if at.year >= 1995 and at <= datetime.now(UTC) else None
    return None

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from guichet.core import files
from guichet.core.filetypes import judge
from guichet.core.models import StoredFile

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def stored(settings: Any) -> list[Path]:
    return [path for path in Path(settings.STORAGES["default"]["OPTIONS"]["location"]).rglob("*") if path.is_file()]


def test_the_same_bytes_are_kept_once_under_their_digest(settings: Any) -> None:
    one, other = files.keep_all([("a.png", PNG), ("b.pdf", PNG)])
    again = files.keep(PNG)
    assert one.sha256 == other.sha256 == again.sha256
    assert StoredFile.objects.count() == 1
    [path] = stored(settings)
    assert path.name == one.sha256
    assert files.read_bytes(one.sha256) == PNG


def test_the_type_is_that_of_the_content() -> None:
    assert files.keep(PNG, name="facture.pdf").media_type == "image/png"


def test_a_write_that_fails_leaves_nothing_under_the_name(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError):
            files.keep(PNG)
    assert stored(settings) == []
    assert StoredFile.objects.count() == 0
    files.keep(PNG)
    assert len(stored(settings)) == 1


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.pdf", "vide"),
        (b"MZ\x90\x00", "a.pdf", "programme"),
        (b"x" * 2_000_000, "a.txt", "dépasse"),
        (b"<html><script>", "a.txt", "Nous ne pouvons pas lire"),
        (b"PK\x03\x04" + b"\0" * 50, "a.zip", "abîmé"),
    ],
)
def test_the_form_says_why_it_does_not_take_a_file(content: bytes, name: str, said: str) -> None:
    verdict = judge(content, name, max_bytes=1024 * 1024)
    assert not verdict.accepted
    assert said in verdict.reason

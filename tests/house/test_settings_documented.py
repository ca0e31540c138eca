"""Every setting is in docs/exploiter.md, and nothing there is a setting of the past."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""["'](GUICHET_[A-Z0-9_]+|DATABASE_URL)["']""")
ROW = re.compile(r"^\| `([A-Z0-9_]+)`", re.MULTILINE)


def read_by_the_code() -> set[str]:
    """Names of the environment that the product reads, wherever it does."""
    return {name for file in (ROOT / "guichet").rglob("*.py") for name in READ.findall(file.read_text())}


def documented() -> list[str]:
    return ROW.findall((ROOT / "docs" / "exploiter.md").read_text())


def test_every_setting_is_documented_once() -> None:
    names = documented()
    assert len(names) == len(set(names))
    settings_only = {"GUICHET_HOME"}  # proof that the reading finds something
    assert settings_only <= read_by_the_code()
    assert set(names) == read_by_the_code()

"""What must never be in the tree: long files, places of one machine, secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import guichet

ROOT = Path(guichet.__file__).parent.parent
SKIPPED = {".git", ".venv", "data", "build", "node_modules", "__pycache__", "vendor", "payloads"}
SKIPPED |= {".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis", ".pytest_cache"}
LONGEST = 400

# Written in two parts, so that this file is not found by its own search.
MACHINE = re.compile("(?<![a-z.])/(?:wo" + "rk|ro" + "ot|ho" + "me/[a-z]|opt/py" + "pi|Us" + "ers)/")
REGISTRY = re.compile(
    "(--(?:extra-)?index-" + "url|--trusted-" + "host|find-" + "links|//[^ ]*/sim" + "ple/?$|registry" + r"\.[a-z])",
    re.M,
)
SECRET = re.compile(
    "-----BEGIN [A-Z ]*PRIVATE" + " KEY|AK" + "IA[0-9A-Z]{16}|gh" + "[pousr]_[A-Za-z0-9]{30}|glp" + "at-[\\w-]{20}"
    "|xox" + "[abp]-[\\w-]{10}|sk" + "-[A-Za-z0-9]{32}|ey" + "J[\\w-]{20,}\\.ey" + "J[\\w-]{20,}"
)


def texts() -> list[Path]:
    found = []
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if path.is_file() and not SKIPPED & set(inside) and path.suffix not in {".woff2", ".png", ".ico"}:
            found.append(path)
    return found


TEXTS = texts()


@pytest.mark.parametrize("path", sorted((ROOT / "guichet").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize(
    ("forbidden", "guilty"),
    [
        (MACHINE, "/wo" + "rk/x"),
        (REGISTRY, "--index-" + "url x"),
        (SECRET, "-----BEGIN RSA PRIVATE" + " KEY-----"),
    ],
    ids=["machine", "registry", "secret"],
)
def test_nothing_of_one_machine_and_no_secret(forbidden: re.Pattern[str], guilty: str) -> None:
    assert forbidden.search(guilty)
    assert len(TEXTS) > 200
    found = []
    for path in TEXTS:
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in forbidden.finditer(text)]
    assert not found


# « ² » is a digit and no number, and forty digits are no key: see `key_of` and `number_of` in guichet.core.text.
BARE_DIGITS = re.compile(r"\bint\(([^()]+)\)[^\n]*\bisdigit\(\)")


@pytest.mark.parametrize("app", ["citizens", "desk", "noa", "portal"])
def test_what_visitors_type_is_not_made_a_number_by_its_digits(app: str) -> None:
    assert BARE_DIGITS.search("pk=int(pk) if pk.isdigit() else 0")
    found = {
        f"{path.name}: {match.group()}"
        for path in (ROOT / "guichet" / app).rglob("*.py")
        for match in BARE_DIGITS.finditer(path.read_text())
    }
    assert not found


def test_no_key_is_written_in_the_settings() -> None:
    """What is secret comes from the environment; the only constant is said to be for tests."""
    text = (ROOT / "guichet" / "settings.py").read_text()
    constants = re.findall(r'^\s*(?:\w*(?:KEY|PASSWORD|SECRET)\w*)\s*=\s*"([^"]+)"', text, re.MULTILINE)
    assert all("only-for-tests" in constant for constant in constants)

"""Only actions write. Whoever else may, and why, is listed here."""

from __future__ import annotations

import ast
from pathlib import Path

import guichet

ROOT = Path(guichet.__file__).parent
WRITES = frozenset(
    {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
     "acreate", "aupdate", "adelete", "asave"}
)  # fmt: skip
ROWS = frozenset({"insert", "insert_missing", "number", "tell", "write"})  # of core/rows.py: statements written by hand
# Modules that are actions under another name; the rest of the tree only reads.
WRITERS = {
    "accounts/machines.py": "a machine user is made the first time it acts",
    "accounts/models.py": "the manager that hashes a password; the session store of Django",
    "accounts/own.py": "actions of an agent on his own login",
    "cases/clocks.py": "part of the actions on a case, which call it inside their transaction",
    "cases/reading.py": "claims a file and notes the words that were read",
    "cases/scanning.py": "claims a file and notes what the scanner said",
    "cases/sending.py": "part of the actions that write to the citizen",
    "core/files.py": "keeps bytes and their row",
    "core/photographs.py": "a picture saved in memory",
    "core/openid/dialogue.py": "the session of who comes back, before the provider is asked",
    "journal/watching.py": "how far a watcher has read",
    "noa/proof.py": "part of the actions of a conversation, which call it inside their transaction",
    "knowledge/pictures.py": "a picture saved in memory",
    "notices/tasks.py": "actions of the clock",
    "notices/watchers.py": "actions that follow an event",
    "outbox/sending.py": "claims a delivery and notes its outcome",
    "people/models.py": "a phone number keeps its reversed digits beside it",
}
# Not the database: a dictionary, a hash, a counter.
HARMLESS = {
    "data.update",
    "hashlib.update",
    "digest.update",
    "context.update",
    "letters.update",
    "seen.update",
    "held.update",
}


def written(path: Path) -> list[str]:
    """« receiver.method » of each call that writes, with its line."""
    tree = ast.parse(path.read_text())
    rows = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "guichet.core.rows"
        for alias in node.names
        if alias.name in ROWS
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        said = ast.unparse(node.func)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        by_hand = said in rows or said in {f"rows.{name}" for name in ROWS}
        if by_hand or (called in WRITES and said not in HARMLESS):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno} {said}")
    return found


def may_write(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    return (
        inside.name == "actions.py"
        or "actions" in inside.parts[:-1]
        or inside.parts[0] in {"demo", "channels", "hosting"}  # bulk history; no database there
        or inside.parts[:2] == ("understanding", "answers")  # dictionaries and counters; no database there
        or "migrations" in inside.parts
    )


def test_only_actions_write() -> None:
    found = {path.relative_to(ROOT).as_posix(): written(path) for path in ROOT.rglob("*.py") if not may_write(path)}
    unlisted = [line for name, lines in found.items() if name not in WRITERS for line in lines]
    assert not unlisted
    assert {name for name in WRITERS if not found.get(name)} == set(), "listed, and writes nothing"


def test_faces_forms_and_policies_are_never_listed() -> None:
    for name in WRITERS:
        parts = Path(name).parts
        assert parts[0] not in {"portal", "desk", "gateway"}
        assert parts[-1] not in {"views.py", "forms.py", "policy.py"}
        assert "views" not in parts


def test_raw_sql_writes_only_where_it_is_known() -> None:
    """Nothing goes around the models but what is counted, swept or marked in one statement."""
    writers = set()
    for path in ROOT.rglob("*.py"):
        if may_write(path):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = node.value.split()[:2]
                if words[:2] in (["INSERT", "INTO"], ["DELETE", "FROM"]) or words[:1] == ["UPDATE"]:
                    writers.add(path.relative_to(ROOT).as_posix())
    assert writers == {
        "cases/reading.py",  # adds the words of a document to those of its cases
        "core/rows.py",  # makes the statements of actions
        "core/limits.py",  # counts tries, across processes
        "core/tasks.py",  # sweeps what has expired
        "journal/watching.py",  # the first mark of a watcher
    }

"""The search of the desk: numbers, addresses, telephones, names, and the words of messages and notes.

Only cases the agent may see come back, and only their persons. Each question is bounded: see docs/decisions/0008.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models.functions import Left
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Case, Interaction
from guichet.cases.policy import Viewer, rights, viewer_of
from guichet.core import reference
from guichet.core.kept import Kept
from guichet.core.phones import normalise
from guichet.core.rows import ask
from guichet.core.text import fold, one_line
from guichet.people.models import ContactPoint, Person
from guichet.people.spelling import alike

AT_MOST = 30
PEOPLE_AT_MOST = 200
PEOPLE_SHOWN = 8
LONGEST = 120
RARE = 6000  # cases a word is believed to be in, up to which they are all looked at
WALK = 8_000  # else: the latest cases looked at, among those the agent may see
READ = 4000  # characters of an exchange looked at for what is shown
AROUND = 70  # characters shown on each side of what was found
WEIGHTS = {"messages": "AB", "notes": "C", "pieces": "D"}


@dataclass(frozen=True, slots=True)
class Filters:
    state: str = ""  # "ouvertes", "terminees"
    days: int = 0
    channel: str = ""
    team: int = 0
    kind: str = ""  # a key of WEIGHTS


@dataclass(frozen=True, slots=True)
class Hit:
    case: Case
    before: str = ""
    found: str = ""
    after: str = ""


@dataclass(slots=True)
class Found:
    people: list[Person] = field(default_factory=list)
    hits: list[Hit] = field(default_factory=list)
    more: bool = False  # there are others than those shown
    limited: bool = False  # only the latest cases were looked at
    corrected: list[str] = field(default_factory=list)  # names that are not spelled as asked


def case_numbered(text: str, user: User) -> Case | None:
    number = reference.check(text)
    return Case.objects.visible_to(user).filter(reference=number).first() if number else None


FOUND = Kept(
    lambda among, *given: Case.objects.filter(rights("", *given), id__among=among)
    .select_related("person", "topic", "assignee", "team").order_by("-received_at", "-id")[: AT_MOST + 1]
)  # fmt: skip
NAMED = Kept(lambda among: Person.objects.filter(id__among=among).order_by("sort_key", "pk"))


def search(text: str, user: User, filters: Filters = Filters()) -> Found:
    """What the words lead to, the latest cases first."""
    text = one_line(text)[:LONGEST]
    result = Found()
    viewer = viewer_of(user)
    if viewer is None or len(fold(text)) < 2:
        return result
    people, result.corrected = ([], []) if filters.kind else _people(text)
    numbers: list[int] = []
    if people:
        family = _family(people)
        result.people = NAMED(_seen(family, viewer, PEOPLE_SHOWN))
        numbers += _cases("c.person_id = ANY(%s::bigint[])", [family], viewer, filters)
    if number := reference.check(text):
        numbers += _cases("c.reference = %s", [number], viewer, filters)
    if not _is_address(text) and (query := _tsquery(text, filters.kind)):
        found, result.limited = _texts(query, viewer, filters)
        numbers += found
    wanted = list(dict.fromkeys(numbers))
    cases = FOUND(wanted, *viewer.given)
    result.more = len(cases) > AT_MOST
    result.hits = _excerpts(cases[:AT_MOST], text, filters.kind)
    return result


# -- persons ----------------------------------------------------------------------------------------------------------


def _is_address(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return "@" in text or (digits >= 4 and not any(c.isalpha() for c in text))


def _people(text: str) -> tuple[list[int], list[str]]:
    """Numbers of records, and the names taken instead of what was typed."""
    points = ContactPoint.objects.order_by("-pk").values_list("person_id", flat=True)
    if "@" in text:
        return list(points.filter(kind="email", value=text.lower())[:PEOPLE_AT_MOST]), []
    if _is_address(text):
        digits = "".join(c for c in text if c.isdigit())
        number = normalise(text) if len(digits) >= 9 else None
        ending = (number or digits).lstrip("+")[::-1]
        return list(points.filter(kind="phone", reversed_digits__startswith=ending)[:PEOPLE_AT_MOST]), []
    words = re.findall(r"[a-z0-9]+", fold(text))[:5]
    if not words or len("".join(words)) < 2:
        return [], []
    if found := _named([[f"{word}:*"] for word in words]):
        return found, []
    near = [alike(word) for word in words]
    if not all(near):
        return [], []
    return _named(near), [word for some in near for word in some[:1]]


def people(text: str, user: User) -> list[Person]:
    """Records that answer these words, among those this user may see; their contact points come with them."""
    found, _ = _people(one_line(text)[:LONGEST])
    viewer = viewer_of(user)
    seen = _seen(_family(found), viewer, AT_MOST) if viewer else []
    return list(Person.objects.filter(pk__in=seen).prefetch_related("contact_points").order_by("sort_key", "pk"))


def _seen(family: list[int], viewer: Viewer, at_most: int) -> list[int]:
    """Of these records the living ones this user may see, by name: as `people_visible_to`, from the few that were found
    to their cases. The other way round reads every case of his teams."""
    allowed, given = _rights(viewer)
    case = (
        f"LATERAL (SELECT 1 FROM cases_case AS c WHERE c.person_id = p.id AND c.sensitivity <= %s AND {allowed} "  # noqa: S608
        "LIMIT 1) AS seen"
    )
    rows = ask(
        "SELECT living.id FROM (SELECT DISTINCT coalesce(p.merged_into_id, p.id) AS id FROM people_person AS p"  # noqa: S608
        f"{'' if viewer.everything else ', ' + case} WHERE p.id = ANY(%s::bigint[]) OFFSET 0) AS root "
        "JOIN people_person AS living ON living.id = root.id AND living.merged_into_id IS NULL "
        f"ORDER BY living.sort_key, living.id LIMIT {at_most}",
        [family] if viewer.everything else [viewer.clearance, *given, family],
    )
    return [pk for (pk,) in rows]


def _named(words: list[list[str]]) -> list[int]:
    """Records with one of each, in any order."""
    query = " & ".join(f"({' | '.join(some)})" for some in words)
    rows = ask(
        "SELECT id FROM (SELECT id, sort_key FROM people_person "
        "WHERE to_tsvector('pg_catalog.simple', search_key) @@ to_tsquery('pg_catalog.simple', %s) "
        "LIMIT 5000) AS named ORDER BY sort_key, id LIMIT %s",
        [query, PEOPLE_AT_MOST],
    )
    return [pk for (pk,) in rows]


def _family(found: list[int]) -> list[int]:
    """With the records they are merged into, and those merged into these."""
    rows = ask(
        "WITH root AS (SELECT DISTINCT coalesce(merged_into_id, id) AS id FROM people_person "
        "WHERE id = ANY(%s::bigint[])) "
        "SELECT id FROM root UNION SELECT p.id FROM people_person AS p JOIN root ON p.merged_into_id = root.id",
        [found],
    )
    return [pk for (pk,) in rows]


# -- words ------------------------------------------------------------------------------------------------------------


def _tsquery(text: str, kind: str) -> str:
    """All the words, stemmed with and without accents; the last may be a beginning. "" when none counts."""
    words = re.findall(r"\w+", text)[:8]
    parts, values = [], []
    for place, word in enumerate(words):
        part = "plainto_tsquery('pg_catalog.french', %s) || plainto_tsquery('pg_catalog.french', %s)"
        values += [word, fold(word)]
        if place == len(words) - 1 and len(word) >= 4 and word.isalpha():
            part += " || to_tsquery('pg_catalog.simple', %s)"
            values.append(f"{fold(word)}:*")
        parts.append(f"({part})")
    if not parts:
        return ""
    [(query,)] = ask(f"SELECT ({' && '.join(parts)})::text", values)
    if kind:
        query = re.sub(r"('(?:[^']|'')*')(?::(\*))?", lambda m: f"{m[1]}:{m[2] or ''}{WEIGHTS[kind]}", query)
    return str(query)


def _where(viewer: Any, filters: Filters) -> tuple[str, list[Any]]:
    """Rights but the teams, and filters, on the case « c »."""
    parts, values = ["c.sensitivity <= %s"], [viewer.clearance]
    if filters.state:
        parts.append(f"c.closed_at IS {'NULL' if filters.state == 'ouvertes' else 'NOT NULL'}")
    if filters.days:
        parts.append("c.received_at >= %s")
        values.append(timezone.now() - timedelta(days=filters.days))
    if filters.channel:
        parts.append("c.channel = %s")
        values.append(filters.channel)
    if filters.team:
        parts.append("c.team_id = %s")
        values.append(filters.team)
    return " AND ".join(parts), values


def _rights(viewer: Any) -> tuple[str, list[Any]]:
    if viewer.everything:
        return "true", []
    return "(c.team_id = ANY(%s::bigint[]) OR c.assignee_id = %s)", [sorted(viewer.teams), viewer.user_id]


def _cases(condition: str, given: list[Any], viewer: Any, filters: Filters) -> list[int]:
    """The latest cases of which a narrow condition holds. They are found by it, whatever the planner believes: reading
    the latest of all until thirty fit may read a hundred thousand."""
    where, values = _where(viewer, filters)
    rights, more = _rights(viewer)
    rows = ask(
        f"SELECT c.id FROM (SELECT * FROM cases_case AS c WHERE {condition} OFFSET 0) AS c "  # noqa: S608
        f"WHERE {where} AND {rights} "
        f"ORDER BY c.received_at DESC, c.id DESC LIMIT {AT_MOST + 1}",
        [*given, *values, *more],
    )
    return [pk for (pk,) in rows]


def _texts(query: str, viewer: Any, filters: Filters) -> tuple[list[int], bool]:
    """A rare word: all its cases. A common one: the latest cases, read back until there are enough."""
    [(plan,)] = ask("EXPLAIN (FORMAT JSON) SELECT 1 FROM cases_casewords WHERE words @@ %s::tsquery", [query])
    if plan[0]["Plan"]["Plan Rows"] <= RARE:
        among = "c.id IN (SELECT case_id FROM cases_casewords WHERE words @@ %s::tsquery OFFSET 0)"
        return _cases(among, [query], viewer, filters), False
    where, values = _where(viewer, filters)
    order = "ORDER BY c.received_at DESC, c.id DESC"
    match = "JOIN cases_casewords AS w ON w.case_id = latest.id WHERE w.words @@ %s::tsquery"
    end = f"ORDER BY latest.received_at DESC, latest.id DESC LIMIT {AT_MOST + 1}"

    def walk(who: str, at_most: int, cases: str = "cases_case") -> str:
        return (
            f"SELECT latest.id, latest.received_at FROM (SELECT c.id, c.received_at FROM {cases} AS c "  # noqa: S608
            f"WHERE {who} AND {where} {order} LIMIT {at_most}) AS latest {match} {end}"
        )

    if viewer.everything:
        sql, given = walk("true", WALK), [*values, query]
        looked = WALK
    else:
        teams = sorted({filters.team} & viewer.teams) if filters.team else sorted(viewer.teams)
        looked = max(300, WALK // (len(teams) + 1))
        # Nearly all that he holds is in his teams: his latest first, then those outside, not the other way round.
        his = f"(SELECT * FROM cases_case AS c WHERE c.assignee_id = %s {order} LIMIT {WALK})"  # noqa: S608
        outside = "NOT (c.team_id = ANY(%s::bigint[]) AND c.team_id IS NOT NULL)"
        sql = (
            f"(SELECT line.* FROM unnest(%s::bigint[]) AS its (team), "  # noqa: S608
            f"LATERAL ({walk('c.team_id = its.team', looked)}) AS line) UNION ALL ({walk(outside, looked, his)})"
        )
        given = [teams, *values, query, viewer.user_id, sorted(viewer.teams), *values, query]
    rows = ask(
        f"SELECT id FROM ({sql}) AS found (id, received_at) ORDER BY received_at DESC, id DESC LIMIT {AT_MOST + 1}",  # noqa: S608
        given,
    )
    return [pk for (pk,) in rows], len(rows) <= AT_MOST


# -- what is shown ----------------------------------------------------------------------------------------------------


def _excerpts(cases: list[Case], text: str, kind: str) -> list[Hit]:
    """Where one of the words stands, in the latest exchange that holds it."""
    words = [word for word in re.findall(r"\w+", fold(text)) if len(word) > 2]
    shown: dict[int, tuple[str, str, str]] = {}
    if words and cases and not _is_address(text):
        pattern = _pattern(words)
        exchanges = Interaction.objects.filter(case__in=[case.pk for case in cases]).order_by("-at", "-id")
        if kind == "notes":
            exchanges = exchanges.filter(direction=Interaction.Direction.NOTE)
        said = exchanges.annotate(start=Left("text", READ)).values_list("case_id", "start")
        for case_id, start in said[: AT_MOST * 6] if kind != "pieces" else ():
            if case_id not in shown and (match := pattern.search(start)):
                shown[case_id] = _around(start, *match.span())
        if missing := [case.pk for case in cases if case.pk not in shown]:
            for case_id, name, start in _documents(missing):
                if case_id not in shown and (match := pattern.search(start)):
                    before, found, after = _around(start, *match.span())
                    shown[case_id] = (f"{name} : {before}", found, after)
    return [Hit(case, *shown.get(case.pk, ("", "", ""))) for case in cases]


def _documents(cases: list[int]) -> list[tuple[int, str, str]]:
    """What the latest documents of these cases say first: (case, name, text)."""
    return ask(
        "SELECT i.case_id, a.name, left(w.text, %s) FROM cases_interaction i "
        "JOIN cases_attachment a ON a.interaction_id = i.id JOIN core_filewords w ON w.file_id = a.file_id "
        "WHERE i.case_id = ANY(%s::bigint[]) ORDER BY i.at DESC LIMIT %s",
        [READ * 5, cases, AT_MOST * 3],
    )


# One letter as it is written with its accents.
_WRITTEN = {"a": "aàâäáã", "c": "cç", "e": "eéèêë", "i": "iïîí", "n": "nñ", "o": "oôöóõ", "u": "uùûüú", "y": "yÿ"}


def _pattern(words: list[str]) -> re.Pattern[str]:
    """A word of a text that begins like one of these (folded), its ending apart."""
    begins = (word[: max(4, len(word) - 2)] for word in words)
    written = ("".join(f"[{_WRITTEN[c]}]" if c in _WRITTEN else re.escape(c) for c in begin) for begin in begins)
    return re.compile(rf"\b(?:{'|'.join(written)})\w*", re.IGNORECASE)


def _around(said: str, start: int, end: int) -> tuple[str, str, str]:
    first, last = max(0, start - AROUND), min(len(said), end + AROUND)
    before, after = one_line(said[first:start]), one_line(said[end:last])
    gap = " " if said[start - 1 : start].isspace() else ""
    tail = " " if said[end : end + 1].isspace() else ""
    return ("…" if first else "") + before + gap, said[start:end], tail + after + ("…" if last < len(said) else "")

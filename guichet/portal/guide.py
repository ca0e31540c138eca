"""The guide des aides as it is read: its shelves, and the four questions that find one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from guichet.core.calendar import paris_day
from guichet.core.identifiers import DEPARTMENTS
from guichet.knowledge.models import Article, Kind, Profile, SeasonEvent, Theme
from guichet.portal.sheets import ages_said, live_of, published

ELSEWHERE = "ailleurs"
CONDITIONS_SHOWN = 3
_ICONS = {
    Profile.PUPIL: "backpack", Profile.APPRENTICE: "hammer", Profile.STUDENT: "library",
    Profile.JOB_SEEKER: "briefcase", Profile.EMPLOYEE: "id-card", Profile.COMPANY: "factory",
    Profile.ASSOCIATION: "users-round", Profile.FARMER: "tractor", Profile.TOWN: "landmark", Profile.ARTIST: "shapes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shelf:
    code: str
    label: str
    count: int
    address: str
    icon: str = ""


def aids() -> list[Article]:
    """All of them, without their long text."""
    rows = published().filter(kind=Kind.AID).defer("live__body")
    return list(rows.order_by("position", "live__title", "pk"))


def profiles(found: Iterable[Article]) -> list[Shelf]:
    """Who can look for an aid: those who would find one."""
    counts = Counter(code for article in found for code in set(live_of(article).profiles))
    return [
        Shelf(p.value, p.label, counts[p], reverse("portal:aids_of_profile", args=[p.value]), _ICONS[p])
        for p in Profile
        if counts[p]
    ]


def themes(found: Iterable[Article]) -> list[Shelf]:
    counts = Counter(code for article in found for code in set(live_of(article).themes))
    return [
        Shelf(t.value, t.label, counts[t], reverse("portal:aids_of_theme", args=[t.value])) for t in Theme if counts[t]
    ]


def season() -> SeasonEvent | None:
    """What the banner says today: of several events, the one whose day comes first."""
    today = paris_day(timezone.now())
    shown = SeasonEvent.objects.filter(shown_from__lte=today, shown_until__gte=today).select_related("article__live")
    return shown.order_by("day", "pk").first()


def season_article(event: SeasonEvent | None) -> Article | None:
    """Where its link leads: only to what may be read now."""
    if event is None or event.article_id is None:
        return None
    return published().filter(Q(pk=event.article_id)).first()


# -- the four questions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was answered; empty or None: not said."""

    profile: str = ""
    age: int | None = None
    department: str = ""
    theme: str = ""

    @property
    def says_something(self) -> bool:
        return bool(self.profile or self.age is not None or self.department or self.theme)


@dataclass(slots=True)
class Proposal:
    article: Article
    reasons: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)  # why it is not for this person

    def weigh(self, known: bool, holds: bool, reason: str, against: str, unsure: str) -> None:
        """One criterion of the aid against one answer."""
        if not known:
            self.unsure.append(unsure)
        elif holds:
            self.reasons.append(reason)
        else:
            self.against.append(against)


def find(wanted: Wanted, among: Iterable[Article]) -> tuple[list[Proposal], list[Proposal]]:
    """Those that may be for this person, the surest first, and those that are not, each with its reasons.

    The theme chooses, it excludes nobody: an aid of another theme is in neither list.
    """
    mine: list[Proposal] = []
    not_mine: list[Proposal] = []
    for article in among:
        if wanted.theme and wanted.theme not in live_of(article).themes:
            continue
        proposal = _compare(article, wanted)
        (not_mine if proposal.against else mine).append(proposal)
    return sorted(mine, key=lambda p: -len(p.reasons)), not_mine


def _compare(article: Article, wanted: Wanted) -> Proposal:
    version = live_of(article)
    proposal = Proposal(article)
    if version.profiles:
        names = ", ".join(Profile(code).label.lower() for code in version.profiles if code in Profile.values)
        mine = Profile(wanted.profile).label.lower() if wanted.profile else ""
        proposal.weigh(
            bool(wanted.profile),
            wanted.profile in version.profiles,
            f"Elle concerne votre profil\u00a0: {mine}.",
            f"Elle est pour d’autres profils\u00a0: {names}.",
            f"Elle est pour certains profils\u00a0: {names}.",
        )
    if ages := version.aid.get("ages"):
        said = ages_said(ages)
        age = wanted.age
        proposal.weigh(age is not None, age is not None and ages[0] <= age <= ages[1],
                       f"{said}\u00a0: vous avez {age}\u00a0ans.", f"{said}\u00a0: vous avez {age}\u00a0ans.",
                       f"{said}\u00a0: nous ne savons pas votre âge.")  # fmt: skip
    _compare_place(proposal, version.departments, wanted.department)
    if wanted.theme:
        proposal.reasons.append(f"Elle porte sur le thème choisi\u00a0: {Theme(wanted.theme).label.lower()}.")
    conditions = version.aid.get("conditions", [])
    proposal.unsure += [f"À vérifier\u00a0: {condition}." for condition in conditions[:CONDITIONS_SHOWN]]
    if version.uncertain:
        proposal.unsure.append(version.uncertain)
    return proposal


def _compare_place(proposal: Proposal, departments: list[str], mine: str) -> None:
    names = ", ".join(DEPARTMENTS.get(code, code) for code in departments)
    if departments:
        only = f"Elle n’existe que dans ces départements\u00a0: {names}."
        here = f"Elle existe dans votre département\u00a0: {DEPARTMENTS.get(mine)}."
        proposal.weigh(bool(mine), mine in departments, here, only, only)
    elif mine == ELSEWHERE:
        proposal.unsure.append("Vous habitez une autre région\u00a0: lisez les conditions.")
    elif mine:
        here = f"{_BEFORE.get(mine, 'en')} {DEPARTMENTS[mine]}"
        proposal.reasons.append(f"Elle existe dans toute la région, donc {here}.")


_BEFORE = {"40": "dans les", "47": "dans le", "64": "dans les", "79": "dans les"}  # the others take « en »

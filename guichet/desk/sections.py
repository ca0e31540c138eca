"""The settings of the desk: one section a kind of row, its list, its form, what its history is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, Q, QuerySet

from guichet.accounts.models import User
from guichet.cases.models import ReplyTemplate
from guichet.desk.forms.agents import AgentForm, TemplateForm
from guichet.desk.forms.settings import BodyForm, ClosureForm, CommitmentForm, SettingForm, TeamForm, TopicForm
from guichet.organisation.actions import drop_body, drop_commitment, open_again, tree
from guichet.organisation.models import Closure, Commitment, CompetentBody, Team, Topic

Cell = Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Section:
    """`rows` answers a search; `name` is the first cell, the link; `retired` marks what is out of use."""

    key: str
    title: str
    new: str  # « Nouvelle équipe »
    icon: str
    help: str
    form: type[SettingForm]
    subject: str  # of its events: "team" for "team:12"
    rows: Callable[[str], QuerySet[Any]]
    columns: tuple[tuple[str, Cell], ...]
    name: Cell = str
    retired: Callable[[Any], bool] = lambda row: False
    remove: Callable[[Any, User], None] | None = None  # of rows that nothing else refers to
    depth: Callable[[list[Any]], list[tuple[int, Any]]] | None = None  # a tree, when nothing is searched

    @property
    def model(self) -> type[Model]:
        return self.form._meta.model


def _found(rows: QuerySet[Any], words: str, *fields: str) -> QuerySet[Any]:
    """Each word is in one of the fields."""
    for word in words.split()[:6]:
        one = Q()
        for field in fields:
            one |= Q(**{f"{field}__icontains": word})
        rows = rows.filter(one)
    return rows


def _teams(words: str) -> QuerySet[Any]:
    rows = Team.objects.select_related("parent").annotate(members=Count("memberships", distinct=True))
    return _found(rows, words, "name", "public_name", "code", "email").order_by("position", "name")


def _topics(words: str) -> QuerySet[Any]:
    rows = Topic.objects.select_related("team", "parent")
    return _found(rows, words, "label", "citizen_label", "code").order_by("position", "label")


def _agents(words: str) -> QuerySet[Any]:
    rows = User.objects.filter(kind=User.Kind.HUMAN).prefetch_related("memberships__team")
    return _found(rows, words, "first_name", "last_name", "email", "capacity", "memberships__team__name").distinct()


def _closures(words: str) -> QuerySet[Any]:
    return _found(Closure.objects.select_related("team"), words, "reason", "team__name").order_by("-first_day", "-pk")


def _commitments(words: str) -> QuerySet[Any]:
    rows = Commitment.objects.select_related("topic")
    return _found(rows, words, "channel", "topic__label").order_by("channel", "topic__label")


def _templates(words: str) -> QuerySet[Any]:
    return _found(ReplyTemplate.objects.select_related("topic", "team"), words, "name", "text", "topic__label")


def _bodies(words: str) -> QuerySet[Any]:
    return _found(CompetentBody.objects.prefetch_related("topics"), words, "name", "competence", "email")


def _rights(user: User) -> str:
    marks = [(user.is_administrator, "administrateur"), (user.is_editor, "rédacteur"), (user.is_mailroom, "courrier")]
    return ", ".join(word for has, word in marks if has)


def _days(closure: Closure) -> str:
    if closure.first_day == closure.last_day:
        return f"{closure.first_day:%d/%m/%Y}"
    return f"du {closure.first_day:%d/%m/%Y} au {closure.last_day:%d/%m/%Y}"


def _silence(topic: Topic) -> str:
    if not topic.silence_months:
        return ""
    return f"{topic.get_silence_display().lower()} après {topic.silence_months} mois"


SECTIONS: dict[str, Section] = {
    section.key: section
    for section in (
        Section(
            "equipes", "Équipes", "Nouvelle équipe", "users-round",
            "L'organisation : heures, coordonnées, départements, boîtes aux lettres.",
            TeamForm, "team", _teams,
            (("Niveau", lambda t: t.get_kind_display()), ("Code", lambda t: t.code),
             ("Départements", lambda t: ", ".join(t.departments)), ("Agents", lambda t: t.members)),
            retired=lambda t: not t.is_active, depth=tree,
        ),
        Section(
            "fermetures", "Fermetures", "Nouvelle fermeture", "calendar",
            "Jours où une équipe, ou toute la Région, ne travaille pas : les délais promis en tiennent compte.",
            ClosureForm, "closure", _closures,
            (("Jours", _days), ("Équipe", lambda c: c.team or "Toute la Région")), name=lambda c: c.reason,
            remove=lambda row, user: open_again(row, by=user),
        ),
        Section(
            "sujets", "Sujets", "Nouveau sujet", "list-filter",
            "Pourquoi l'on écrit : mots des usagers, nature, effet du silence, équipe.",
            TopicForm, "topic", _topics,
            (("Nature", lambda t: t.get_nature_display()), ("Silence", _silence),
             ("Équipe", lambda t: t.team or ""), ("Formulaire", lambda t: "proposé" if t.is_active else "")),
            retired=lambda t: not t.is_in_use, depth=tree,
        ),
        Section(
            "engagements", "Engagements", "Nouvel engagement", "clock",
            "En combien de temps la Région promet de répondre, par canal et par sujet.",
            CommitmentForm, "commitment", _commitments,
            (("Sujet", lambda c: c.topic or "Tous"),
             ("Délai", lambda c: f"{c.amount} {c.get_unit_display()}")), name=lambda c: c.get_channel_display(),
            remove=lambda row, user: drop_commitment(row, by=user),
        ),
        Section(
            "modeles", "Modèles de réponse", "Nouveau modèle", "file-text",
            "Les textes d'où partent les réponses.",
            TemplateForm, "template", _templates,
            (("Sujet", lambda t: t.topic or "Tous"), ("Équipe", lambda t: t.team or "Toutes"),
             ("Version", lambda t: t.version)), retired=lambda t: not t.is_active,
        ),
        Section(
            "agents", "Agents et droits", "Nouvel agent", "user-round",
            "Qui se connecte, dans quelles équipes, avec quels droits.",
            AgentForm, "user", _agents,
            (("Adresse", lambda u: u.email),
             ("Équipes", lambda u: ", ".join(m.team.name for m in u.memberships.all())), ("Droits", _rights)),
            retired=lambda u: not u.is_active,
        ),
        Section(
            "organismes", "Organismes compétents", "Nouvel organisme", "landmark",
            "À qui transmettre ce qui ne relève pas de la Région.",
            BodyForm, "body", _bodies,
            (("Compétence", lambda b: b.competence), ("Départements", lambda b: ", ".join(b.departments) or "partout"),
             ("Sujets", lambda b: ", ".join(t.label for t in b.topics.all()))),
            remove=lambda row, user: drop_body(row, by=user),
        ),
    )
}  # fmt: skip

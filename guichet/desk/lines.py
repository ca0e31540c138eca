"""The lines of the list and of the queues, written at once.

Thirty of each stand beside every case: as a template included for each, they were a third of the page. Each value is
escaped here; the words are those of the mock-ups.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from html import escape  # that of Django asks each time whether the text is a translation to come

from django.utils.safestring import SafeString, mark_safe

from guichet.cases.models import Status
from guichet.core.templatetags.addresses import remembered
from guichet.core.templatetags.guichet import icon, remaining
from guichet.desk.queues import Queue, Row
from guichet.organisation.models import Channel, Topic

CHANNELS, STATES, NATURES = dict(Channel.choices), dict(Status.choices), dict(Topic.Nature.choices)
SMALL = partial(icon, css="icon--s")
URGENT = '<span class="urgente">{} urgente</span>'


def lines(rows: Iterable[Row], *, kept: str = "", opened: int | None = None) -> SafeString:
    """`kept`: what the address says of the list; `opened`: the case shown beside it."""
    before, after = remembered("desk:case", "-").rsplit("-", 1)
    return mark_safe("".join(_line(row, before, f"{after}?{kept}" if kept else after, opened) for row in rows))  # noqa: S308


def lines_of_queues(queues: Iterable[Queue], *, opened: str) -> SafeString:
    """`opened`: the key of the one whose list is shown."""
    inbox = remembered("desk:inbox")
    return mark_safe(  # noqa: S308
        "".join(
            f'<li><a href="{inbox}?{escape(queue.address)}"{_PAGE if queue.key == opened else ""}>{icon(queue.icon)} '
            f'<span class="files__nom">{escape(queue.label)}</span> '
            f'<span class="nb" data-compteur="{escape(queue.key)}">{queue.shown}</span></a></li>'
            for queue in queues
        )
    )


def _line(row: Row, before: str, after: str, opened: int | None) -> str:
    case = row.case
    number, subject = case.pk, escape(case.subject)
    name = case.person.full_name if case.person else ""
    address = escape(f"{before}{case.reference}{after}")
    chosen = number == opened
    nothing_said = NATURES.get(case.nature, case.nature) if case.is_file else "Sujet à préciser"
    topic = escape(case.topic.label if case.topic else nothing_said)
    urgent = URGENT.format(SMALL("triangle-alert")) if case.urgent and not case.is_over else ""
    return (
        f'<li class="ligne" data-demande="{number}"{" data-choisi" if chosen else ""}'
        f"{' data-nonlu' if case.unread else ''}>\n  {icon(row.icon)}\n"
        f'  <label class="ligne__case"><input type="checkbox" name="demande" value="{number}" form="lot">'
        f'<span class="sr">Cocher la demande de {escape(name or "personne inconnue")}, {subject}</span></label>\n'
        f'  <a href="{address}"{_CURRENT if chosen else ""}><span class="sr">'
        f"{escape(CHANNELS.get(case.channel, case.channel))}{', non lu' if case.unread else ''} : </span>"
        f"{escape(name or 'Personne inconnue')}</a>\n  {_clock(row)}\n"
        f'  <p class="ligne__objet">{subject}</p>\n'
        f'  <p class="ligne__bas"><span>{topic}</span>{urgent}{_who(row)}</p>\n'
        "</li>\n"
    )


_CURRENT, _PAGE = ' aria-current="true"', ' aria-current="page"'


def _clock(row: Row) -> str:
    case = row.case
    if row.clock == "aucune":
        return f'<span class="horloge">{escape(STATES.get(case.status, "")) if case.is_over else ""}</span>'
    if row.clock == "depasse":
        said = f'{SMALL("triangle-alert")}<span class="sr">dépassé : </span>'
    else:
        said = f'{SMALL("clock")}<span class="sr">reste </span>'
    tone = f" horloge--{row.clock}" if row.clock else ""
    return f'<span class="horloge{tone}">{said}{escape(remaining(case.due_at))}</span>'


def _who(row: Row) -> str:
    who = row.case.assignee
    if who is None:
        return ""
    return (
        f'<span class="qui"><span class="sr">attribuée à {escape(who.full_name)}</span>'
        f'<span aria-hidden="true">{escape(who.initials)}</span></span>'
    )

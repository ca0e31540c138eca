"""Saved views: lists an agent keeps under a name, for himself or for a team he leads."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from guichet.accounts.models import User
from guichet.accounts.policy import supervises
from guichet.cases.models import SavedView
from guichet.core.refused import NotAllowed, Refused
from guichet.core.text import one_line
from guichet.journal.actions import record
from guichet.organisation.models import Team

VIEWS_AT_MOST = 30


@transaction.atomic
def save_view(*, by: User, name: str, query: str, team: Team | None = None) -> SavedView:
    """Keep a list under a name; under a name he already has, the list is replaced."""
    name = one_line(name)[:60]
    if not name:
        raise Refused("Donnez un nom à cette vue.", status=400)
    _require_share(by, team)
    views = _his(by)
    view = next((view for view in views if view.name == name), None)
    if view is None:
        if len(views) >= VIEWS_AT_MOST:
            raise Refused(f"Vous avez déjà {VIEWS_AT_MOST} vues : supprimez-en une d'abord.")
        last = SavedView.objects.filter(owner=by).aggregate(last=Max("position"))["last"]
        view = SavedView(owner=by, name=name, position=0 if last is None else last + 1)
    view.query, view.team = query[:300], team
    view.save()
    record("view.saved", by=by, subject=f"view:{view.pk}", team=team.pk if team else None)
    return view


@transaction.atomic
def change_view(view: SavedView, *, by: User, name: str, team: Team | None) -> None:
    view = _own(view, by)
    name = one_line(name)[:60]
    if not name:
        raise Refused("Donnez un nom à cette vue.", status=400)
    if any(other.name == name and other.pk != view.pk for other in _his(by)):
        raise Refused("Vous avez déjà une vue de ce nom.")
    if team is not None and team.pk != view.team_id:
        _require_share(by, team)
    view.name, view.team = name, team
    view.save(update_fields=["name", "team"])
    record("view.saved", by=by, subject=f"view:{view.pk}", team=team.pk if team else None)


@transaction.atomic
def move_view(view: SavedView, *, by: User, up: bool) -> None:
    """One place up or down among his own."""
    view = _own(view, by)
    views = _his(by)
    place = next(n for n, other in enumerate(views) if other.pk == view.pk)
    other = place - 1 if up else place + 1
    if 0 <= other < len(views):
        views[place], views[other] = views[other], views[place]
    for position, one in enumerate(views):
        one.position = position
    SavedView.objects.bulk_update(views, ["position"])


@transaction.atomic
def delete_view(view: SavedView, *, by: User) -> None:
    view = _own(view, by)
    record("view.deleted", by=by, subject=f"view:{view.pk}")
    view.delete()


def _his(by: User) -> list[SavedView]:
    return list(SavedView.objects.select_for_update(of=("self",)).filter(owner=by).order_by("position", "pk"))


def _own(view: SavedView, by: User) -> SavedView:
    found = SavedView.objects.select_for_update(of=("self",)).filter(pk=view.pk, owner=by).first()
    if found is None:
        raise NotAllowed("Seule la personne qui a créé cette vue peut la changer.")
    return found


def _require_share(by: User, team: Team | None) -> None:
    if team is not None and not supervises(by, team):
        raise NotAllowed("Seul le responsable d'une équipe peut partager une vue avec elle.")

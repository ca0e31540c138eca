"""The same act on many dossiers: previewed one by one, confirmed, done one by one; doubts are left to be seen alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Interaction
from guichet.core.refused import Refused
from guichet.demo.procedures import FOLDER, load
from guichet.journal.models import Event
from guichet.people.models import Person
from guichet.procedures import actions as do
from guichet.procedures.models import Dossier, DossierBatch, Opinion, Piece, PieceFile, Procedure
from tests.factories import Region
from tests.house.lived import agent
from tests.procedures.conftest import STUDENT, citizen, fill
from tests.procedures.test_life import ALL, accept_all, send, to_committee

Officers = tuple[User, User]
Many = Callable[..., list[Dossier]]
pytestmark = pytest.mark.django_db


@pytest.fixture
def many(mobility: Procedure, region: Region) -> Many:
    """Dossiers of as many persons, each with its documents."""

    def make(count: int, *, pieces: tuple[str, ...] = ALL, **changes: str) -> list[Dossier]:
        found = []
        for _ in range(count):
            number = Person.objects.count()
            person = citizen("Camille", f"Duprat{number}", f"c{number}@courriel.example")
            draft = fill(do.begin(mobility, person), person, {**STUDENT, **changes})
            send(draft, person, *pieces)
            found.append(do.file_dossier(draft, person=person, address=f"c{number}@courriel.example"))
        return found

    return make


def previewed(by: User, verb: str, dossiers: list[Dossier], **params: Any) -> DossierBatch:
    batch = do.choose_dossiers([dossier.pk for dossier in dossiers], by=by)
    do.prepare_dossiers(batch, verb, params, by=by)
    return DossierBatch.objects.get(pk=batch.pk)


def carried_out(batch: DossierBatch) -> dict[int, tuple[str, str]]:
    waiting = batch.items.filter(state="waiting").count()
    do.confirm_dossiers(batch, by=batch.owner, count=waiting)
    while do.work_dossier_batches():
        pass
    return {item.dossier_id: (item.state, item.why) for item in batch.items.all()}


def whys(batch: DossierBatch) -> dict[int, str]:
    return dict(batch.items.values_list("dossier_id", "why"))


def test_documents_are_accepted_where_all_came_and_none_is_in_doubt(many: Many, officers: Officers) -> None:
    leo, _ = officers
    good, blurred, infected, lacking, refused = many(5)
    early = many(1)[0]
    for dossier in (good, blurred, infected, lacking, refused):
        do.declare_admissible(dossier, by=leo)
    PieceFile.objects.filter(piece__dossier=blurred, piece__code="ceam").update(warning="L'image est sombre.")
    file = infected.pieces.get(code="rib").files.get().file
    type(file).objects.filter(pk=file.pk).update(scan="infected")
    good.pieces.get(code="rib").files.update(file=good.pieces.get(code="ceam").files.get().file)
    for other in (blurred, lacking, refused):
        other.pieces.get(code="rib").files.update(file=other.pieces.get(code="ceam").files.get().file)
    Piece.objects.filter(dossier=lacking, code="convention").update(state="missing")
    do.judge(refused.pieces.get(code="identite"), by=leo, accepted=False, reason="Floue.")
    batch = previewed(leo, "accept", [good, blurred, infected, lacking, refused, early])
    said = whys(batch)
    assert said[good.pk] == ""
    assert "L'image est sombre" in said[blurred.pk]
    assert "antivirus" in said[infected.pk]
    assert "à envoyer" in said[lacking.pk]
    assert "à renvoyer" in said[refused.pk]
    assert "recevabilité" in said[early.pk]
    item = batch.items.get(dossier=good)
    assert item.before.startswith("3/7") and item.after.startswith("4/7")
    assert "4 documents acceptés" in item.effect and "délai légal court toujours" in item.effect
    assert item.amount_cents
    assert Dossier.objects.get(pk=good.pk).phase == "documents"  # nothing was done
    assert carried_out(batch)[good.pk] == ("done", "")
    good.refresh_from_db()
    assert good.phase == "appraisal" and set(good.pieces.exclude(state="later").values_list("state")) == {("accepted",)}
    assert Dossier.objects.filter(phase="appraisal").count() == 1


def test_what_changed_since_the_preview_is_left_out_and_told(many: Many, officers: Officers) -> None:
    leo, julien = officers
    kept, changed = many(2)
    for dossier in (kept, changed):
        do.declare_admissible(dossier, by=leo)
        accept_all(dossier, by=leo)
    batch = previewed(leo, "advance", [kept, changed])
    do.assign(changed, julien, by=julien)
    done = carried_out(batch)
    assert done[kept.pk][0] == "done"
    assert done[changed.pk][0] == "failed" and "a changé depuis" in done[changed.pk][1]
    changed.refresh_from_db()
    assert changed.phase == "documents"
    assert Event.objects.filter(verb="dossier.complete").count() == 1


def test_a_count_that_is_not_the_one_shown_is_read_again(many: Many, officers: Officers) -> None:
    batch = previewed(officers[0], "advance", many(2))
    with pytest.raises(Refused, match="relisez"):
        do.confirm_dossiers(batch, by=officers[0], count=5)
    assert do.work_dossier_batches() == 0


def test_a_request_with_an_unmet_condition_is_looked_at_alone(many: Many, officers: Officers) -> None:
    good = many(1)[0]
    old = many(1, date_naissance="1980-01-01")[0]
    batch = previewed(officers[0], "advance", [good, old])
    assert whys(batch)[good.pk] == "" and "n'est pas remplie" in whys(batch)[old.pk]
    carried_out(batch)
    assert {good.pk} == set(Dossier.objects.filter(phase="documents").values_list("pk", flat=True))


def test_each_is_asked_for_its_own_missing_documents(many: Many, officers: Officers) -> None:
    leo, _ = officers
    first, second = many(1, pieces=("convention", "ceam", "identite"))[0], many(1, pieces=("ceam", "rib"))[0]
    whole = many(1)[0]
    until = timezone.localdate() + timedelta(days=15)
    batch = previewed(leo, "ask", [first, second, whole], until=until.isoformat(), text="Bonjour,")
    said = {item.dossier_id: item for item in batch.items.all()}
    assert "Aucun document ne manque" in said[whole.pk].why
    assert "suspendu jusqu'au" in said[second.pk].effect  # the agreement is indispensable
    assert "Convention" in said[second.pk].effect and "Convention" not in said[first.pk].effect
    assert "court toujours" in said[first.pk].effect
    assert not Interaction.objects.filter(kind="pieces").exists()
    carried_out(batch)
    letters = {i.case_id: i.text for i in Interaction.objects.filter(kind="pieces")}
    assert set(letters) == {first.case_id, second.case_id}
    assert "Convention" in letters[second.case_id or 0] and "Convention" not in letters[first.case_id or 0]
    assert second.piece_requests.get().suspends and not first.piece_requests.get().suspends


def test_four_eyes_hold_on_many(many: Many, officers: Officers) -> None:
    leo, julien = officers
    ours, theirs = many(2)
    for dossier in (ours, theirs):
        do.declare_admissible(dossier, by=leo)
        accept_all(dossier, by=leo)
        do.complete(dossier, by=leo)
    batch = previewed(leo, "propose", [ours])
    assert batch.items.get().amount_cents == Dossier.objects.get(pk=ours.pk).amount_cents
    carried_out(batch)
    do.propose(theirs, by=julien, way="unfavourable", reasons="Hors délai.")
    batch = previewed(julien, "confirm", [ours, theirs])
    assert whys(batch)[ours.pk] == "" and "Vous avez proposé" in whys(batch)[theirs.pk]
    assert batch.items.get(dossier=ours).after.startswith("5/7")
    carried_out(batch)
    assert Opinion.objects.get(dossier=ours).checked_by == julien
    assert Opinion.objects.get(dossier=theirs).checked_by is None
    sitting = do.open_sitting(by=leo, day=timezone.localdate() + timedelta(days=9))
    batch = previewed(leo, "enrol", [ours, theirs], sitting=sitting.pk, name="x")
    assert "pas prêt" in whys(batch)[theirs.pk]
    carried_out(batch)
    assert list(sitting.seats.values_list("dossier", flat=True)) == [ours.pk]


def test_a_list_frozen_meanwhile_refuses_one_by_one(many: Many, officers: Officers) -> None:
    leo, _ = officers
    first, second = many(2)
    to_committee(first, officers), to_committee(second, officers)
    sitting = do.open_sitting(by=leo, day=timezone.localdate())
    do.enrol(sitting, [first], by=leo)
    batch = previewed(leo, "enrol", [second], sitting=sitting.pk, name="x")
    do.freeze(sitting, by=leo)
    assert "liste arrêtée" in carried_out(batch)[second.pk][1]


def test_who_proposed_never_decides(region: Region, camille: Person, officers: Officers) -> None:
    """By delegation: the decision follows the opinion that another confirmed."""
    leo, julien = officers
    dossier = delegated(region, camille, leo)
    do.confirm(do.propose(dossier, by=leo, way="favourable"), by=julien)
    with pytest.raises(Refused, match="un autre agent décide"):
        do.decide(dossier, by=leo, outcome="granted")
    assert "Vous avez proposé" in whys(previewed(leo, "decide", [dossier]))[dossier.pk]
    batch = previewed(julien, "decide", [dossier])
    item = batch.items.get()
    assert item.why == "" and item.amount_cents and "Accordée" in item.effect and "s'arrête" in item.effect
    assert item.after != item.before
    assert carried_out(batch)[dossier.pk] == ("done", "")
    dossier.refresh_from_db()
    assert dossier.outcome == "granted" and dossier.decisions.get().by == julien
    foreseen = item.after
    assert foreseen.startswith(f"{dossier.step}/{dossier.steps}")


def delegated(region: Region, person: Person, by: User) -> Dossier:
    from guichet.accounts.machines import GUICHET, machine

    procedure = load(FOLDER / "mobilite_internationale.json", by=machine(GUICHET), reviewer=machine(GUICHET))
    procedure.team = region.youth
    procedure.save()
    assert procedure.live is not None
    body = procedure.live.body
    body["by_committee"] = False
    body["steps"] = [step for step in body["steps"] if step["phase"] != "committee"]
    procedure.live.save(update_fields=["body"])
    draft = fill(do.begin(Procedure.objects.get(pk=procedure.pk), person), person, STUDENT)
    send(draft, person, *ALL)
    dossier = do.file_dossier(draft, person=person, address="camille.duprat@courriel.example")
    do.declare_admissible(dossier, by=by)
    accept_all(dossier, by=by)
    return do.complete(dossier, by=by)


# -- on the screens ---------------------------------------------------------------------------------------------------


def test_from_the_list_to_the_result(many: Many, officers: Officers, region: Region) -> None:
    leo, julien = officers
    desk, other, stranger = agent(leo), agent(julien), agent(region.nadia)
    dossiers = many(3)
    page = desk.get("/bureau/dossiers/?phase=admissibility").content.decode()
    assert "Tous ceux de cette liste (3)" in page
    refused = desk.post("/bureau/dossiers/lots/", {"liste": "phase=admissibility"})
    assert refused.status_code == 302 and refused["Location"].endswith("?phase=admissibility")
    assert desk.post("/bureau/dossiers/lots/", {"tout": "1", "liste": "phase=documents"}).status_code == 302
    assert not DossierBatch.objects.exists()
    assert stranger.post("/bureau/dossiers/lots/", {"dossier": [dossiers[0].pk]}).status_code == 302
    assert not DossierBatch.objects.exists()  # he sees none of them
    assert desk.post("/bureau/dossiers/lots/", {"tout": "1", "liste": "phase=admissibility"}).status_code == 302
    batch = DossierBatch.objects.get()
    at = f"/bureau/dossiers/lots/{batch.pk}/"
    assert "Que faire de 3 dossiers" in desk.get(at).content.decode()
    assert other.get(at).status_code == 404
    assert desk.post(f"{at}preparer/", {"verb": "ask", "until": "2020-01-01"}).status_code == 400
    assert desk.post(f"{at}preparer/", {"verb": "x"}).status_code == 400
    assert desk.post(f"{at}preparer/", {"verb": "advance"}).status_code == 302
    page = unescape(desk.get(at).content.decode())
    assert "Passer à l'étape suivante : 3 dossiers sur 3" in page and "Confirmer pour 3 dossiers" in page
    assert "Que faire de 3 dossiers" in desk.get(f"{at}?changer=1").content.decode()
    assert confirmed(desk, at, 2) == 409
    do.withdraw(dossiers[0], person=dossiers[0].applicant)
    assert confirmed(desk, at, 3) == 302
    while do.work_dossier_batches(2):
        pass
    page = desk.get(at).content.decode()
    assert "2 faits, 1 non fait" in page and "Il a changé depuis" in page
    assert "terminé" in desk.get("/bureau/dossiers/lots/").content.decode()


def confirmed(desk: Client, at: str, count: int) -> int:
    return desk.post(f"{at}faire/", {"action": "confirmer", "nombre": str(count)}).status_code


def test_nothing_is_done_when_it_is_given_up(many: Many, officers: Officers) -> None:
    desk = agent(officers[0])
    batch = previewed(officers[0], "advance", many(1))
    assert desk.post(f"/bureau/dossiers/lots/{batch.pk}/faire/", {"action": "abandonner"}).status_code == 302
    assert not DossierBatch.objects.exists()
    assert Dossier.objects.get().phase == "admissibility"


def test_the_preview_asks_no_more_for_many(many: Many, officers: Officers, django_assert_max_num_queries: Any) -> None:
    batch = do.choose_dossiers([dossier.pk for dossier in many(6)], by=officers[0])
    with django_assert_max_num_queries(22):
        do.prepare_dossiers(batch, "advance", {}, by=officers[0])

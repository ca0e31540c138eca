from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.models import Attachment, Case, CaseLink, CaseMerge, Draft, Interaction, ReplyTemplate, Status, Task
from guichet.core import files as store
from guichet.core.ahead import Answers, Question, ahead
from guichet.core.models import StoredFile
from guichet.journal.models import Event
from guichet.organisation.models import Team
from guichet.outbox.models import Delivery, Parcel
from guichet.people.models import Person

Make = Callable[..., Case]


def at(case: Case, path: str = "") -> str:
    return f"/bureau/demandes/{case.reference}/{path}"


def answer(desk: Client, case: Case, text: str = "Bonjour Madame Lacoste, voici.", **more: object):
    case.refresh_from_db()
    return desk.post(at(case, "reponse/"), {"text": text, "version": case.version, "action": "envoyer", **more})


def test_page_shows_the_case_and_records_the_reading(desk: Client, case: Case, agent: User) -> None:
    response = desk.get(at(case))
    page = response.content.decode()
    for words in (
        "La carte est perdue",
        "Réponse promise",
        "sandrine@courriel.example",
        "Marennes",
        case.spoken_reference,
    ):
        assert words in page, words
    assert " style=" not in page and "<script>" not in page
    case.refresh_from_db()
    assert case.unread is False
    assert Event.objects.filter(verb="case.read", case_id=case.pk, actor=agent).count() == 1


def test_what_the_page_asks_ahead_is_what_it_uses(
    desk: Client, case: Case, agent: User, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    @contextmanager
    def watched(*questions: Question) -> Iterator[Answers]:
        with ahead(*questions) as answers:
            yield answers
            left.append(len(answers))

    monkeypatch.setattr("guichet.desk.views.case.ahead", watched)
    monkeypatch.setattr("guichet.desk.views.inbox.ahead", watched)
    assert desk.get(at(case)).status_code == desk.get("/bureau/").status_code == 200
    assert left[-2:] == [0, 0]
    kept = Person.objects.create(first_name="Sandrine", family_name="Lacoste", sort_key="l", search_key="l")
    Person.objects.filter(pk=person.pk).update(merged_into=kept)
    User.objects.filter(pk=agent.pk).update(is_administrator=True)
    assert desk.get(at(case)).status_code == 200
    assert left[-1] == 0


def test_case_of_another_team_is_not_found(desk: Client, make_case: Make, other_team: Team) -> None:
    hidden = make_case(other_team)
    assert desk.get(at(hidden)).status_code == 404
    for path in ("reponse/", "note/", "brouillon/", "faire/clore/", "faire/attribuer/"):
        assert desk.post(at(hidden, path), {"text": "x", "result": "answered"}).status_code == 404, path
    hidden.refresh_from_db()
    assert hidden.status == Status.ASSIGNED and hidden.interactions.count() == 1


def test_hostile_text_is_only_text(desk: Client, make_case: Make, team: Team) -> None:
    page = desk.get(at(make_case(team, text="<script>alert(1)</script>"))).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_reply_queues_a_delivery_and_closes(desk: Client, case: Case) -> None:
    response = answer(desk, case, action="clore", files=SimpleUploadedFile("a.txt", b"bonjour"))
    assert response.status_code == 302
    delivery = Delivery.objects.get(recipient="sandrine@courriel.example")
    assert delivery.state == Delivery.State.QUEUED and delivery.next_try_at > timezone.now()
    case.refresh_from_db()
    assert (case.status, case.result) == (Status.CLOSED, "answered")
    assert Attachment.objects.get(interaction__direction="out").name == "a.txt"
    page = desk.get(response["Location"]).content.decode()
    assert "Annuler l'envoi" in page and "data-annulable" in page


def test_undo_gives_the_text_back(desk: Client, case: Case) -> None:
    answer(desk, case, action="clore")
    sent = Interaction.objects.get(direction="out")
    page = desk.post(at(case, f"echanges/{sent.pk}/annuler/"), follow=True).content.decode()
    assert "envoi annulé" in page and "Bonjour Madame Lacoste, voici.</textarea>" in page
    assert Delivery.objects.get().state == Delivery.State.CANCELLED
    case.refresh_from_db()
    assert case.status == Status.IN_PROGRESS


def test_send_later(desk: Client, case: Case) -> None:
    later = timezone.localtime() + timedelta(days=2)
    assert answer(desk, case, send_at=f"{later:%Y-%m-%dT%H:%M}", action="tard").status_code == 302
    assert Delivery.objects.get().next_try_at > timezone.now() + timedelta(days=1)
    assert answer(desk, case, send_at="2020-01-01T10:00").status_code == 400


def test_template_is_filled_and_an_empty_variable_blocks(desk: Client, case: Case) -> None:
    template = ReplyTemplate.objects.create(name="Perte", text="Bonjour {civilité} {nom}, N° {numéro}, {inconnu}.")
    response = desk.post(at(case, "reponse/"), {"text": "Début", "action": "inserer", "modele": template.pk})
    text = response.context["reply_form"]["text"].value()
    assert text == f"Début\n\nBonjour Madame Lacoste, N° {case.spoken_reference}, {{inconnu}}."
    assert "{inconnu}" in desk.get(at(case), {"modele": template.pk}).content.decode()
    refused = answer(desk, case, text)
    assert refused.status_code == 400 and "champ à remplir" in refused.content.decode()
    assert 'data-vide="{inconnu}"' in refused.content.decode()  # the cursor goes there


def test_note_is_never_sent(desk: Client, case: Case) -> None:
    assert desk.post(at(case, "note/"), {"text": "Vu avec le transporteur"}).status_code == 302
    note = Interaction.objects.get(direction="note")
    assert note.parcel is None and not Parcel.objects.exists()
    assert "entree--note" in desk.get(at(case)).content.decode()
    assert desk.post(at(case, "note/"), {"text": " "}).status_code == 400


def test_draft_survives(desk: Client, case: Case, agent: User) -> None:
    assert "kept" in desk.post(at(case, "brouillon/"), {"kind": "email", "text": "À moitié écrit"}).json()
    assert "À moitié écrit</textarea>" in desk.get(at(case)).content.decode()
    desk.post(at(case, "brouillon/"), {"kind": "email", "text": " "})
    assert not Draft.objects.exists()
    assert desk.post(at(case, "brouillon/"), {"kind": "autre", "text": "x"}).status_code == 400


def test_transfer_needs_a_reason(desk: Client, case: Case, other_team: Team) -> None:
    data = {"team": other_team.pk, "reason": " ", "version": case.version}
    response = desk.post(at(case, "faire/transferer/"), data)
    assert response.status_code == 400
    case.refresh_from_db()
    assert case.team_id != other_team.pk
    response = desk.post(at(case, "faire/transferer/"), {**data, "reason": "Bourse"})
    assert response["Location"] == "/bureau/"  # not ours to see any more
    case.refresh_from_db()
    assert case.team == other_team


def test_the_form_of_an_act_is_asked_for(desk: Client, case: Case, other_team: Team) -> None:
    shown = desk.get(at(case) + "?file=toutes").content.decode()
    link = at(case, "faire/transferer/") + "?file=toutes"
    assert link in shown
    assert "transferer-reason" not in shown
    page, part = desk.get(link).content.decode(), desk.get(link + "&menu=1").content.decode()
    for form in (page, part):
        assert f'action="{link}"' in form
        assert f">{other_team.name}</option>" in form
        assert 'id="transferer-reason"' in form
    assert "<html" in page
    assert "<html" not in part
    assert desk.get(at(case, "faire/rouvrir/")).status_code == 409
    assert desk.get(at(case, "faire/rien/")).status_code == 404


def test_acts(desk: Client, case: Case, make_case: Make, team: Team, agent: User) -> None:
    def act(verb: str, **data: object) -> int:
        return desk.post(at(case, f"faire/{verb}/"), data).status_code

    tomorrow = (timezone.localtime() + timedelta(days=20)).date().isoformat()
    other, third = make_case(team), make_case(team)
    assert act("attribuer", to=agent.pk) == 302
    assert act("remettre") == 302
    assert act("endormir", until=tomorrow) == 302
    assert act("reveiller") == 302
    assert act("endormir", until="2020-01-01") == 400
    assert act("lier", other=third.reference) == 302
    assert act("reunir", other=other.spoken_reference) == 302  # to the preview: nothing is done yet
    other.refresh_from_db()
    assert other.status == Status.ASSIGNED
    preview = f"/bureau/demandes/{case.reference}/reunir/{other.reference}/"
    assert "1 échange" in desk.get(preview).content.decode()
    assert desk.post(preview).status_code == 302
    assert act("patienter", text="Bientôt.") == 302
    assert act("attendre", days=10) == 302
    assert act("pieces", pieces="Justificatif\nPhoto", until=tomorrow, text="Bonjour,") == 302
    assert act("clore", result="granted") == 302
    assert act("clore", result="granted") == 409
    assert act("rouvrir") == 302
    assert act("ecarter") == 400
    assert act("ecarter", sure="on") == 302
    assert act("inconnu") == 404
    case.refresh_from_db()
    assert case.status == Status.ABUSIVE
    page = desk.get(at(case)).content.decode()
    assert "Écartée comme abusive" in page and "Demande rouverte" in page
    assert "réunie à la demande" in desk.get(at(other)).content.decode()
    merge = CaseMerge.objects.get()
    assert "Annuler la réunion" in page
    assert desk.post(at(other, f"reunions/{merge.pk}/annuler/")).status_code == 404  # asked from the one that stays
    assert desk.post(at(case, f"reunions/{merge.pk}/annuler/")).status_code == 302
    other.refresh_from_db()
    assert other.status == Status.ASSIGNED and other.interactions.count() == 1
    assert "Ne plus lier" in page
    assert desk.post(at(case, f"liens/{third.reference}/retirer/")).status_code == 302
    assert not CaseLink.objects.exists()


def test_merging_and_splitting_ask_for_both_cases(
    desk: Client, case: Case, make_case: Make, team: Team, other_team: Team
) -> None:
    hidden = make_case(other_team)
    for one, two in ((case, hidden), (hidden, case)):
        address = f"/bureau/demandes/{one.reference}/reunir/{two.reference}/"
        assert desk.get(address).status_code == desk.post(address).status_code == 404
        assert desk.post(at(one, f"liens/{two.reference}/retirer/")).status_code == 404
    assert desk.post(at(case, f"echanges/{hidden.interactions.get().pk}/separer/"), {"subject": "x"}).status_code == 404
    assert desk.get(f"/bureau/demandes/{case.reference}/reunir/{case.reference}/").status_code == 200  # says why not
    response = desk.post(f"/bureau/demandes/{case.reference}/reunir/{case.reference}/")
    assert response.status_code == 409 and "Choisissez une autre demande" in response.content.decode()
    assert Case.objects.filter(status=Status.MERGED).count() == 0


def test_a_message_opens_another_case(desk: Client, case: Case) -> None:
    received = case.interactions.get()
    response = desk.post(at(case, f"echanges/{received.pk}/separer/"), {"subject": "Bourse"})
    new = Case.objects.exclude(pk=case.pk).get()
    assert response["Location"] == f"/bureau/demandes/{new.reference}/" and new.subject == "Bourse"
    assert case.spoken_reference not in new.subject
    assert "issue du même message" in desk.get(at(new)).content.decode()


def test_a_long_history_is_paged_and_nothing_is_lost(desk: Client, case: Case) -> None:
    start = timezone.now() - timedelta(days=90)
    Interaction.objects.bulk_create(
        [
            Interaction(case=case, channel="email", direction="in", text=f"message numéro {n}.",
                        at=start + timedelta(hours=n // 2))  # two at each instant
            for n in range(150)
        ]
    )  # fmt: skip
    Event.objects.bulk_create([Event(verb="case.assigned", actor=desk_user(desk), case_id=case.pk) for _ in range(40)])
    address, seen, pages = at(case), [], 0
    while address:
        response = desk.get(address)
        seen += [
            e.interaction.pk if e.interaction else f"e{e.event.pk}" for d in response.context["days"] for e in d.entries
        ]
        older, pages = response.context["older"], pages + 1
        assert ("Voir les échanges plus anciens" in response.content.decode()) is bool(older)
        assert ("Revenir aux derniers échanges" in response.content.decode()) is (pages > 1)
        address = at(case) + f"?avant={older}" if older else ""
    assert pages >= 4
    assert len(seen) == len(set(seen)) == 151 + 40
    for odd in ("x", "-1", "9" * 18, "²"):
        assert desk.get(at(case), {"avant": odd}).status_code == 200


def desk_user(desk: Client) -> User:
    return User.objects.get(pk=desk.session["_auth_user_id"])


def test_ping_pong_and_refusal_of_electronic_answers_are_shown(desk: Client, case: Case) -> None:
    page = desk.get(at(case)).content.decode()
    assert "Transférée" not in page and "L. 112-14" not in page
    Case.objects.filter(pk=case.pk).update(transfers=3, electronic_reply_refused=True)
    page = desk.get(at(case)).content.decode()
    assert "Transférée 3 fois" in page and "L. 112-14" in page


def test_task_done(desk: Client, case: Case, agent: User) -> None:
    task = Task.objects.create(case=case, label="Rappeler la mairie")
    assert "Rappeler la mairie" in desk.get(at(case)).content.decode()
    assert desk.post(at(case, f"taches/{task.pk}/fait/")).status_code == 302
    task.refresh_from_db()
    assert task.done_by == agent and task.done_at


def attach(case: Case, scan: str = "unscanned") -> Attachment:
    file = store.keep(b"<html>piege</html>" + scan.encode(), name="page.html")
    StoredFile.objects.filter(pk=file.pk).update(scan=scan)
    return Attachment.objects.create(interaction=case.interactions.get(), file_id=file.pk, name="page.html")


def test_attachment(desk: Client, case: Case, make_case: Make, other_team: Team) -> None:
    response = desk.get(f"/bureau/pieces/{attach(case).pk}/")
    assert b"".join(response.streaming_content).startswith(b"<html>")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert desk.get(f"/bureau/pieces/{attach(case, 'infected').pk}/").status_code == 403
    assert desk.get(f"/bureau/pieces/{attach(make_case(other_team)).pk}/").status_code == 404


def test_html_of_a_mail_is_in_a_sandbox(desk: Client, case: Case, make_case: Make, other_team: Team) -> None:
    Interaction.objects.update(html="<p>Bonjour</p>")
    response = desk.get(f"/bureau/echanges/{case.interactions.get().pk}/mise-en-page/")
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    hidden = make_case(other_team).interactions.get()
    Interaction.objects.update(html="<p>Bonjour</p>")
    assert desk.get(f"/bureau/echanges/{hidden.pk}/mise-en-page/").status_code == 404


@pytest.mark.parametrize("action", ["renvoyer", "classer"])
def test_failures(desk: Client, case: Case, make_case: Make, other_team: Team, action: str) -> None:
    answer(desk, case)
    hidden = make_case(other_team)
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="failed", error="boîte pleine")
    Task.objects.create(case=case, kind="failed_delivery", label="Message non remis", about=f"delivery:{delivery.pk}")
    assert "boîte pleine" in desk.get("/bureau/envois/").content.decode()
    Interaction.objects.filter(direction="out").update(case=hidden)
    assert desk.post(f"/bureau/envois/{delivery.pk}/faire/", {"action": action}).status_code == 404
    Interaction.objects.filter(direction="out").update(case=case)
    assert desk.post(f"/bureau/envois/{delivery.pk}/faire/", {"action": action}).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state == "queued") if action == "renvoyer" else delivery.handled_at
    assert not Task.objects.filter(done_at__isnull=True).exists()


def test_a_message_of_nobody_known_is_shown(desk: Client, case: Case) -> None:
    case.interactions.update(person=None, third_person=True, sender_name="")
    page = desk.get(at(case)).content.decode()
    assert "écrit par un tiers" in page and "sandrine@courriel.example" in page

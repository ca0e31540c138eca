"""The reply editor: channels, formatting, what is asked before sending, what is never lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from guichet.accounts.models import Membership, User
from guichet.cases import actions
from guichet.cases.models import Attachment, Case, Draft, Interaction, PaperLetter, Proposal, ReplyTemplate, Task
from guichet.journal.models import Event
from guichet.organisation.models import Team
from guichet.outbox.models import Delivery, Parcel
from guichet.people.models import Person
from tests.desk.test_case import answer, at

Make = Callable[..., Case]


@pytest.fixture
def postal(case: Case) -> Case:
    Person.objects.filter(pk=case.person_id).update(address="3 rue du Port", postcode="17320", town="Marennes")
    return Case.objects.select_related("person").get(pk=case.pk)


def verbs(case: Case) -> list[str]:
    return [*Event.objects.filter(case_id=case.pk).order_by("pk").values_list("verb", flat=True)]


def confirm(desk: Client, case: Case, response: Any, text: str, **more: object) -> Any:
    """Press « Envoyer quand même » in the panel that was answered."""
    form = response.context["reply_form"]
    sent = {"text": text, "version": form["version"].value(), "depuis": form["depuis"].value(), **more}
    return desk.post(at(case, "reponse/"), {**sent, "confirme": response.context["panel"].confirms})


# -- channels --------------------------------------------------------------------------------------------------------


def test_tabs_are_the_channels_that_can_carry_an_answer(desk: Client, case: Case) -> None:
    def channels() -> list[tuple[str, bool]]:
        return [(tab.channel, tab.checked) for tab in desk.get(at(case)).context["tabs"]]

    assert channels() == [("email", True)]
    Person.objects.filter(pk=case.person_id).update(address="3 rue du Port")
    assert channels() == [("email", True), ("paper", False)]
    Case.objects.filter(pk=case.pk).update(preferred_channel="paper")
    assert channels() == [("paper", True), ("email", False)]
    Case.objects.filter(pk=case.pk).update(preferred_channel="sms")
    assert channels() == [("email", True), ("paper", False)]  # no adapter: not shown
    Case.objects.filter(pk=case.pk).update(preferred_channel="", electronic_reply_refused=True)
    assert channels() == [("paper", True), ("email", False)]


def test_a_letter_is_frozen_printed_and_posted(desk: Client, postal: Case, agent: User) -> None:
    assert answer(desk, postal, "Bonjour Madame, **votre carte**.", onglet="paper").status_code == 302
    letter = PaperLetter.objects.select_related("interaction").get()
    assert letter.address == "Madame Sandrine Lacoste\n3 rue du Port\n17320 Marennes"
    assert "Nadia Belkacem" in letter.text and not Parcel.objects.exists()
    postal.refresh_from_db()
    assert postal.status == "answered" and postal.tasks.get().label == "Imprimer le courrier et le poster"
    Person.objects.filter(pk=postal.person_id).update(address="ailleurs")  # moved since
    page = desk.get(at(postal)).content.decode()
    assert "à imprimer et à poster" in page and "<strong>votre carte</strong>" in page
    pytest.importorskip("weasyprint")
    pdf = desk.get(at(postal, f"echanges/{letter.interaction_id}/courrier.pdf"))
    assert pdf["Content-Type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert desk.post(at(postal, f"echanges/{letter.interaction_id}/poste/"), {"le": "hier"}).status_code == 302
    letter.refresh_from_db()
    assert letter.posted_on is None
    desk.post(at(postal, f"echanges/{letter.interaction_id}/poste/"))
    letter.refresh_from_db()
    assert letter.posted_on is not None and letter.posted_by == agent
    assert Task.objects.get().done_by == agent
    desk.post(at(postal, f"echanges/{letter.interaction_id}/annuler/"))
    assert Interaction.objects.get(pk=letter.interaction_id).withdrawn_at is None  # too late: it is in the post
    assert verbs(postal).count("case.letter_posted") == 1


def test_a_letter_not_posted_yet_is_taken_back(desk: Client, postal: Case) -> None:
    answer(desk, postal, "Bonjour.", onglet="paper", files=SimpleUploadedFile("plan.txt", b"plan"))
    letter = PaperLetter.objects.get()
    page = desk.post(at(postal, f"echanges/{letter.interaction_id}/annuler/"), follow=True)
    assert not Task.objects.exists() and "Bonjour.</textarea>" in page.content.decode()
    assert [tab.channel for tab in page.context["tabs"] if tab.checked] == ["paper"]
    assert [file.name for file in page.context["kept_files"]] == ["plan.txt"]


def test_a_letter_needs_an_address(desk: Client, case: Case) -> None:
    refused = answer(desk, case, "Bonjour.", onglet="paper")
    assert refused.status_code == 400 and "adresse postale. Complétez sa fiche" in refused.content.decode()


def test_another_channel_than_the_preferred_one_is_said_and_written(desk: Client, postal: Case) -> None:
    Case.objects.filter(pk=postal.pk).update(preferred_channel="paper")
    assert "Cette personne préfère : courrier" in desk.get(at(postal)).content.decode()
    answer(desk, postal, "Bonjour.", onglet="email")
    event = Event.objects.get(verb="case.other_channel", case_id=postal.pk)
    assert event.data == {"wanted": "Courrier", "used": "E-mail"}
    answer(desk, postal, "Bonjour.", onglet="paper")
    assert verbs(postal).count("case.other_channel") == 1


def test_who_refuses_electronic_answers_is_mailed_only_with_a_reason(desk: Client, postal: Case) -> None:
    Case.objects.filter(pk=postal.pk).update(electronic_reply_refused=True)
    asked = answer(desk, postal, "Bonjour.", onglet="email")
    assert asked.status_code == 400 and "Pourquoi par e-mail" in asked.content.decode()
    assert confirm(desk, postal, asked, "Bonjour.", onglet="email", despite=" ").status_code == 400
    assert not Delivery.objects.exists()
    said = "Elle l'a demandé au téléphone"
    assert confirm(desk, postal, asked, "Bonjour.", onglet="email", despite=said).status_code == 302
    assert Event.objects.get(verb="case.refusal_overridden").data == {"reason": said}


# -- formatting ------------------------------------------------------------------------------------------------------


def test_markers_become_safe_html_and_readable_text(desk: Client, case: Case) -> None:
    text = "Bonjour,\n\n**Important** : <b>non</b>\n\n- une\n- deux\n\n[Le site](https://region.example/a?b=1&c=2)"
    answer(desk, case, text)
    parcel = Parcel.objects.get()
    assert "<strong>Important</strong> : &lt;b&gt;non&lt;/b&gt;" in parcel.html
    assert "<ul><li>une</li><li>deux</li></ul>" in parcel.html
    assert '<a href="https://region.example/a?b=1&amp;c=2">Le site</a>' in parcel.html
    assert "Important : <b>non</b>" in parcel.text and "Le site (https://region.example/a?b=1&c=2)" in parcel.text
    assert "**" not in parcel.text
    answer(desk, case, "Bonjour, rien de plus.")
    assert Parcel.objects.latest("pk").html == ""  # a plain text stays one


# -- before sending --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Vous trouverez ci-joint l'attestation.", "annonce une pièce jointe"),
        ("Bonjour Madame Dupont,\n\nVoici.", "s'adresse à « Dupont »"),
        ("Bonjour Hugo,\n\nVoici.", "s'adresse à « Hugo »"),
        ("Monsieur,\n\nVoici.", "dit « Monsieur »"),
    ],
)
def test_a_second_look_is_asked_once(desk: Client, case: Case, text: str, said: str) -> None:
    asked = answer(desk, case, text, action="clore")
    assert asked.status_code == 400 and said in asked.context["panel"].cautions[0].text
    assert not Delivery.objects.exists() and Draft.objects.get().text == text
    assert confirm(desk, case, asked, text).status_code == 302
    case.refresh_from_db()
    assert case.status == "closed"  # what was wanted is what is done


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour Madame Lacoste,\nVoici.",
        "Bonjour Sandrine, voici.",
        "Madame, Monsieur,\nVoici.",
        "Bonjour,\nDupont a dit",
        "Madame la Présidente,\nVoici.",
    ],
)
def test_a_right_greeting_is_not_asked_about(desk: Client, case: Case, text: str) -> None:
    assert answer(desk, case, text).status_code == 302


def test_confirming_one_thing_does_not_confirm_another(desk: Client, case: Case) -> None:
    asked = answer(desk, case, "Ci-joint.")
    again = confirm(desk, case, asked, "Bonjour Madame Dupont,\nCi-joint.")
    assert again.status_code == 400 and [c.code for c in again.context["panel"].cautions] == ["person"]


# In a transaction of its own a test would have seen, by the snapshot it took, what it wrote after.
@pytest.mark.django_db(transaction=True)
def test_what_changed_meanwhile_is_said_and_the_text_kept(
    desk: Client, case: Case, team: Team, make_agent: Callable[..., User]
) -> None:
    shown = desk.get(at(case)).context["reply_form"]
    held = {"version": shown["version"].value(), "depuis": shown["depuis"].value()}
    other = make_agent("lea@agents.example", team, first_name="Léa", last_name="Martin")
    actions.assign(case, other, by=other)
    file = SimpleUploadedFile("plan.txt", b"plan")
    asked = desk.post(at(case, "reponse/"), {"text": "Mon long texte", **held, "files": file})
    page = asked.content.decode()
    assert asked.status_code == 409 and "Mon long texte</textarea>" in page and "a changé pendant" in page
    assert [change.words for change in asked.context["panel"].changes] == ["Attribuée à Léa Martin"]
    assert not Delivery.objects.exists()
    [kept] = asked.context["kept_files"]
    assert confirm(desk, case, asked, "Mon long texte", garde=kept.key).status_code == 302
    assert Attachment.objects.get(interaction__direction="out").name == "plan.txt"


def test_only_the_files_left_ticked_are_sent(desk: Client, case: Case) -> None:
    files = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    asked = answer(desk, case, "Bonjour Madame Dupont,\nVoici.", files=files)
    first, second = asked.context["kept_files"]
    assert (first.name, second.name, second.ticked) == ("a.txt", "b.txt", True)
    keys = {"connu": [first.key, second.key], "garde": [first.key, "f" * 64]}
    again = answer(desk, case, "Bonjour Madame Dupont,\nVoici.", **keys)
    assert [file.ticked for file in again.context["kept_files"]] == [True, False]
    assert confirm(desk, case, again, "Bonjour Madame Dupont,\nVoici.", **keys).status_code == 302
    assert [one.name for one in Attachment.objects.filter(interaction__direction="out")] == ["a.txt"]


# -- templates -------------------------------------------------------------------------------------------------------


def test_suggestions_are_filled_and_inserted_without_javascript(desk: Client, case: Case, team: Team) -> None:
    ReplyTemplate.objects.create(name="Autre", text="x")
    text = "Bonjour {prénom}, {équipe}, {échéance}, {agent}."
    ours = ReplyTemplate.objects.create(name="Zone", text=text, team=team)
    page = desk.get(at(case))
    assert [one.template.name for one in page.context["suggestions"]] == ["Zone", "Autre"]
    inserted = desk.post(at(case, "reponse/"), {"text": "Début", "inserer": ours.pk, "version": case.version})
    text = inserted.context["reply_form"]["text"].value()
    assert text.startswith("Début\n\nBonjour Sandrine, Transport scolaire, ") and "{" not in text
    assert text.endswith("Nadia Belkacem.")


def test_a_failed_message_is_sent_again_from_where_it_is(desk: Client, case: Case) -> None:
    answer(desk, case)
    Delivery.objects.update(state=Delivery.State.FAILED, tries=3, next_try_at=timezone.now())
    sent = Interaction.objects.get(direction="out")
    assert "Renvoyer" in desk.get(at(case)).content.decode()
    desk.post(at(case, f"echanges/{sent.pk}/renvoyer/"))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.tries) == (Delivery.State.QUEUED, 0)
    assert "Renvoyer" not in desk.get(at(case)).content.decode()


# -- drafts and approval ---------------------------------------------------------------------------------------------


def test_a_draft_is_shown_to_the_team_and_taken_over(
    desk: Client, case: Case, agent: User, team: Team, make_agent: Callable[..., User]
) -> None:
    lea = make_agent("lea@agents.example", team, first_name="Léa", last_name="Martin")
    other = Client()
    other.force_login(lea)
    desk.post(at(case, "brouillon/"), {"kind": "email", "text": "Le début"})
    assert "Le début" not in other.get(at(case)).content.decode()  # one's own until it is shown
    desk.post(at(case, "reponse/"), {"text": "Le début de tout", "action": "partager"})
    assert "Le début de tout" in other.get(at(case)).content.decode()
    page = other.post(at(case, f"brouillons/{Draft.objects.get().pk}/prendre/"), follow=True).content.decode()
    assert "Le début de tout</textarea>" in page
    assert desk.post(at(case, "brouillon/"), {"kind": "email", "text": "x"}).json()["pris"] == "Léa Martin"
    assert "Léa Martin a pris la main" in desk.get(at(case)).content.decode()
    assert "Le début de tout</textarea>" in desk.post(at(case, "brouillon/reprendre/"), follow=True).content.decode()
    assert desk.post(at(case, "brouillon/"), {"kind": "email", "text": "x"}).json()["pris"] == ""


def test_an_expired_session_leads_back_to_the_case(case: Case) -> None:
    response = Client().post(at(case, "reponse/"), {"text": "Mon texte"})
    assert response["Location"].endswith(f"suite=%2Fbureau%2Fdemandes%2F{case.reference}%2F")


def test_the_visa_from_proposal_to_sending(
    desk: Client, case: Case, agent: User, team: Team, make_agent: Callable[..., User]
) -> None:
    chief = make_agent("ines@agents.example", first_name="Inès", last_name="Poitevin")
    Membership.objects.create(user=chief, team=team, role="supervisor")
    Membership.objects.filter(user=agent).update(needs_approval=True)
    above = Client()
    above.force_login(chief)
    assert "Proposer au visa" in desk.get(at(case)).content.decode()
    assert answer(desk, case, "Bonjour Madame.").status_code == 302
    assert not Delivery.objects.exists()
    page = desk.get(at(case)).content.decode()
    assert "Retirer ma proposition" in page and "À viser" not in page
    inbox = above.get("/bureau/?file=a-viser")
    assert [row.case for row in inbox.context["rows"]] == [case]
    proposal = Proposal.objects.get()
    visa = at(case, f"visa/{proposal.pk}/")
    assert "Approuver et envoyer" in above.get(at(case)).content.decode()
    assert desk.post(visa, {"action": "approuver"}).status_code == 403
    refused = above.post(visa, {"action": "renvoyer", "text": "Bonjour Madame."})
    assert refused.status_code == 400 and "Dites à" in refused.content.decode()
    above.post(visa, {"action": "renvoyer", "reason": "Citez l'article."})
    page = desk.get(at(case)).content.decode()
    assert "Citez l&#x27;article." in page and "Bonjour Madame.</textarea>" in page
    answer(desk, case, "Bonjour Madame, article 3.")
    case.refresh_from_db()
    visa = at(case, f"visa/{Proposal.objects.get(state='waiting').pk}/")
    stale = above.post(visa, {"action": "approuver", "text": "Corrigé.", "version": case.version - 1})
    assert stale.status_code == 409 and "Corrigé.</textarea>" in stale.content.decode()
    assert above.post(visa, {"action": "approuver", "text": "Corrigé.", "version": case.version}).status_code == 302
    assert Delivery.objects.get().parcel.text.startswith("Corrigé.")

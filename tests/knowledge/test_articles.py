"""From draft to page and back: who may, what is refused, what stays readable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from guichet.accounts.models import User
from guichet.core.calendar import paris_day
from guichet.core.refused import NotAllowed, Refused, Stale
from guichet.journal.models import Event
from guichet.knowledge import finding
from guichet.knowledge.actions import (
    add_wordings,
    archive,
    bring_back,
    build_indexes,
    confirm,
    create_article,
    drop,
    publish,
    publish_due,
    save_draft,
    send_back,
    set_article,
    start_draft,
    submit,
)
from guichet.knowledge.content import Content, content_of
from guichet.knowledge.models import Article, Version, VersionState
from guichet.knowledge.policy import readable_by
from tests.factories import Region, article

LOST = Content(
    title="Carte perdue",
    answer="Commandez un duplicata : 10 €.",
    topics=("transport_scolaire.carte",),
    sources=({"title": "Règlement", "url": "https://exemple.example/", "kind": "page", "checked": ""},),
)


def draft(region: Region, by: User, content: Content = LOST, code: str = "carte-perdue") -> Version:
    return create_article(code, content, owner=region.transport, by=by).versions.get()


def test_an_answer_is_published_by_another_than_its_author(region: Region, plume: User, relire: User) -> None:
    version = submit(draft(region, plume), by=plume)
    with pytest.raises(NotAllowed):
        publish(version, by=plume)
    publish(version, by=relire)
    made = Article.objects.get(code="carte-perdue")
    assert made.live == version
    assert made.checked_on == paris_day(timezone.now())
    assert [*Event.objects.filter(verb__startswith="article.").values_list("verb", flat=True)] == [
        "article.created", "article.submitted", "article.published",
    ]  # fmt: skip


def test_nobody_but_editors_writes(region: Region) -> None:
    with pytest.raises(NotAllowed):
        draft(region, region.nadia)


def test_what_is_published_is_never_changed(region: Region, plume: User, relire: User) -> None:
    first = publish(submit(draft(region, plume), by=plume), by=relire)
    made = first.article
    second = start_draft(made, by=plume)
    assert start_draft(made, by=relire) == second  # one draft at a time
    save_draft(second, Content(**{**vars_of(LOST), "answer": "Un duplicata coûte 12 €."}), by=plume)
    with pytest.raises(Refused):
        save_draft(first, LOST, by=plume)
    publish(submit(second, by=plume), by=relire)
    first.refresh_from_db()
    assert (first.state, first.answer) == (VersionState.RETIRED, "Commandez un duplicata : 10 €.")
    made.refresh_from_db()
    assert made.live is not None
    assert made.live.answer == "Un duplicata coûte 12 €."


def vars_of(content: Content) -> dict[str, object]:
    return {name: getattr(content, name) for name in Content.__dataclass_fields__}


@pytest.mark.parametrize(
    ("change", "why"),
    [({"answer": ""}, "réponse manque"), ({"sources": ()}, "source"), ({"topics": ()}, "sujet"),
     ({"body": "![](/x.png)"}, "remplacement")],
)  # fmt: skip
def test_what_must_not_be_published_says_why(region: Region, plume: User, change: dict[str, object], why: str) -> None:
    version = draft(region, plume, Content(**{**vars_of(LOST), **change}))  # type: ignore[arg-type]
    with pytest.raises(Refused, match=why):
        submit(version, by=plume)


def test_sent_back_with_a_reason_only(region: Region, plume: User, relire: User) -> None:
    version = submit(draft(region, plume), by=plume)
    with pytest.raises(Refused):
        send_back(version, " ", by=relire)
    version = send_back(version, "Le prix a changé.", by=relire)
    assert (version.state, version.sent_back) == (VersionState.DRAFT, "Le prix a changé.")
    assert submit(version, by=plume).sent_back == ""


def test_changing_what_is_in_review_takes_it_back(region: Region, plume: User, relire: User) -> None:
    version = submit(draft(region, plume), by=plume)
    changed = save_draft(version, Content(**{**vars_of(LOST), "title": "Carte de car perdue"}), by=relire)  # type: ignore[arg-type]
    assert changed.state == VersionState.DRAFT
    with pytest.raises(NotAllowed):  # who changed it became its author
        publish(submit(changed, by=relire), by=relire)


def test_two_writers_do_not_overwrite_each_other(region: Region, plume: User, relire: User) -> None:
    version = draft(region, plume)
    seen = version.changed_at.isoformat()
    save_draft(version, Content(**{**vars_of(LOST), "title": "Un titre"}), seen=seen, by=relire)  # type: ignore[arg-type]
    with pytest.raises(Stale):
        save_draft(version, Content(**{**vars_of(LOST), "title": "Un autre"}), seen=seen, by=plume)  # type: ignore[arg-type]


def test_published_at_the_moment_said(region: Region, plume: User, relire: User) -> None:
    at = timezone.now() + timedelta(days=2)
    version = publish(submit(draft(region, plume), by=plume), at=at, by=relire)
    assert version.state == VersionState.SCHEDULED
    assert publish_due(by=relire) == 0
    assert not Article.objects.live().exists()
    Version.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    assert publish_due(by=relire) == 1
    assert publish_due(by=relire) == 0
    assert Article.objects.live().get().live == version


def test_dates_of_validity_hold(region: Region) -> None:
    today = paris_day(timezone.now())
    article("demain", owner=region.transport, valid_from=(today + timedelta(days=1)).isoformat())
    article("aujourd-hui", owner=region.transport, valid_until=today.isoformat())
    assert [row.code for row in Article.objects.live()] == ["aujourd-hui"]
    assert [row.code for row in Article.objects.live(today + timedelta(days=1))] == ["demain"]


def test_archived_is_out_at_once_and_comes_back(region: Region, plume: User) -> None:
    made = article(owner=region.transport)
    archive(made, "Remplacé", by=plume)
    assert not Article.objects.live().exists()
    with pytest.raises(Refused):
        archive(made, "Remplacé", by=plume)
    bring_back(made, by=plume)
    assert Article.objects.live().exists()


def test_read_again_and_still_right(region: Region, plume: User) -> None:
    made = article(owner=region.transport)
    today = paris_day(timezone.now())
    with pytest.raises(Refused):
        confirm(made, today, by=plume)
    confirm(made, today + timedelta(days=200), by=plume)
    made.refresh_from_db()
    assert made.review_on == today + timedelta(days=200)


def test_internal_text_does_not_become_public_by_a_setting(region: Region, plume: User) -> None:
    made = article("consigne", owner=region.transport, audience="agent", kind="instruction")
    with pytest.raises(Refused):
        set_article(made, kind="question", audience="citizen", owner=region.transport, position=1, by=plume)


def test_a_team_reads_its_own_and_nobody_elses(region: Region) -> None:
    article("interne", owner=region.youth, audience="team", kind="instruction")
    article("commun", owner=region.root, audience="team", kind="instruction")
    assert {row.code for row in Article.objects.filter(readable_by(region.nadia))} == {"commun"}
    assert {row.code for row in Article.objects.filter(readable_by(region.leo))} == {"commun", "interne"}


def test_a_draft_is_given_up_without_touching_what_is_published(region: Region, plume: User) -> None:
    made = article(owner=region.transport)
    drop(start_draft(made, by=plume), by=plume)
    assert Article.objects.live().exists()
    assert start_draft(made, by=plume).number == 3


# -- search -----------------------------------------------------------------------------------------------------------


def test_the_search_follows_the_base(region: Region, plume: User) -> None:
    made = article(owner=region.transport, wordings=("mon fils a perdu sa carte de car",))
    article("tarif", title="Prix du transport scolaire", owner=region.transport, wordings=("combien coute le car",))
    build_indexes()
    assert finding.search("carte perdu de mon fils")[0] == "carte-perdue"
    archive(made, "Fin", by=plume)
    build_indexes()
    assert "carte-perdue" not in finding.search("carte perdu de mon fils")


def test_the_search_answers_before_the_first_index(region: Region) -> None:
    article(owner=region.transport)
    assert finding.search("carte perdue") == ["carte-perdue"]


def test_citizens_never_find_internal_texts(region: Region) -> None:
    article("consigne", title="Consigne secrète du duplicata", owner=region.transport, audience="agent")
    build_indexes()
    assert finding.search("consigne secrete duplicata") == []
    from guichet.knowledge.models import Audience

    assert finding.search("consigne secrete duplicata", Audience.AGENT) == ["consigne"]


def test_an_index_that_somebody_else_wrote_is_not_opened(region: Region) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from guichet.knowledge.models import SearchIndex

    article(owner=region.transport)
    build_indexes()
    row = SearchIndex.objects.get(pk="citizen")
    assert finding.load(row.name) is not None
    with default_storage.open(row.name) as handle:
        content = handle.read()
    forged = default_storage.save("index/forge.bin", ContentFile(content[:-1] + b"!"))
    assert finding.load(forged) is None
    assert finding.load("index/absent.bin") is None


def test_indexes_of_another_version_of_guichet_are_made_again(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    from guichet.knowledge.actions.finding import renew_indexes

    asked = ProcrastinateJob.objects.filter(task_name="knowledge.build_indexes", status="todo")
    article(owner=region.transport)
    build_indexes()
    asked.delete()
    assert not renew_indexes(), "they are those of this version"
    monkeypatch.setattr(finding, "FOLDER", "index/0/")
    build_indexes()
    monkeypatch.undo()
    assert renew_indexes() and not renew_indexes()
    assert asked.count() == 1
    build_indexes()
    asked.delete()
    assert not renew_indexes()


def test_a_change_asks_for_the_index_once(region: Region, plume: User) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    made = article(owner=region.transport)
    add_wordings(made, ["carte volée", "Carte volee", ""], by=plume)
    assert made.wordings.count() == 1
    assert ProcrastinateJob.objects.filter(task_name="knowledge.build_indexes", status="todo").count() == 1


def test_old_files_of_the_index_go(region: Region, plume: User, django_capture_on_commit_callbacks: Any) -> None:
    from django.core.files.storage import default_storage

    made = article(owner=region.transport)
    for text in ("un", "deux", "trois", "quatre"):
        add_wordings(made, [f"carte {text}"], by=plume)
        with django_capture_on_commit_callbacks(execute=True):
            build_indexes()
    assert content_of(made.live).title  # type: ignore[arg-type]
    assert len(default_storage.listdir(finding.FOLDER)[1]) <= 2 * 2


def test_the_domain_is_filed_before_the_topic(region: Region) -> None:
    """All the answers of a domain lend each other their words: the search must know which domain it is."""
    from guichet.organisation.actions import save_topic
    from guichet.organisation.models import Topic

    domain = save_topic(Topic(code="transport_scolaire", label="Transport scolaire"), by=region.chief)
    region.card.parent = domain
    save_topic(region.card, by=region.chief)
    article(owner=region.transport)
    [sheet] = finding.sheets("citizen")
    assert sheet.theme.split("\n") == ["Transport scolaire", "Carte de transport"]

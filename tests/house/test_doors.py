"""Every address of Guichet has a known door. A new one must be listed here before it may exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from guichet.journal.models import Event
from tests.factories import signed_in
from tests.house.lived import House, agent, citizen, follow_handle
from tests.memory import forget_rows

LOGIN = "/bureau/connexion/"
NOBODY, CITIZEN, AGENT, STRANGER, CHIEF = "nobody", "citizen", "agent", "stranger", "administrator"
ACCOUNT = "account"  # a citizen signed in to his account
SIGN_IN = "/mon-compte/connexion/"
IN_DESK = (AGENT, STRANGER, CHIEF)


@dataclass(frozen=True)
class Door:
    """`opens`: to whom; `else_`: what each of the others gets; a status, or the address one is sent to."""

    opens: tuple[str, ...]
    closed: dict[str, int | str]
    arguments: Callable[[House], dict[str, Any]] = lambda house: {}
    post: dict[str, str] | None = None  # None: read; else what is sent
    answers: tuple[int, ...] = (200,)


EVERYONE = (NOBODY, CITIZEN, ACCOUNT, AGENT, STRANGER, CHIEF)
TO_LOGIN: dict[str, int | str] = {NOBODY: LOGIN, CITIZEN: LOGIN, ACCOUNT: LOGIN}
DONE = (200, 302, 400, 409)


def public(**more: Any) -> Door:
    return Door(EVERYONE, {}, **more)


def of_citizen(sent_to: int | str, **more: Any) -> Door:
    """Opened by this browser's own session, whoever is logged in beside."""
    return Door((CITIZEN,), dict.fromkeys((NOBODY, ACCOUNT, AGENT, STRANGER, CHIEF), sent_to), **more)


def of_account(**more: Any) -> Door:
    """Behind the sign-in of citizens; an agent has no way round."""
    return Door((ACCOUNT,), dict.fromkeys((NOBODY, CITIZEN, AGENT, STRANGER, CHIEF), SIGN_IN), **more)


def of_dossier(**more: Any) -> Door:
    return of_account(arguments=lambda house: {"reference": house.filed.granted.reference}, **more)


def of_programs(**more: Any) -> Door:
    """Opened by the key of a program alone (tests/gateway); a session of the desk or of the portal is nothing there."""
    return Door((), dict.fromkeys(EVERYONE, 401), **more)


def api_dossier(house: House) -> dict[str, Any]:
    return {"reference": house.filed.granted.reference}


def of_agents(**more: Any) -> Door:
    return Door(IN_DESK, TO_LOGIN, **more)


def of_editor(**more: Any) -> Door:
    """For editors and administrators; another agent is refused."""
    return Door((CHIEF,), {**TO_LOGIN, AGENT: 403, STRANGER: 403}, **more)


def of_service(**more: Any) -> Door:
    """For the service in charge of the procedure and administrators; another agent finds nothing."""
    return Door((STRANGER, CHIEF), {**TO_LOGIN, AGENT: 404}, **more)


def of_their_owner(**more: Any) -> Door:
    """Of Léo alone: not even an administrator."""
    more.setdefault("arguments", lambda house: {"pk": house.filed.batch.pk})
    return Door((STRANGER,), {**TO_LOGIN, AGENT: 404, CHIEF: 404}, **more)


def of_entry(**more: Any) -> Door:
    return of_service(arguments=lambda house: {"key": house.filed.entry.key}, **more)


def of_case(**more: Any) -> Door:
    """The team of the case; another team learns nothing, not even that the number exists."""
    more.setdefault("arguments", lambda house: {"reference": house.case.reference})
    return Door((AGENT, CHIEF), {**TO_LOGIN, STRANGER: 404}, **more)


def of_owner(**more: Any) -> Door:
    """Of Nadia alone."""
    return Door((AGENT,), {**TO_LOGIN, STRANGER: 404, CHIEF: 404}, **more)


def of_chief(**more: Any) -> Door:
    return Door((CHIEF,), {**TO_LOGIN, AGENT: 403, STRANGER: 403}, **more)


def case_and(name: str) -> Callable[[House], dict[str, Any]]:
    return lambda house: {"reference": house.case.reference, "pk": getattr(house, name).pk}


def of_article(house: House) -> dict[str, Any]:
    return {"code": house.article.code}


DOORS: dict[str, Door] = {
    "healthz": public(),
    # citizens
    "portal:home": public(),
    "portal:contact": public(),
    "portal:accessibility": public(),
    "portal:privacy": public(),
    "portal:legal": public(),
    "portal:aids": public(),
    "portal:aids_of_profile": public(arguments=lambda house: {"code": "lyceen"}),
    "portal:aids_of_theme": public(arguments=lambda house: {"code": "sport"}),
    "portal:find_aids": public(),
    "portal:aid": public(arguments=lambda house: {"code": house.aid.code}),
    "portal:answers": public(),
    "portal:answers_of_domain": public(arguments=lambda house: {"code": "transport_scolaire.carte"}),
    "portal:answer": public(arguments=lambda house: {"code": house.article.code}),
    "portal:picture": Door((), dict.fromkeys(EVERYONE, 404), arguments=lambda house: {"name": "inconnue.png"}),
    "portal:give_opinion": public(
        arguments=lambda house: {"code": house.article.code}, post={"utile": "oui"}, answers=(302,)
    ),
    "portal:proposals": public(post={"subject": "Carte de car perdue", "message": "Mon fils l'a perdue."}),
    "portal:proposal_follow_up": public(
        post={"code": "carte-perdue", "fait": "ouvert"}, answers=(400,)
    ),
    "portal:noa": public(),
    "portal:noa_news": public(arguments=lambda house: {}, answers=(404,)),  # without the key of a conversation
    "portal:noa_typing": public(post={}, answers=(204,)),
    "portal:noa_script": public(),
    "portal:search": public(),
    "portal:suggestions": public(),
    "portal:feed": public(),
    "portal:data_json": public(),
    "portal:data_csv": public(),
    "portal:sitemap": public(),
    "portal:robots": public(),
    "portal:embed_colours": public(arguments=lambda house: {"colour": "7a1f5c"}, answers=(404,)),
    "portal:embed_script": public(answers=(404,)),  # no site may embed the form until one is named
    "portal:received": of_citizen("/contact/"),
    "portal:receipt_pdf": of_citizen("/contact/"),
    "portal:follow": public(),
    "portal:follow_code": of_citizen("/suivi/"),
    "portal:follow_link": public(arguments=lambda house: {"handle": follow_handle()}),
    "portal:follow_case": of_citizen("/suivi/"),
    "portal:follow_message": of_citizen("/suivi/", post={"message": "Merci."}, answers=DONE),
    "portal:follow_close": of_citizen("/suivi/"),
    "portal:follow_receipt": of_citizen("/suivi/", post={}, answers=DONE),
    "portal:follow_reopen": of_citizen("/suivi/", post={"message": "Encore."}, answers=DONE),
    "portal:follow_attachment": of_citizen(404, arguments=lambda house: {"pk": house.attachment.pk}),
    "portal:follow_leave": public(post={}, answers=(302,)),
    # accounts of citizens
    "portal:sign_in": Door((NOBODY, CITIZEN, AGENT, STRANGER, CHIEF), {ACCOUNT: "/mes-demarches/"}),
    "portal:ask_link": public(),
    "portal:create": public(),
    "portal:forgotten": public(),
    "portal:link_sent": public(),
    "portal:account_link": public(arguments=lambda house: {"handle": "inconnu"}, answers=(400,)),
    "portal:sign_out": public(post={}, answers=(302,)),
    "portal:signed_out": public(),
    "portal:account": of_account(),
    "portal:change_password": of_account(),
    "portal:password_link": of_account(post={}, answers=DONE),
    "portal:change_address": of_account(),
    "portal:sign_in_code": Door((), dict.fromkeys(EVERYONE, SIGN_IN)),  # opened by a first proof only: tests/citizens
    "portal:lost_code": Door((), dict.fromkeys(EVERYONE, SIGN_IN)),  # the same
    "portal:second_factor": of_account(),
    "portal:second_factor_off": Door((), {**dict.fromkeys(EVERYONE, SIGN_IN), ACCOUNT: "/mon-compte/"}),  # not on
    # no provider is set up: tests/citizens
    "portal:franceconnect": public(answers=(404,)),
    "portal:franceconnect_back": public(answers=(404,)),
    "portal:identity": Door((), dict.fromkeys(EVERYONE, SIGN_IN)),
    "portal:identity_code": Door((), dict.fromkeys(EVERYONE, "/mon-compte/franceconnect/relier/")),
    "portal:identity_confirm": Door((), dict.fromkeys(EVERYONE, "/mon-compte/franceconnect/relier/")),
    "portal:unlink_identity": of_account(post={}, answers=DONE),
    "portal:revoke": of_account(post={}, answers=DONE),
    "portal:close_account": of_account(),
    # his dossiers
    "portal:dashboard": of_account(),
    "portal:dossiers_ended": of_account(),
    "portal:my_messages": of_account(),
    "portal:procedures": public(),
    "portal:procedure": public(arguments=lambda house: {"code": house.filed.procedure.code}),
    "portal:procedure_check": public(arguments=lambda house: {"code": house.filed.procedure.code}),
    "portal:procedure_start": of_account(
        arguments=lambda house: {"code": house.filed.procedure.code}, post={}, answers=DONE
    ),
    "portal:draft": of_account(arguments=lambda house: {"key": house.filed.draft.key}, answers=DONE),
    "portal:draft_drop": of_account(arguments=lambda house: {"key": house.filed.draft.key}),
    "portal:draft_page": of_account(arguments=lambda house: {"key": house.filed.draft.key, "code": "vous"}),
    "portal:dossier": of_dossier(),
    "portal:dossier_filed": of_dossier(),
    "portal:dossier_document": of_account(
        arguments=lambda house: {"reference": house.filed.waiting.reference, "code": "rib"}, post={}, answers=DONE
    ),
    "portal:dossier_message": of_dossier(post={"message": "Bonjour."}, answers=DONE),
    "portal:dossier_withdraw": of_dossier(),
    "portal:dossier_correct": of_account(
        arguments=lambda house: {"reference": house.filed.waiting.reference, "code": "sejour"}
    ),
    "portal:dossier_account": of_dossier(),
    "portal:dossier_computation": of_dossier(),
    "portal:dossier_summary": of_dossier(),
    "portal:dossier_decision": of_dossier(),
    "portal:piece_file": of_account(arguments=lambda house: {"pk": house.filed.piece.pk}),
    "portal:preferences": of_account(),
    "portal:feed_address": of_account(post={"faire": "creer"}, answers=DONE),
    "portal:calendar": of_account(),
    # the token is the key; without one there is nothing: tests/procedures/test_telling.py
    "portal:feed_calendar": Door((), dict.fromkeys(EVERYONE, 404), lambda house: {"token": "x" * 43}),
    "portal:my_documents": of_account(),
    "portal:my_document": of_account(arguments=lambda house: {"pk": house.filed.kept.pk}),
    "portal:my_document_remove": of_account(
        arguments=lambda house: {"pk": house.filed.kept.pk}, post={}, answers=DONE
    ),
    "portal:readings": of_account(),
    "portal:own_data": of_account(),
    "portal:own_contact_point": of_account(post={"telephone": "06 39 98 12 52"}, answers=DONE),
    "portal:export_data": of_account(),
    "portal:helpers": of_account(),
    # opened by the address it was sent to: tests/citizens/test_mandating.py
    "portal:invitation": Door(
        (ACCOUNT,), dict.fromkeys((NOBODY, CITIZEN, AGENT, STRANGER, CHIEF), SIGN_IN),
        lambda house: {"handle": "inconnue"}, answers=(404,),
    ),
    # programs
    "api:openapi": public(),
    "api:procedures": of_programs(),
    "api:procedure": of_programs(arguments=lambda house: {"code": house.filed.procedure.code}),
    "api:dossiers": of_programs(),
    "api:file_dossier": of_programs(),
    "api:dossier": of_programs(arguments=api_dossier),
    "api:decision": of_programs(arguments=api_dossier),
    "api:payments": of_programs(arguments=api_dossier),
    "api:documents": of_programs(arguments=api_dossier),
    "api:send_document": of_programs(arguments=api_dossier),
    "api:document": of_programs(
        arguments=lambda house: {"reference": house.filed.granted.reference, "document_id": house.filed.piece.pk}
    ),
    "api:events": of_programs(),
    # entrance of the desk
    "desk:login": Door((NOBODY, CITIZEN, ACCOUNT), dict.fromkeys(IN_DESK, "/bureau/")),
    "desk:code": Door((), dict.fromkeys(EVERYONE, LOGIN)),  # opened by a right password only: tests/accounts
    "desk:proconnect": public(answers=(404,)),
    "desk:proconnect_back": public(answers=(404,)),
    "desk:logout": public(post={}, answers=(302,)),
    # dossiers, of the team of Léo
    "desk:dossiers": of_agents(),
    "desk:dossier_batches": of_agents(),
    # of Léo alone, whom the stranger to the cases is
    "desk:dossier_batch": of_their_owner(),
    "desk:dossier_batch_prepare": of_their_owner(post={"verb": "advance"}, answers=DONE),
    "desk:dossier_batch_act": of_their_owner(post={"action": "confirmer", "nombre": "0"}, answers=DONE),
    "desk:silences": of_agents(),
    "desk:sittings": of_agents(),
    "desk:sitting": of_agents(arguments=lambda house: {"pk": house.filed.sitting.pk}),
    "desk:sitting_csv": of_agents(arguments=lambda house: {"pk": house.filed.sitting.pk}),
    "desk:sitting_act": of_agents(
        arguments=lambda house: {"pk": house.filed.sitting.pk, "verb": "arreter"}, post={}, answers=DONE
    ),
    "desk:payments": of_agents(),
    "desk:payment_again": of_service(
        arguments=lambda house: {"pk": house.filed.order.payments.get().pk}, post={}, answers=DONE
    ),
    "desk:payment_order": of_service(arguments=lambda house: {"pk": house.filed.order.pk}),
    "desk:payment_order_act": of_service(
        arguments=lambda house: {"pk": house.filed.prepared.pk, "verb": "refuser"}, post={}, answers=DONE
    ),
    "desk:payment_file": of_service(arguments=lambda house: {"pk": house.filed.order.pk, "kind": "xml"}),
    "desk:dossier_piece": of_service(arguments=lambda house: {"pk": house.filed.piece.pk}),
    "desk:dossier": of_service(arguments=lambda house: {"reference": house.filed.granted.reference}),
    "desk:dossier_act": of_service(
        arguments=lambda house: {"reference": house.filed.granted.reference, "verb": "recalculer"},
        post={},
        answers=DONE,
    ),
    # applications typed for somebody: of the same team
    "desk:entries": of_agents(),
    # nobody is named: tests/procedures/test_entering.py
    "desk:entry_new": Door((), {**TO_LOGIN, AGENT: 404, STRANGER: 404, CHIEF: 404}),
    "desk:entry": of_entry(answers=DONE),
    "desk:entry_arrival": of_entry(),
    "desk:entry_drop": of_entry(),
    "desk:entry_page": of_service(arguments=lambda house: {"key": house.filed.entry.key, "code": "vous"}),
    "desk:entry_filed": of_service(arguments=lambda house: {"reference": house.filed.entered.reference}),
    "desk:procedures": of_editor(),
    "desk:procedure": of_editor(arguments=lambda house: {"code": house.filed.procedure.code}),
    "desk:procedure_preview": of_editor(arguments=lambda house: {"code": house.filed.procedure.code}),
    "desk:procedure_trial": of_editor(arguments=lambda house: {"code": house.filed.procedure.code}),
    "desk:procedure_act": of_editor(
        arguments=lambda house: {"code": house.filed.procedure.code, "verb": "preparer"}, post={}, answers=DONE
    ),
    "desk:procedure_edit": of_editor(arguments=lambda house: {"code": house.filed.procedure.code, "key": "montant"}),
    # agents
    "desk:inbox": of_agents(),
    "desk:told": of_agents(),
    "desk:account": of_agents(),
    "desk:preferences": of_agents(post={"theme": "clair"}, answers=DONE),
    "desk:unlink_proconnect": of_agents(post={}, answers=DONE),
    "desk:password": of_agents(post={"old_password": "x"}, answers=DONE),
    "desk:revoke": of_agents(post={}, answers=DONE),
    "desk:second_factor": of_agents(),
    "desk:second_factor_off": of_agents(post={"password": "faux"}, answers=(403,)),
    "desk:failures": of_agents(),
    # one case
    "desk:case": of_case(),
    "desk:act": of_case(
        arguments=lambda house: {"reference": house.case.reference, "verb": "attribuer"}, post={"to": "0"}, answers=DONE
    ),
    "desk:task_done": of_case(arguments=case_and("task"), post={}, answers=DONE),
    "desk:reply": of_case(post={"text": ""}, answers=DONE),
    "desk:answers": of_case(),
    "desk:note": of_case(post={"text": "Note"}, answers=DONE),
    "desk:draft": of_case(post={"text": "Brouillon", "kind": "note"}, answers=DONE),
    "desk:presence": of_case(post={"etat": "reads"}),
    "desk:take_draft": of_case(arguments=case_and("draft"), post={}, answers=DONE),
    "desk:take_draft_back": of_case(post={}, answers=DONE),
    "desk:approval": of_case(
        arguments=lambda h: {"reference": h.second.reference, "pk": h.proposal.pk}, post={"action": "renvoyer"},
        answers=(*DONE, 403),
    ),
    "desk:undo": of_case(arguments=case_and("reply"), post={}, answers=DONE),
    "desk:resend": of_case(arguments=case_and("reply"), post={}, answers=DONE),
    "desk:posted": of_case(arguments=case_and("letter"), post={}, answers=DONE),
    "desk:letter": of_case(arguments=case_and("letter")),
    "desk:merge_preview": of_case(arguments=lambda h: {"reference": h.case.reference, "other": h.second.reference}),
    "desk:merge_undo": of_case(
        arguments=lambda h: {"reference": h.second.reference, "pk": h.joined.pk}, post={}, answers=DONE
    ),
    "desk:unlink": of_case(
        arguments=lambda h: {"reference": h.case.reference, "other": h.over.reference}, post={}, answers=DONE
    ),
    "desk:split": of_case(
        arguments=lambda h: {"reference": h.case.reference, "pk": h.attachment.interaction_id},
        post={"subject": "Autre sujet"}, answers=DONE,
    ),
    "desk:orient": of_case(post={"topic": "aides.permis"}, answers=DONE),
    "desk:settle": of_case(post={"to": "0"}, answers=DONE),
    "desk:orient_undo": of_case(
        arguments=lambda h: {"pk": h.case.routing_decisions.get().pk}, post={}, answers=DONE
    ),
    "desk:page_of_mail": of_case(arguments=lambda house: {"pk": house.page.pk}),
    "desk:attachment": of_case(arguments=lambda house: {"pk": house.attachment.pk}),
    "desk:preview": of_case(arguments=lambda house: {"pk": house.attachment.pk}),
    "desk:seen": of_case(arguments=lambda house: {"pk": house.attachment.pk}, answers=(200, 404)),
    "desk:trace": of_case(),
    "desk:export": of_case(post={}),
    "desk:failure_act": of_case(arguments=lambda house: {"pk": house.failure.pk}, post={"action": "classer"},
                                answers=DONE),
    # persons: those who have a case one may see, here of one team only
    "desk:person": of_case(arguments=lambda h: {"pk": h.alike.pk}),
    "desk:person_act": of_case(
        arguments=lambda h: {"pk": h.alike.pk, "verb": "coordonnee"}, post={"kind": "phone"}, answers=DONE
    ),
    "desk:compare": of_case(arguments=lambda h: {"pk": h.case.person_id, "other": h.alike.pk}),
    "desk:person_merge_undo": of_case(
        arguments=lambda h: {"pk": h.alike.pk, "merge": h.merged.pk}, post={}, answers=DONE
    ),
    "desk:duplicates": of_agents(),
    "desk:live_state": of_agents(),
    "desk:batches": of_agents(),
    "desk:batch": of_owner(arguments=lambda h: {"pk": h.batch.pk}),
    "desk:batch_prepare": of_owner(arguments=lambda h: {"pk": h.batch.pk}, post={"verb": "close"}, answers=DONE),
    "desk:batch_act": of_owner(arguments=lambda h: {"pk": h.batch.pk}, post={"action": "confirmer"}, answers=DONE),
    "desk:search": of_agents(),
    "desk:views": of_agents(),
    "desk:view_keep": of_agents(),
    "desk:view_act": of_case(arguments=lambda h: {"pk": h.view.pk}, post={"action": "monter"}, answers=(302, 403)),
    # mail room and administrators
    "desk:quarantine": of_chief(),
    "desk:quarantined": of_chief(arguments=lambda house: {"pk": house.quarantined.pk}),
    "desk:quarantined_raw": of_chief(arguments=lambda house: {"pk": house.quarantined.pk}),
    "desk:quarantine_act": of_chief(
        arguments=lambda house: {"pk": house.quarantined.pk}, post={"action": "ecarter"}, answers=DONE
    ),
    "desk:settings": of_chief(),
    "desk:setting_list": of_chief(arguments=lambda house: {"section": "equipes"}),
    "desk:setting_new": of_chief(arguments=lambda house: {"section": "agents"}),
    "desk:setting": of_chief(arguments=lambda house: {"section": "agents", "pk": house.region.leo.pk}),
    "desk:setting_remove": of_chief(
        arguments=lambda house: {"section": "engagements", "pk": house.commitment.pk}, post={}, answers=DONE
    ),
    "desk:interfaces": of_chief(),
    "desk:key_revoke": of_chief(arguments=lambda house: {"pk": house.filed.key.pk}, post={}, answers=DONE),
    "desk:interface_hook": of_chief(arguments=lambda house: {"pk": house.filed.hook.pk}),
    "desk:interface_hook_act": of_chief(
        arguments=lambda house: {"pk": house.filed.hook.pk}, post={"action": "arreter"}, answers=DONE
    ),
    "desk:agent_act": of_chief(
        arguments=lambda house: {"pk": house.region.leo.pk}, post={"action": "mot-de-passe"}, answers=DONE
    ),
    "desk:teams": of_chief(),
    "desk:team": of_chief(arguments=lambda house: {"pk": house.region.transport.pk}),
    "desk:team_cases": of_chief(arguments=lambda house: {"pk": house.region.transport.pk}),
    "desk:team_reassign": of_chief(
        arguments=lambda house: {"pk": house.region.transport.pk}, post={"to": "file", "toutes": "oui", "sure": "oui"},
        answers=DONE,
    ),
    "desk:team_sharing": of_chief(
        arguments=lambda house: {"pk": house.region.transport.pk}, post={"partage": "oui"}, answers=DONE
    ),
    "desk:team_agent": of_chief(
        arguments=lambda house: {"pk": house.region.transport.pk, "agent": house.region.nadia.pk}
    ),
    # absences: one's own, and those of whom one leads
    "desk:absences": of_agents(),
    "desk:absence": of_case(arguments=lambda house: {"pk": house.absence.pk}),
    "desk:absence_end": of_case(arguments=lambda house: {"pk": house.absence.pk}, post={}, answers=DONE),
    "desk:warnings": of_agents(),
    "desk:warnings_read": of_agents(post={"tout": "oui"}, answers=DONE),
    "desk:reviews": of_agents(),
    "desk:review": of_case(arguments=lambda house: {"pk": house.review.pk}),
    "desk:available": of_agents(post={"disponible": "non"}, answers=DONE),
    # conversations: those that became a case one may see
    "desk:chats": of_agents(),
    "desk:chat": of_case(arguments=lambda house: {"pk": house.chat.pk}),
    "desk:chat_news": of_case(arguments=lambda house: {"pk": house.chat.pk}),
    "desk:chat_act": of_case(arguments=lambda house: {"pk": house.chat.pk}, post={"faire": "ecrit"}, answers=(204,)),
    "desk:noa_quality": of_agents(),
    "desk:dialogues": of_agents(),
    "desk:dialogue_new": of_agents(),
    "desk:dialogue": of_agents(arguments=lambda house: {"pk": house.dialogue.pk}),
    # the base of answers: read by every agent
    "desk:base": of_agents(),
    "desk:base_work": of_chief(),
    "desk:synonyms": of_chief(),
    "desk:season": of_chief(),
    "desk:season_new": of_chief(),
    "desk:season_event": of_chief(arguments=lambda house: {"pk": house.event.pk}),
    "desk:base_import": of_chief(),
    "desk:base_export": of_agents(arguments=lambda house: {"form": "csv"}),
    "desk:article_markdown": of_agents(arguments=of_article),
    "desk:base_question": of_chief(post={"mots": "carte perdue", "action": "ignorer"}, answers=DONE),
    "desk:base_idea": of_chief(arguments=lambda house: {"pk": house.idea.pk}),
    "desk:base_look_again": of_chief(post={}, answers=DONE),
    "desk:article": of_agents(arguments=of_article),
    "desk:article_versions": of_agents(arguments=of_article),
    "desk:article_report": of_agents(arguments=of_article, post={"remarque": "C'est 12 €."}, answers=DONE),
    "desk:article_new": of_chief(),
    "desk:article_edit": of_chief(arguments=of_article),
    "desk:article_place": of_chief(arguments=of_article, post={}, answers=(400,)),
    "desk:article_tell": of_agents(arguments=of_article, post={}, answers=(409,)),
    "desk:article_act": of_chief(arguments=of_article, post={"action": "soumettre"}, answers=DONE),
    "desk:rules": of_chief(),
    "desk:rule_new": of_chief(),
    "desk:rule": of_chief(arguments=lambda house: {"pk": house.rule.pk}),
    "desk:rule_act": of_chief(arguments=lambda house: {"pk": house.rule.pk}, post={"action": "monter"}, answers=DONE),
    "desk:decisions": of_chief(),
    "desk:quality": of_chief(),
    "desk:quality_act": of_chief(post={"action": "apprendre"}, answers=DONE),
    "desk:examples": of_chief(),
    "desk:example_remove": of_chief(arguments=lambda house: {"pk": house.example.pk}, post={}, answers=DONE),
    "desk:outgoing": of_chief(),
    "desk:outgoing_mail": of_chief(arguments=lambda house: {"name": house.outgoing}),
}  # fmt: skip


def routes(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, inside)
        else:
            yield f"{space}{pattern.name or pattern.pattern}"


ROUTES = sorted(routes(get_resolver().url_patterns))


def test_every_address_has_a_door() -> None:
    assert sorted(DOORS) == ROUTES


def visitors(house: House) -> dict[str, Client]:
    found = {name: agent(user) for name, user in house.accounts.items()}
    signed = signed_in(Client(), house.account)
    return {NOBODY: Client(), CITIZEN: citizen(house.case), ACCOUNT: signed, **found}


def knock(client: Client, house: House, name: str) -> HttpResponse:
    door = DOORS[name]
    address = reverse(name, kwargs=door.arguments(house))
    response: Any = client.get(address) if door.post is None else client.post(address, door.post)
    if response.streaming:
        for close in response._resource_closers:  # response.close() would also close the connection of the test
            close()
    return response  # type: ignore[no-any-return]


# A house is long to build: one serves a street, what a visitor did there is undone before the next one knocks.
STREETS = [ROUTES[first : first + 16] for first in range(0, len(ROUTES), 16)]


@pytest.mark.parametrize("street", STREETS, ids=lambda street: str(street[0]))
def test_each_visitor_gets_what_is_his(house: House, street: list[str], subtests: pytest.Subtests) -> None:
    for name in street:
        DOORS[name].arguments(house)  # what it is about exists before anyone knocks: a visit is taken back
        with subtests.test(name), as_if_never():
            _gives_to_each_what_is_his(house, name)


def _gives_to_each_what_is_his(house: House, name: str) -> None:
    door = DOORS[name]
    assert set(door.opens) | set(door.closed) == set(EVERYONE)
    assert not set(door.opens) & set(door.closed)
    for who, client in visitors(house).items():
        with as_if_never():
            response = knock(client, house, name)
        if who in door.opens:
            assert response.status_code in door.answers, (who, response.status_code)
            if response.status_code == 302:
                assert not response["Location"].startswith(LOGIN) or name == "desk:logout", who
        elif isinstance(expected := door.closed[who], int):
            assert response.status_code == expected, who
        else:
            assert response.status_code == 302, (who, response.status_code)
            assert response["Location"].split("?")[0] == expected, who


@contextmanager
def as_if_never() -> Iterator[None]:
    """What one visitor did is undone before the next one knocks."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)
        forget_rows()


OF_A_CASE = [name for name, door in DOORS.items() if door.closed.get(STRANGER) == 404]


def test_a_case_of_another_team_is_unchanged_by_a_stranger(house: House) -> None:
    """404 is not enough: nothing may have been written before it."""
    before = _state(house)
    client = agent(house.region.leo)
    for name in OF_A_CASE:
        assert knock(client, house, name).status_code == 404, name
    assert _state(house) == before
    assert len(OF_A_CASE) >= 10


def _state(house: House) -> tuple[object, ...]:
    case = type(house.case).objects.get(pk=house.case.pk)
    return (case.version, case.status, case.assignee_id, case.interactions.count(), case.drafts.count(),
            case.tasks.filter(done_at__isnull=True).count())  # fmt: skip


def _opens_to_no_cookie(house: House, name: str) -> None:
    """A program gives its key at each call; the session of an administrator, which a browser would send, is nothing."""
    client = agent(house.region.chief)
    address = reverse(name, kwargs=DOORS[name].arguments(house))
    before = Event.objects.count()
    assert client.post(address, {}).status_code in {401, 405, 415}
    assert Event.objects.count() == before
    if name != "api:openapi":
        assert client.get(address).status_code in {401, 405}


# No cookie opens them: what another site could send has no key.
OPENED_BY_A_KEY = {"portal:noa", "portal:noa_typing"}


@pytest.mark.parametrize("street", STREETS, ids=lambda street: str(street[0]))
def test_nothing_is_accepted_without_its_csrf_token(house: House, street: list[str], subtests: pytest.Subtests) -> None:
    """Asked of every address, those that only read included: the refusal comes before the view."""
    for name in street:
        if name not in OPENED_BY_A_KEY:
            DOORS[name].arguments(house)
            with subtests.test(name), as_if_never():
                _accepts_nothing_without_a_token(house, name)


def _accepts_nothing_without_a_token(house: House, name: str) -> None:
    door = DOORS[name]
    if name.startswith("api:"):
        _opens_to_no_cookie(house, name)
        return
    for user in (None, house.region.chief):
        strict = Client(enforce_csrf_checks=True)
        if user is not None:
            strict.force_login(user)
        response = strict.post(reverse(name, kwargs=door.arguments(house)), door.post or {})
        assert response.status_code == 403
        assert "Votre page a expiré" in response.content.decode()

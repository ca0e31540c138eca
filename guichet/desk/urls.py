from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from guichet.desk.views import account, acts, case, duplicates, files, inbox, joining, login, mail, people, writing

app_name = "desk"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.inbox, name="inbox"),
    path("connexion/", login.sign_in, name="login"),
    path("connexion/code/", login.code, name="code"),
    path("deconnexion/", login.sign_out, name="logout"),
    path("compte/", account.account, name="account"),
    path("compte/preferences/", account.preferences, name="preferences"),
    path("compte/mot-de-passe/", account.password, name="password"),
    path("compte/sessions/", account.revoke, name="revoke"),
    path("compte/second-facteur/", account.second_factor, name="second_factor"),
    path("compte/second-facteur/retirer/", account.second_factor_off, name="second_factor_off"),
    path("demandes/<str:reference>/", case.show, name="case"),
    path("demandes/<str:reference>/faire/<slug:verb>/", acts.act, name="act"),
    path("demandes/<str:reference>/taches/<int:pk>/fait/", acts.task_done, name="task_done"),
    path("demandes/<str:reference>/reponse/", writing.reply, name="reply"),
    path("demandes/<str:reference>/note/", writing.note, name="note"),
    path("demandes/<str:reference>/brouillon/", writing.draft, name="draft"),
    path("demandes/<str:reference>/echanges/<int:pk>/annuler/", writing.undo, name="undo"),
    path("demandes/<str:reference>/reunir/<str:other>/", joining.preview, name="merge_preview"),
    path("demandes/<str:reference>/reunions/<int:pk>/annuler/", joining.undo, name="merge_undo"),
    path("demandes/<str:reference>/liens/<str:other>/retirer/", joining.unlink, name="unlink"),
    path("demandes/<str:reference>/echanges/<int:pk>/separer/", joining.split, name="split"),
    path("personnes/<int:pk>/", people.show, name="person"),
    path("personnes/<int:pk>/faire/<slug:verb>/", people.act, name="person_act"),
    path("personnes/<int:pk>/comparer/<int:other>/", duplicates.compare, name="compare"),
    path("personnes/<int:pk>/reunions/<int:merge>/annuler/", duplicates.undo, name="person_merge_undo"),
    path("doublons/", duplicates.listing, name="duplicates"),
    path("echanges/<int:pk>/mise-en-page/", files.page_of_mail, name="page_of_mail"),
    path("pieces/<int:pk>/", files.attachment, name="attachment"),
    path("quarantaine/", mail.quarantine, name="quarantine"),
    path("quarantaine/<int:pk>/", mail.quarantined, name="quarantined"),
    path("quarantaine/<int:pk>/brut/", mail.quarantined_raw, name="quarantined_raw"),
    path("quarantaine/<int:pk>/faire/", mail.quarantine_act, name="quarantine_act"),
    path("envois/", mail.failures, name="failures"),
    path("envois/<int:pk>/faire/", mail.failure_act, name="failure_act"),
    path("courriels-sortants/", mail.outgoing, name="outgoing"),
    path("courriels-sortants/<str:name>/", mail.outgoing_mail, name="outgoing_mail"),
]

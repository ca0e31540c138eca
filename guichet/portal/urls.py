from __future__ import annotations

from django.urls import path

from guichet.portal.views import contact, follow, pages

app_name = "portal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("contact/", contact.contact, name="contact"),
    path("contact/integrer.js", contact.embed_script, name="embed_script"),
    path("contact/couleurs/<slug:colour>.css", contact.embed_colours, name="embed_colours"),
    path("contact/recu/", contact.received, name="received"),
    path("contact/recu/accuse.pdf", contact.receipt_pdf, name="receipt_pdf"),
    path("suivi/", follow.ask, name="follow"),
    path("suivi/code/", follow.code, name="follow_code"),
    path("suivi/lien/<str:handle>/", follow.link, name="follow_link"),
    path("suivi/demande/", follow.case, name="follow_case"),
    path("suivi/demande/message/", follow.message, name="follow_message"),
    path("suivi/demande/terminer/", follow.close, name="follow_close"),
    path("suivi/demande/rouvrir/", follow.reopen, name="follow_reopen"),
    path("suivi/piece/<int:pk>/", follow.attachment, name="follow_attachment"),
    path("suivi/quitter/", follow.leave, name="follow_leave"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("mentions-legales/", pages.legal, name="legal"),
]

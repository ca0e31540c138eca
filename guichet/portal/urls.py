from __future__ import annotations

from django.urls import path

from guichet.portal.views import answers, contact, follow, guide, noa, pages, proposals, published, search

app_name = "portal"
urlpatterns = [
    path("", pages.home, name="home"),
    path("contact/", contact.contact, name="contact"),
    path("contact/reponses/", proposals.proposals, name="proposals"),
    path("contact/reponses/suite/", proposals.follow_up, name="proposal_follow_up"),
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
    path("aides/", guide.guide, name="aids"),
    path("aides/profil/<slug:code>/", guide.profile, name="aids_of_profile"),
    path("aides/theme/<slug:code>/", guide.theme, name="aids_of_theme"),
    path("aides/trouver/", guide.find, name="find_aids"),
    path("aides/flux.xml", published.feed, name="feed"),
    path("aides/donnees.json", published.data_json, name="data_json"),
    path("aides/donnees.csv", published.data_csv, name="data_csv"),
    path("aides/<slug:code>/", answers.aid, name="aid"),
    path("reponses/", answers.domains, name="answers"),
    path("reponses/sujet/<str:code>/", answers.domain, name="answers_of_domain"),
    path("reponses/<slug:code>/", answers.answer, name="answer"),
    path("reponses/<slug:code>/avis/", answers.give_opinion, name="give_opinion"),
    path("recherche/", search.search, name="search"),
    path("recherche/suggestions/", search.suggestions, name="suggestions"),
    path("sitemap.xml", published.sitemap, name="sitemap"),
    path("robots.txt", published.robots, name="robots"),
    path("noa/", noa.noa, name="noa"),
    path("noa/suite/", noa.news, name="noa_news"),
    path("noa/ecrit/", noa.typing, name="noa_typing"),
    path("noa/integrer.js", noa.embed_script, name="noa_script"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("mentions-legales/", pages.legal, name="legal"),
]

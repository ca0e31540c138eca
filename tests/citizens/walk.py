"""Every page of an account, refused and done: what the house asks of all templates."""

from __future__ import annotations

from django.test import Client

from tests.citizens.conftest import PASSWORD, link_of

NEW = "nouvelle@courriel.example"
LINKS = "/mon-compte/recevoir-un-lien/"


def walk_through_accounts() -> None:
    client = Client()
    for page in ("connexion", "recevoir-un-lien", "creer", "mot-de-passe-oublie"):
        client.post(f"/mon-compte/{page}/", {"suite": "/mon-compte/"})
    client.post("/mon-compte/creer/", {"email": NEW, "suite": "/mon-compte/"})
    client.get("/mon-compte/lien-envoye/")
    client.get(link_of(NEW))
    client.post(link_of(NEW), {"password": "court"})
    client.post(link_of(NEW), {"first_name": "Ana", "family_name": "Roux"})
    client.get("/mon-compte/")
    client.post("/mon-compte/mot-de-passe/lien/")
    client.get(link_of(NEW))
    client.post(link_of(NEW), {"password": "court"})
    client.post(link_of(NEW), {"password": PASSWORD})
    client.post(LINKS, {"email": NEW})
    client.get(link_of(NEW))
    client.post(link_of(NEW))
    client.get("/mon-compte/")
    client.post("/mon-compte/mot-de-passe/", {})
    client.post("/mon-compte/adresse/", {})
    client.post("/mon-compte/adresse/", {"email": f"autre.{NEW}"})
    client.get(link_of(f"autre.{NEW}"))
    client.post("/mon-compte/fermer/", {})
    client.post("/mon-compte/fermer/", {"sure": "on", "password": PASSWORD})

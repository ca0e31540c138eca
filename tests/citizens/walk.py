"""Every page of an account, refused and done: what the house asks of all templates."""

from __future__ import annotations

from django.test import Client

from guichet.core.openid.provider import forget
from tests.citizens.conftest import PASSWORD, last_mail, link_of
from tests.citizens.test_second_factor import turned_on
from tests.oidc_provider import NADIA, Provider
from tests.plugged import plugged, there_and_back

NEW = "nouvelle@courriel.example"
FC, PC = "/mon-compte/franceconnect/", "/bureau/proconnect/"
LINKS = "/mon-compte/recevoir-un-lien/"


def _identities(fc: Provider, owner: Client) -> None:
    for address in ("camille.duprat@courriel.example", "jamais@courriel.example"):
        client = Client()
        client.get("/mon-compte/connexion/")
        client.get(there_and_back(client, FC, who="camille"))
        client.post(f"{FC}relier/", {})
        client.post(f"{FC}relier/", {"email": address})
        client.post(f"{FC}relier/code/", {})
        client.post(f"{FC}relier/code/", {"code": last_mail(address).subject[:6]})
        client.get(f"{FC}relier/confirmer/")
    client.post(f"{FC}relier/confirmer/")
    client.get("/mon-compte/")
    client.post("/mon-compte/deconnexion/")
    fc.people["camille"] = {"sub": "2", "family_name": "Roux", "preferred_username": "Petit", "birthdate": "1980-00-00"}
    owner.get(there_and_back(owner, FC, who="camille"))
    owner.get(f"{FC}relier/")
    owner.post(f"{FC}relier/")
    owner.get("/mon-compte/")
    fc.fault = "id nonce"
    client.get(there_and_back(client, FC, who="camille"))
    client.get(there_and_back(client, FC, who="renoncer"))
    client.get("/mon-compte/connexion/")


def walk_through_proconnect(email: str) -> None:
    with plugged("proconnect", people={"nadia": {**NADIA, "email": email}}) as pc:
        client = Client()
        client.get("/bureau/connexion/")
        client.get(there_and_back(client, PC, who="nadia"))
        client.get("/bureau/compte/")
        client.post("/bureau/deconnexion/")
        pc.fault = "down"
        forget()
        client.get(PC)


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
    turned_on(client)
    client.get("/mon-compte/")
    client.post("/mon-compte/deux-etapes/retirer/", {})
    half = Client()
    half.post("/mon-compte/connexion/", {"email": NEW, "password": PASSWORD})
    half.post("/mon-compte/code/", {})
    half.get("/mon-compte/code/perdu/")
    half.post("/mon-compte/code/perdu/")
    with plugged("franceconnect") as fc:
        _identities(fc, client)
        fc.fault = "down"
        forget()
        client.get(FC)
        client.post("/mon-compte/fermer/", {})
    client.post("/mon-compte/fermer/", {"sure": "on", "password": PASSWORD})

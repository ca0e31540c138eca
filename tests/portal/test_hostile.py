"""What is not meant well, or goes wrong: words that are code, files that lie, the same click twice, forged keys."""

from __future__ import annotations

import io
import threading
import zipfile
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guichet.accounts.models import User
from guichet.cases.actions import follow
from guichet.cases.models import Attachment, Case, FollowCode, Interaction
from guichet.core.limits import client_address
from guichet.core.reference import make
from guichet.gateway.worker import drain
from guichet.outbox.models import Parcel
from tests.portal.factories import Region, make_region
from tests.portal.test_contact import PDF, filled, token
from tests.portal.test_follow import ADDRESS, ask, opened, sent_code

HOSTILE = """<img src=x onerror=alert(1)>'"; DROP TABLE cases_case; --{{7|add:7142}}"""
FIELDS = ("subject", "message", "first_name", "last_name", "organisation", "address")


@pytest.fixture
def case(region: Region) -> Case:
    Client().post("/contact/", filled(files=SimpleUploadedFile("attestation.pdf", PDF)))
    return Case.objects.get()


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", FIELDS)
def test_words_that_are_code_are_only_words(region: Region, field: str) -> None:
    client = Client()
    values = filled(kind="company", organisation="Bois", siret="20005375900011")
    values[field] = HOSTILE + values[field]
    done = client.post("/contact/", values)
    assert done.status_code == 302, done.content.decode()
    case = Case.objects.get()
    pages = [client.get("/contact/recu/"), opened(case).get("/suivi/demande/")]
    chief = User.objects.create_user("chef@region.example", None, is_administrator=True)
    desk = Client()
    desk.force_login(chief)
    pages += [desk.get(f"/bureau/demandes/{case.reference}/"), desk.get("/bureau/?file=canal-form")]
    pages += [desk.get(f"/bureau/recherche/?q={quote(HOSTILE[:100])}")]
    texts = [page.content.decode() for page in pages]
    assert not any("<img src=x" in text or "7149<" in text for text in texts)
    assert any("&lt;img src=x onerror=alert(1)&gt;" in text for text in texts), "it is shown, as words"
    # Refused, it is shown again as words too.
    again = client.post("/contact/", {**values, "token": token(), "email": "faux"})
    assert "<img src=x" not in again.content.decode()
    # Parcels are plain text; the page of a receipt is not made of them.
    drain()
    assert Case.objects.count() == 1


def test_no_header_can_be_added_to_a_mail(region: Region, settings: Any) -> None:
    from guichet.desk.views.mail import outgoing_folder

    evil = "Sandrine\r\nBcc: victime@ailleurs.example\r\n\r\nTexte"
    Client().post("/contact/", filled(subject=evil, first_name=evil, last_name=evil))
    assert Client().post("/contact/", filled(email="a@b.example\r\nBcc: c@d.example")).status_code == 400
    drain()
    folder = outgoing_folder()
    assert folder is not None
    mails = [path.read_bytes() for path in folder.glob("*.eml")]
    assert mails
    for mail in mails:
        head = mail.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\n"))


@pytest.mark.parametrize("field", ["topic", "subject", "message", "email", "phone", "reference", "kind", "channel",
                                   "website", "token", "kept"])  # fmt: skip
@pytest.mark.parametrize("value", ["\x00", "\ud83d\ude00" * 2, "x" * 5000, "%s%n", "\u202e"],
                         ids=["nul", "pair", "long", "format", "override"])  # fmt: skip
def test_strange_values_are_refused_or_taken_never_a_crash(region: Region, field: str, value: str) -> None:
    value = value.encode("utf-16", "surrogatepass").decode("utf-16")
    assert Client().post("/contact/", filled(**{field: value})).status_code in {302, 400}


@pytest.mark.parametrize(
    "address",
    ["/suivi/?numero=%00", "/suivi/demande/?numero=%00", "/suivi/lien/%00/", "/contact/?sujet=%00&numero=%00",
     "/bureau/?q=%00", "/bureau/?q=%00%40", "/bureau/?file=%00&apres=%00", "/bureau/demandes/%00/",
     "/bureau/demandes/1%2700/", "/bureau/?apres=99999999999999999-1", "/bureau/?file=equipe-99999999999999999999",
     "/bureau/connexion/?suite=%00", "/bureau/courriels-sortants/%00/", "/bureau/pieces/99999999999999999999/",
     "/suivi/piece/99999999999999999999/", "/bureau/courriels-sortants/..%2f..%2fsecret-key/"],
)  # fmt: skip
def test_strange_addresses_are_not_a_crash(case: Case, address: str) -> None:
    chief = User.objects.create_user("chef@region.example", None, is_administrator=True)
    desk = opened(case)
    desk.force_login(chief)
    assert desk.get(address).status_code in {200, 302, 400, 404}


# -- files ------------------------------------------------------------------------------------------------------------


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "."), content)
    return buffer.getvalue()


FILES = [
    ("photo.jpg", b"MZ" + b"\0" * 300, "est un programme"),
    ("lettre.pdf", b"\x7fELF" + b"\0" * 300, "est un programme"),
    ("script.txt", b"#!/bin/sh\nrm -rf /\n", "est un programme"),
    ("page.pdf", b"<html><script>alert(1)</script>", "ne pouvons pas lire ce type"),
    ("dessin.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "ne pouvons pas lire ce type"),
    ("vide.pdf", b"", "est vide"),
    ("bombe.zip", zipped(a_txt=b"0" * 60_000_000), "trop grosse une fois ouverte"),
    ("cadeau.zip", zipped(facture_exe=b"MZ"), "contient un programme"),
    ("abime.zip", b"PK\x03\x04" + b"x" * 300, "abîmé"),
]


@pytest.mark.parametrize(("name", "content", "words"), FILES, ids=[file[0] for file in FILES])
def test_a_bad_file_is_named_and_the_form_comes_back(region: Region, name: str, content: bytes, words: str) -> None:
    good = SimpleUploadedFile("attestation.pdf", PDF)
    response = Client().post("/contact/", filled(files=[SimpleUploadedFile(name, content), good]))
    page = response.content.decode()
    assert response.status_code == 400
    assert name.rpartition(".")[0] in page
    assert words in page
    assert "attestation.pdf" in page, "the good one is kept"
    assert "mon fils a perdu sa carte" in page
    assert not Case.objects.exists()


def test_too_heavy(region: Region, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    heavy = SimpleUploadedFile("gros.pdf", PDF + b"0" * settings.UPLOAD_MAX_BYTES)
    response = Client().post("/contact/", filled(files=heavy))
    assert response.status_code == 400
    assert "dépasse 1 Mo" in response.content.decode()


@pytest.mark.parametrize("number", [6, 20, 60])
def test_too_many_files_give_the_form_back(region: Region, number: int) -> None:
    client, first = Client(), filled()
    photos = [SimpleUploadedFile(f"photo{n}.pdf", PDF + str(n).encode()) for n in range(number)]
    response = client.post("/contact/", {**first, "files": photos})
    page = response.content.decode()
    assert response.status_code == 400
    assert "5 fichiers au plus" in page
    assert "mon fils a perdu sa carte" in page
    assert [kept.name for kept in response.context["uploads"].kept] == [f"photo{n}.pdf" for n in range(5)]
    assert len(response.context["uploads"].errors) == 1
    more = number - 5 - 3
    assert ("et " in response.context["uploads"].errors[0]) is (more > 0)
    if more > 0:
        assert f"et {more} autre" in response.context["uploads"].errors[0]
    kept = response.context["uploads"].token
    assert client.post("/contact/", filled(token=first["token"], kept=kept)).status_code == 302
    assert Attachment.objects.count() == 5


@pytest.mark.parametrize("where", ["/contact/", "/suivi/demande/message/", "/bureau/demandes/{}/reponse/"])
def test_what_cannot_be_read_at_all_is_a_page_in_french(case: Case, where: str) -> None:
    client = opened(case)
    client.force_login(User.objects.create_user("chef@region.example", None, is_administrator=True))
    for values in (
        {"files": [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(1001)]},
        {"message": "x" * 3_000_000},
        {f"champ{n}": "" for n in range(300)},
    ):
        response = client.post(where.format(case.reference), {**filled(), **values})
        assert response.status_code == 400
        assert "pas pu être lu" in response.content.decode()


# -- twice ------------------------------------------------------------------------------------------------------------


def at_once(*works: Any) -> list[Any]:
    """Run these side by side, each with its own connection; their results, or what they raised."""
    ready = threading.Barrier(len(works))
    found: list[Any] = [None] * len(works)

    def run(place: int, work: Any) -> None:
        try:
            ready.wait()
            found[place] = work()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_the_same_form_in_parallel_is_one_case() -> None:
    make_region()
    values = filled()
    done = at_once(*[lambda: Client().post("/contact/", values).status_code] * 4)
    assert done == [302] * 4
    assert Case.objects.count() == 1
    assert Interaction.objects.filter(direction="in").count() == 1
    assert Parcel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_message_in_parallel_is_one_message() -> None:
    make_region()
    Client().post("/contact/", filled())
    case = Case.objects.get()
    browsers = [opened(case) for _ in range(3)]
    values = {"numero": case.reference, "token": token(), "message": "Je l'ai retrouvée."}
    done = at_once(*[lambda b=b: b.post("/suivi/demande/message/", values).status_code for b in browsers])
    assert done == [302] * 3
    assert Interaction.objects.filter(channel="portal").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_code_opens_once_even_in_parallel() -> None:
    make_region()
    Client().post("/contact/", filled())
    handle = follow.send_follow_code(Case.objects.get().reference, ADDRESS)
    code = sent_code()[0]
    done = at_once(*[lambda: follow.open_follow(handle, code)] * 3)
    assert sum(isinstance(found, Case) for found in done) == 1


# -- forged -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["0", "1604218", "' OR 1=1 --", "1604217; DROP TABLE", "9" * 30])
def test_a_forged_number_is_refused_before_anything_is_asked(region: Region, reference: str) -> None:
    response = ask(Client(), reference)
    assert response.status_code == 400
    assert not FollowCode.objects.exists()


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "' OR ''='", "000000 "])
def test_a_forged_code_opens_nothing(case: Case, code: str) -> None:
    client = Client()
    ask(client, case.reference)
    if sent_code()[0] == code.strip():
        return
    assert client.post("/suivi/code/", {"code": code}).status_code == 400
    assert client.get("/suivi/demande/").status_code == 302


def test_a_code_lasts_ten_minutes(case: Case) -> None:
    client = Client()
    ask(client, case.reference)
    found = FollowCode.objects.get()
    assert 590 < (found.expires_at - timezone.now()).total_seconds() <= 600
    FollowCode.objects.update(expires_at=timezone.now())
    assert client.post("/suivi/code/", {"code": sent_code()[0]}).status_code == 400
    assert Client().post(f"/suivi/lien/{sent_code()[1]}/").status_code == 400


def test_a_code_is_of_no_use_in_another_browser(case: Case) -> None:
    """The six digits alone are guessable: they go with the browser that asked."""
    ask(Client(), case.reference)
    other = Client()
    ask(other, make(987654))
    assert other.post("/suivi/code/", {"code": sent_code()[0]}).status_code == 400


@pytest.mark.parametrize("handle", ["x", "a" * 32, "..%2f", "%27%20OR%201=1"])
def test_a_forged_link_opens_nothing(case: Case, handle: str) -> None:
    client = Client()
    assert client.get(f"/suivi/lien/{handle}/").status_code in {200, 404}
    assert client.post(f"/suivi/lien/{handle}/").status_code in {400, 404}
    assert client.get("/suivi/demande/").status_code == 302


def test_the_link_and_the_code_are_kept_as_digests(case: Case) -> None:
    ask(Client(), case.reference)
    code, handle = sent_code()
    row = FollowCode.objects.values().get()
    assert code not in str(row["code_hash"])
    assert handle not in str(row.values())


# -- nothing to learn -------------------------------------------------------------------------------------------------


def test_known_and_unknown_cost_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dear part, one slow hash, is done in both cases; what differs is a few quick statements."""
    hashed: list[int] = []
    real = follow.make_password
    monkeypatch.setattr(follow, "make_password", lambda code: hashed.append(1) or real(code))
    costs = []
    for reference, address in [(case.reference, ADDRESS), (make(987654), ADDRESS), (case.reference, "x@y.example")]:
        hashed.clear()
        with CaptureQueriesContext(connection) as seen:
            follow.send_follow_code(reference, address)
        assert hashed == [1]
        costs.append(len(seen))
    assert max(costs) - min(costs) <= 10, costs
    checked: list[int] = []
    judge = follow.check_password
    monkeypatch.setattr(follow, "check_password", lambda *a: checked.append(1) or judge(*a))
    for reference in (case.reference, make(987654)):
        client = Client()
        ask(client, reference, ADDRESS)
        assert client.post("/suivi/code/", {"code": "12"}).status_code == 400
    assert checked == [1, 1]


def test_asking_is_limited_the_same_for_known_and_unknown(case: Case) -> None:
    for reference, address in [(case.reference, ADDRESS), (make(987654), "autre@courriel.example")]:
        answers = [ask(Client(), reference, address).status_code for _ in range(6)]
        assert answers == [302] * 5 + [429]


def test_one_visitor_cannot_ask_for_many_addresses(case: Case) -> None:
    answers = [ask(Client(), case.reference, f"a{n}@courriel.example").status_code for n in range(31)]
    assert answers == [302] * 30 + [429]


def test_tries_of_the_form_are_limited(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guichet.portal.views.contact.TRIES_PER_HOUR", 2)
    answers = [Client().post("/contact/", filled(email="faux")) for _ in range(3)]
    assert [response.status_code for response in answers] == [400, 400, 429]
    assert "mon fils a perdu sa carte" in answers[-1].content.decode(), "nothing is lost"


@pytest.mark.parametrize(
    ("proxies", "header", "found"),
    [
        (0, "1.2.3.4", "127.0.0.1"),  # nobody in front: the header is forged
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "127.0.0.1"),  # fewer hops than there should be: not through the proxies
    ],
)
def test_a_forged_address_does_not_escape_the_limits(settings: Any, proxies: int, header: str, found: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert client_address(RequestFactory().get("/", headers={"x-forwarded-for": header})) == found

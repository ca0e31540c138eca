"""What is understood of recorded mails: one row per payload, only what the row says is checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from guichet.channels.contract import Address, Bounce, Inbound, Reader, Unreadable
from guichet.channels.email import EmailChannel
from guichet.channels.email.tokens import make_token

PAYLOADS = Path(__file__).parent / "payloads" / "email"
KEY = "clef-de-test"
TOKEN = make_token("1604217", KEY)
OTHER_TOKEN = make_token("1535986", KEY)
JEANNE = Address("jeanne.lopez@courriel.example", "Jeanne Lopez")
ANNE = Address("anne.agent@agents.example", "Anne Agent")


@pytest.fixture(scope="module")
def channel() -> EmailChannel:
    return EmailChannel(
        own_addresses="demandes@region.example, aides@region.example, bourses@region.example",
        agent_domains=("agents.example",),
        trusted_relays="formulaire@www.region.example",
        authserv_id="mx.region.example",
        domain="region.example",
        token_key=KEY,
    )


@dataclass
class Row:
    """`has`/`lacks`: in the text; `fresh`: exact; `files`: names of documents; `inline`: names of the other files."""

    fields: dict[str, Any] = field(default_factory=dict)
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    fresh: str | None = None
    files: list[str] | None = None
    inline: list[str] | None = None
    defects: tuple[str, ...] = ()


def bounce(permanent: bool, status: str, number: int, diagnostic: str, host: str = "parti") -> Bounce:
    return Bounce(f"luc.petit@{host}.example", permanent, status, diagnostic, f"<livraison-{number}@region.example>")


FORWARDED = Row({"sender": JEANNE, "forwarded_by": ANNE, "from_address": ANNE}, has=("pas reçu ma bourse",))

ROWS: dict[str, Row] = {
    "reply-gmail-wrapped": Row(
        {
            "external_id": "<gmail1@courriel.example>",
            "sender": Address("claire.martin@courriel.example", "Claire Martin"),
            "subject": "Re: Votre demande N° 1 604 217",
            "references": ("<envoi-3@region.example>", "<envoi-2@region.example>", "<envoi-1@region.example>"),
            "tokens": (TOKEN,),
            "body_tokens": (TOKEN,),
            "subject_references": ("1604217",),
            "recipients": (),
            "delivered_to": (f"demandes+{TOKEN}@region.example",),
            "automatic": "",
            "own_loop": False,
            "bounce": None,
            "authenticated": None,
            "language": "fr",
        },
        has=("il manque une pièce", "Ma première demande"),
        fresh="Bonjour,\n\nVoici la pièce demandée.\n- le RIB\n- l'avis d'imposition\n\nClaire Martin",
    ),
    "reply-outlook-html": Row(
        {"body_tokens": (TOKEN,)},
        has=("Quelle est son école",),
        lacks=("margin", "MsoNormal"),
        fresh="Bonjour,\n\nMon fils est inscrit à l'école de Guéret.\n\nCordialement",
    ),
    "reply-orange": Row(fresh="Bonjour, c'est bien mon adresse.\nPaul Roy", has=("Confirmez votre adresse.",)),
    "reply-iphone": Row(fresh="Oui c'est d'accord"),
    "reply-interleaved": Row(fresh="Bonjour,\n\nLe lycée Bernard-Palissy.\n\nAgen."),
    "reply-marker-line": Row({"body_tokens": (TOKEN,)}, fresh="D'accord, merci."),
    "reply-all-quoted": Row(fresh="> Confirmez-vous ?\n> Oui, je confirme."),
    "charset-undeclared-cp1252": Row(
        {"subject": "Œuvre à Poitiers – 3 €"}, fresh="À l’école élémentaire, ça coûte 3 €."
    ),
    "charset-latin1-lie": Row({"subject": "Carte étudiant"}, fresh="Élève à Périgueux.", defects=("charset repaired",)),
    "charset-unknown": Row({"subject": "École et café"}, fresh="École"),
    "message-id-missing": Row({"message_id": ""}, defects=("no usable Message-ID",)),
    "message-id-malformed": Row({"message_id": ""}, defects=("no usable Message-ID",)),
    "auto-exchange-absence": Row({"automatic": "auto-submitted", "own_loop": False, "bounce": None}),
    "auto-english-subject-only": Row({"automatic": "out-of-office"}),
    "auto-french-subject-only": Row({"automatic": "out-of-office"}),
    "person-bus-absence": Row({"automatic": "", "bounce": None}),
    "auto-list": Row({"automatic": "list", "subject_references": ()}),
    "auto-precedence": Row({"automatic": "precedence"}),
    "auto-noreply": Row({"automatic": "robot-sender"}),
    "auto-null-return-path": Row({"automatic": "null-sender", "bounce": None}),
    "own-loop-header": Row({"own_loop": True}),
    "own-address-sender": Row({"own_loop": True}),
    "bounce-dsn-failed": Row({"bounce": bounce(True, "5.1.1", 77, "550 5.1.1 User unknown")}),
    "bounce-dsn-delayed": Row(
        {"bounce": bounce(False, "4.4.1", 77, "connect to mx.parti.example: Connection timed out")}
    ),
    "bounce-dsn-delivered": Row({"bounce": None, "automatic": "auto-submitted"}),
    "bounce-text-french": Row(
        {
            "bounce": bounce(
                True, "5.1.1", 78, "Raison : boîte aux lettres inexistante (550 5.1.1 utilisateur inconnu)", "mairie"
            )
        }
    ),
    "bounce-text-english-qmail": Row(
        {"bounce": bounce(True, "5.1.1", 79, "Sorry, no mailbox here by that name. (#5.1.1)")}
    ),
    "bounce-text-temporary": Row({"bounce": Bounce("luc.petit@parti.example", False)}),
    "contact-form-relay": Row(
        {
            "sender": Address("lea.noel@courriel.example", "Léa Noël"),
            "from_address": Address("formulaire@www.region.example", "Formulaire"),
            "automatic": "",
            "own_loop": False,
            "authenticated": None,
        }
    ),
    "reply-to-untrusted": Row({"sender": Address("vendeur@pub.example", "Vendeur")}),
    "forward-outlook": FORWARDED,
    "forward-outlook-mailto": FORWARDED,
    "forward-gmail": FORWARDED,
    "forward-thunderbird": FORWARDED,
    "forward-apple": FORWARDED,
    "forward-chain": FORWARDED,
    "forward-english": FORWARDED,
    "forward-by-stranger": Row({"sender": Address("anne@ailleurs.example", "Anne Faux"), "forwarded_by": None}),
    "forward-attached": Row({"sender": JEANNE, "forwarded_by": ANNE}, files=["Bourse refusée.eml"]),
    "attachment-names": Row(
        files=[
            "Avis d’imposition définitif 2025.pdf",
            "Justificatif d'études.pdf",
            "passwdfdp.exe",
            "relevé.pdf",
            "piece-jointe-5.jpg",
        ],
        fresh="Quatre pièces.",
    ),
    "winmail": Row(files=["Relevé d’identité.pdf"], fresh="Voici mon relevé."),
    "winmail-damaged": Row(files=["winmail.dat"], defects=("winmail.dat unreadable: kept as a file",)),
    "calendar-only": Row(files=["piece-jointe-1.ics"], has=("invitation d’agenda",)),
    "signed-clear": Row(files=[], inline=["smime.p7s"], fresh="Message signé."),
    "signed-opaque": Row(files=["smime.p7m"], has=("est signé dans une enveloppe",), lacks=("chiffré",)),
    "encrypted-smime": Row(files=["smime.p7m"], has=("est chiffré",)),
    "encrypted-pgp": Row(files=["message-chiffre.asc", "encrypted.asc"], has=("est chiffré",)),
    "format-flowed": Row(
        {"text": "Une longue phrase coupée par le logiciel.\nUne ligne.\n> Une citation coupée.\n-- \nClaire"},
        fresh="Une longue phrase coupée par le logiciel.\nUne ligne.",
    ),
    "html-hostile": Row(
        has=("Bonjour piège", "https://region.example <https://faux.example/x>", "- un\n- deux"),
        lacks=("alert", "javascript"),
        defects=("2 remote images blocked",),
    ),
    "inline-images": Row(
        files=["facture.png"], inline=["photo.png", "image001.png"], fresh="Voir la photo.\n\nEt la suite du texte."
    ),
    "date-absurd": Row({"sent_at": None}),
    "recipients-many": Row(
        {
            "recipients": (
                Address("claire@courriel.example", "Martin, Claire"),
                Address("jose@asso.example", "José"),
                Address("paul@asso.example"),
            ),
            "delivered_to": (
                f"demandes+{OTHER_TOKEN}@region.example",
                "bourses@region.example",
                "demandes@region.example",
                "aides@region.example",
            ),
            "tokens": (OTHER_TOKEN,),
            "subject_references": ("1535986", "1604217"),
        }
    ),
    "authenticated-pass": Row({"authenticated": True}),
    "authenticated-fail": Row({"authenticated": False}),
    "authenticated-forged": Row({"authenticated": None}),
    "token-forged": Row({"tokens": (), "body_tokens": ()}),
    "header-without-blank-line": Row(has=("sans ligne vide.",)),
    "read-receipt": Row({"automatic": "receipt", "bounce": None}),
    "english": Row({"language": "en"}),
    "reply-below": Row(has=("Agen.",)),
}


def read(channel: EmailChannel, name: str) -> Inbound:
    return channel.read((PAYLOADS / f"{name}.eml").read_bytes())


def test_every_payload_has_a_row() -> None:
    assert {path.stem for path in PAYLOADS.glob("*.eml")} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_payload(channel: EmailChannel, name: str) -> None:
    row, inbound = ROWS[name], read(channel, name)
    assert {key: getattr(inbound, key) for key in row.fields} == row.fields
    for words in row.has:
        assert words in inbound.text
    for words in row.lacks:
        assert words not in inbound.text
    if row.fresh is not None:
        assert inbound.fresh_text == row.fresh
    if row.files is not None:
        assert [file.name for file in inbound.files if not file.inline] == row.files
    if row.inline is not None:
        assert [file.name for file in inbound.files if file.inline] == row.inline
    assert set(row.defects) <= set(inbound.defects)


@pytest.mark.parametrize("name", ROWS)
def test_line_ends_do_not_matter(channel: EmailChannel, name: str) -> None:
    raw = (PAYLOADS / f"{name}.eml").read_bytes()
    other = channel.read(raw.replace(b"\r\n", b"\n"))
    first = channel.read(raw)
    assert (other.external_id, other.text, other.bounce) == (first.external_id, first.text, first.bounce)


def test_the_channel_is_a_reader(channel: EmailChannel) -> None:
    assert isinstance(channel, Reader)


def test_answers_inside_the_quote_show_the_whole(channel: EmailChannel) -> None:
    inbound = read(channel, "reply-below")
    assert inbound.fresh_text == inbound.text


def test_digest_tells_messages_apart_and_survives_relays(channel: EmailChannel) -> None:
    raw = (PAYLOADS / "message-id-missing.eml").read_bytes()
    first = channel.read(raw).external_id
    assert re.fullmatch("sha256:[0-9a-f]{64}", first)
    relayed = b"Received: from a by b; Tue, 3 Mar 2026 10:13:00 +0100\r\n" + raw.rstrip() + b"\r\n\r\n"
    assert channel.read(relayed).external_id == first
    assert channel.read(raw.replace(b"Sans", b"sans")).external_id != first


def test_file_contents_are_untouched(channel: EmailChannel) -> None:
    nested = read(channel, "forward-attached").files[0].content
    raw = (PAYLOADS / "forward-attached.eml").read_bytes()
    assert nested in raw
    assert nested.endswith(b"\r\nFrom the start.")
    assert read(channel, "winmail").files[0].content == b"%PDF-1.4 rib" + bytes(5)
    damaged = read(channel, "attachment-names").files[3].content
    assert damaged == b"%PDF-1.4 c"


def test_hostile_html_is_harmless(channel: EmailChannel) -> None:
    html = read(channel, "html-hostile").html
    for words in ("script", "onload", "javascript", "iframe", "form", "position", "url(", "svg", "target", "data:text"):
        assert words not in html
    assert 'data-remote-src="https://pixel.example/a&gt;b.png?id=1"' in html
    assert re.search(r'\ssrc="http', html) is None
    assert 'src="data:image/png;base64,AAAA"' in html
    assert 'rel="noopener noreferrer"' in html


def test_images_of_the_body_keep_their_cid(channel: EmailChannel) -> None:
    assert 'src="cid:photo1@courriel.example"' in read(channel, "inline-images").html


def test_a_large_picture_is_a_document_even_with_a_content_id(channel: EmailChannel) -> None:
    raw = (PAYLOADS / "inline-images.eml").read_bytes()
    unreferenced = channel.read(raw.replace(b'src="cid:photo1@courriel.example"', b""))
    assert [file.name for file in unreferenced.files if not file.inline] == ["photo.png", "facture.png"]


def test_the_marker_is_found_in_the_html_alone(channel: EmailChannel) -> None:
    raw = (PAYLOADS / "inline-images.eml").read_bytes()
    marked = raw.replace(b"<p>Voir la photo.</p>", f"<p>Voir</p><p>[#{TOKEN}]</p>".encode())
    assert channel.read(marked).body_tokens == (TOKEN,)


def test_sent_at_is_aware(channel: EmailChannel) -> None:
    sent_at = read(channel, "reply-orange").sent_at
    assert sent_at is not None
    assert sent_at.isoformat() == "2026-03-03T10:12:45+01:00"


def test_envelope_carries_tokens_and_the_null_sender(channel: EmailChannel) -> None:
    raw = (PAYLOADS / "english.eml").read_bytes()
    inbound = channel.read(raw, envelope_from="<>", envelope_to=(f"demandes+{TOKEN}@region.example",))
    assert inbound.tokens == (TOKEN,)
    assert inbound.automatic == "null-sender"


def test_a_forged_relay_is_not_believed(channel: EmailChannel) -> None:
    raw = (PAYLOADS / "contact-form-relay.eml").read_bytes().replace(b"dmarc=pass", b"dmarc=fail")
    assert channel.read(raw).sender.value == "formulaire@www.region.example"


def test_own_addresses_may_be_a_function() -> None:
    own: set[str] = set()
    channel = EmailChannel(own_addresses=lambda: frozenset(own), domain="region.example", token_key=KEY)
    assert read(channel, "own-address-sender").own_loop is False
    own.add("demandes@region.example")
    assert read(channel, "own-address-sender").own_loop is True


@pytest.mark.parametrize("raw", [b"", b" \r\n\r\n", b"\x00\x01\x02" * 50, b"bonjour\r\n\r\ncorps", b"GIF89a\xff\xfe"])
def test_what_is_no_mail_is_unreadable(channel: EmailChannel, raw: bytes) -> None:
    with pytest.raises(Unreadable):
        channel.read(raw)

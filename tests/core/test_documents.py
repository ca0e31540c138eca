from __future__ import annotations

import io
import zipfile

import pytest

from guichet.core.documents import text_of_office
from guichet.core.spreadsheets import cell, table

TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
}
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
X = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def zipped(**parts: str) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as folder:
        for name, text in parts.items():
            folder.writestr(name, text)
    return kept.getvalue()


def test_the_words_of_a_letter_come_in_order() -> None:
    document = (
        f"<w:document {W}><w:p><w:r><w:t>Madame,</w:t></w:r></w:p><w:p><w:r><w:t>ma carte </w:t></w:r>"
        "<w:r><w:t>est perdue.</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r></w:p></w:document>"
    )
    assert text_of_office(zipped(**{"word/document.xml": document}), TYPES["docx"]) == "Madame,\nma carte est perdue."


def test_a_spreadsheet_gives_its_words_and_not_their_numbers() -> None:
    shared = f"<sst {X}><si><t>Montant</t></si></sst>"
    sheet = f'<worksheet {X}><row><c t="s"><v>0</v></c><c><v>152.5</v></c></row></worksheet>'
    parts = {"xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": sheet}
    assert text_of_office(zipped(**parts), TYPES["xlsx"]).split() == ["Montant", "152.5"]


def test_opendocument_keeps_the_order_of_mixed_text() -> None:
    content = f"<office:body {ODF}><text:p>Le <text:span>petit</text:span> car</text:p></office:body>"
    assert text_of_office(zipped(**{"content.xml": content}), TYPES["odt"]) == "Le petit car"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"no zip", zipped(**{"word/document.xml": "<w:a"}), zipped(**{"other.xml": "<a/>"})],
)
def test_what_cannot_be_read_gives_no_text(content: bytes) -> None:
    assert text_of_office(content, TYPES["docx"]) == ""


def test_entities_are_not_unfolded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">' + "".join(
        f'<!ENTITY c{n} "{f"&c{n - 1};" * 10 if n else "&c;" * 10}">' for n in range(12)
    )
    document = f"{bomb}]><w:document {W}><w:p><w:t>&c11;</w:t></w:p></w:document>"
    assert len(text_of_office(zipped(**{"word/document.xml": document}), TYPES["docx"])) < 600_000


def test_deep_nesting_is_read() -> None:
    deep = "<w:p>" * 20_000 + "<w:t>fond</w:t>" + "</w:p>" * 20_000
    document = f"<w:document {W}>{deep}</w:document>"
    assert text_of_office(zipped(**{"word/document.xml": document}), TYPES["docx"]).strip() in {"fond", ""}


@pytest.mark.parametrize("typed", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1"])
def test_a_cell_is_never_a_formula(typed: str) -> None:
    assert cell(typed) == f"'{typed}"


def test_a_table() -> None:
    assert table(["Nom", "Note"], [["Léa; Max", None]]) == '\ufeffNom;Note\r\n"Léa; Max";\r\n'

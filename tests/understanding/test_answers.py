"""The engine of answers: finds the sheet however it is asked, and says when it does not know."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from guichet.core.spelling import damerau
from guichet.understanding.answers.counting import Vocabulary
from guichet.understanding.answers.engine import Engine, Outcome, build
from guichet.understanding.answers.index import Article
from guichet.understanding.answers.learning import Example, _threshold
from guichet.understanding.answers.measure import measure
from guichet.understanding.answers.query import acronyms_in, questions_in, told_apart
from guichet.understanding.answers.signs import ORDER_SIGNS
from guichet.understanding.answers.spelling import Speller
from guichet.understanding.answers.text import pairs, plain_words, term, terms

SHEETS = [
    Article(
        "bus", "Carte de transport scolaire perdue ou volée", body="Demandez un duplicata de la carte. Prix : 10 €."
    ),
    Article("inscription", "S'inscrire au transport scolaire", body="Se fait en ligne avant le 20 juillet."),
    Article("permis", "Aide au permis de conduire B", body="La Région finance une part du permis de conduire."),
    Article("livret", "Ouvrir un livret A", body="Le livret A est un compte d'épargne. Plafond et intérêts."),
    Article("livret_famille", "Livret de famille : le mettre à jour", body="Après une naissance ou un divorce."),
    Article("bourse", "Bourse des formations sanitaires et sociales", body="Pour les élèves infirmiers boursiers."),
    Article("velo", "Prime à l'achat d'un vélo électrique", body="Une aide pour aller au travail à vélo."),
    Article("cantine", "Tarif de la cantine du lycée", body="Le prix du repas dépend du quotient familial (QF)."),
    Article("ter", "Abonnement de train régional", body="Abonnement mensuel pour les trajets en TER."),
    Article("asso", "Subvention aux associations sportives", body="Aide aux clubs pour le matériel."),
]


@pytest.fixture(scope="module")
def cold() -> Engine:
    return build(SHEETS)


def first(engine: Engine, text: str) -> str:
    found = engine.answer(text).ranking
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("asked", "sheet"),
    [
        ("J'ai perdu ma carte de transport scolaire", "bus"),
        ("transport scolaire inscription", "inscription"),  # words in another order
        ("INSCRIPTIONS AUX TRANSPORTS SCOLAIRES", "inscription"),  # plural, capitals
        ("tarif de la cantine du lycee", "cantine"),  # no accents
        ("subventoin pour une assocation sportive", "asso"),  # typing errors
        ("slt c koi laide pr le permi de conduire svp", "permis"),  # SMS
        ("labonnement de train", "ter"),  # an apostrophe lost
        ("prime velo electrike", "velo"),
        ("comment ouvrir un livret A ?", "livret"),
        ("livret a", "livret"),
        ("livret de famille", "livret_famille"),
        ("quotient", "cantine"),
    ],
)
def test_a_sheet_is_found_however_it_is_asked(cold: Engine, asked: str, sheet: str) -> None:
    assert first(cold, asked) == sheet


def test_the_letter_of_a_name_counts() -> None:
    sheets = [Article(f"l{c}", f"Permis {c}", body="Le permis. " * 5) for c in "ABCD"]
    engine = build(sheets)
    for letter in "BCD":
        assert first(engine, f"le permis {letter.lower()}") == f"l{letter}"


def test_the_synonyms_of_a_base_are_read(cold: Engine) -> None:
    assert first(cold, "la petite reine") != "velo"
    assert first(build(SHEETS, synonyms=["petite reine, biclou = vélo", "# remarque"]), "la petite reine") == "velo"


def test_everyday_words_lead_to_the_words_of_the_administration() -> None:
    sheets = [*SHEETS, Article("deces", "Décès : démarches", body="Déclarer un décès à la mairie.")]
    assert first(build(sheets), "mon grand-père est mort") == "deces"


def test_acronyms_are_learnt_from_the_base() -> None:
    found = acronyms_in(["Demandez l'allocation aux adultes handicapés (AAH) ou le document (annexe)."])
    assert found == {"aah": ("alloc", "adult", "handicap")}


def test_an_acronym_is_not_the_word_filed_with_it() -> None:
    """« date » and « DAT » have one stem: who asks for a date does not speak of accidents, and the other way round."""
    sheets = [
        Article("dat", "Accident du travail", body="Déclaration d'accident du travail (DAT). " * 3),
        *(Article(f"d{n}", f"Rentrée {n}", body="La date de la rentrée, et les dates des vacances.") for n in range(4)),
    ]
    engine = build(sheets)
    assert "accident" not in engine.read("la date de la rentrée").weights
    assert "accident" in engine.read("ma DAT").weights
    assert not engine.read("la date de la rentrée").spelt_out
    assert term("dat") not in engine.read("déclaration d'accident du travail").weights
    assert told_apart(["dat", "aah"], {"dat": 3, "date": 9, "aah": 2}) == {"aah"}


@pytest.mark.parametrize("said", ["Bonjour !", "ça va ?", "merci", "tu es un robot ?", "", "???", "xylophone zzz"])
def test_small_talk_gets_no_sheet(cold: Engine, said: str) -> None:
    answer = cold.answer(said)
    assert answer.outcome is Outcome.NONE
    assert answer.proposals == ()


def test_a_question_told_by_a_title_is_answered_and_a_vague_one_is_not(cold: Engine) -> None:
    assert cold.answer("Prime à l'achat d'un vélo électrique").outcome is Outcome.ANSWERED
    vague = cold.answer("une aide pour mes trajets")
    assert vague.outcome is not Outcome.ANSWERED
    assert len(vague.proposals) <= 3


def test_each_question_of_a_message_gets_its_answer(cold: Engine) -> None:
    answer = cold.answer("Comment ouvrir un livret A ? Et quel est le tarif de la cantine du lycée ?")
    assert [part.ranking[0] for part in answer.parts] == ["livret", "cantine"]
    assert cold.answer("Quel est le tarif de la cantine ?").parts == ()
    assert questions_in("Bonjour. Ça va ? Quel est le prix de la cantine ?") == [
        "Bonjour. Ça va ? Quel est le prix de la cantine ?"
    ]


def test_two_questions_joined_by_and_are_two(cold: Engine) -> None:
    from guichet.understanding.answers.query import joined_questions

    both = "comment refaire mon passeport et quels papiers pour le livret A"
    assert joined_questions(both) == ["comment refaire mon passeport", "quels papiers pour le livret A"]
    for one in ("quand et comment demander la prime", "comment faire et combien ça coûte", "mon fils et ma fille"):
        assert joined_questions(one) == []


def test_an_empty_base_knows_nothing() -> None:
    assert build([]).answer("le tarif de la cantine").outcome is Outcome.NONE


# -- wordings ---------------------------------------------------------------------------------------------------------

WAYS = {
    "bus": ["je trouve plus le badge du car", "badge du car disparu", "mon fils a paumé son badge", "badge cassé"],
    "permis": ["payer mes leçons de conduite", "coup de main pour conduire", "leçons trop chères", "auto-école sous"],
    "velo": ["vae remboursé", "j'ai acheté une bicyclette", "bicyclette à moteur", "remise sur une bicyclette"],
    "ter": ["pass mensuel sncf", "pass pour la sncf", "voyager tous les jours sncf", "sncf mensuel moins cher"],
}
KNOWN = [
    Example(f"{text}{tail}", (sheet,)) for sheet, texts in WAYS.items() for text in texts for tail in ("", " svp", " ?")
]
MORE = [
    Example(f"{text} {tail}", (sheet,))
    for sheet, texts in WAYS.items()
    for text in texts
    for tail in ("à Limoges", "cette année", "pour ma fille")
]


@pytest.fixture(scope="module")
def taught() -> Engine:
    return build(SHEETS, [*KNOWN, *MORE])


def test_wordings_lead_where_the_words_of_the_sheets_do_not(cold: Engine, taught: Engine) -> None:
    for asked, sheet in (("jai perdu le badge du car", "bus"), ("la bicyclette", "velo"), ("un pass sncf", "ter")):
        assert first(taught, asked) == sheet
    assert first(cold, "un pass sncf") != "ter"
    assert taught.answer("mon badge du car a disparu").outcome is Outcome.ANSWERED


def test_wordings_of_the_sheets_themselves_teach_too() -> None:
    engine = build([*SHEETS[:-1], Article("asso", SHEETS[-1].title, wordings=("argent pour notre club de judo",))])
    assert first(engine, "le club de judo") == "asso"


def test_sheets_without_wordings_are_still_found(taught: Engine) -> None:
    assert first(taught, "tarif de la cantine du lycée") == "cantine"
    assert taught.answer("tu vas bien ?").outcome is Outcome.NONE


def test_what_is_known_as_out_of_scope_is_not_answered() -> None:
    outside = [Example(f"badge de la piscine {n}", ()) for n in ("municipale", "perdu", "cassé", "pour enfants", "hs")]
    engine = build(SHEETS, [*KNOWN, *MORE, *outside])
    assert engine.answer("badge de la piscine municipale").outcome is not Outcome.ANSWERED


def test_a_base_whose_sheets_have_wordings_recognises_a_turn_of_phrase() -> None:
    """No word of it says anything by itself: only where wordings speak for the whole base."""
    turn = "vous avez quoi sur moi"
    told = Article("donnees", "Données personnelles", wordings=("qu'avez-vous sur moi", turn, "vous avez tout sur moi"))
    known = [replace(sheet, wordings=(sheet.title, f"question {sheet.title}")) for sheet in SHEETS]
    assert first(build([*known, told]), "vous avez quoi donc sur moi") == "donnees"
    few = build([*SHEETS, told])
    assert not few.taught.knows_most
    assert few.answer("vous avez quoi donc sur moi").outcome is Outcome.NONE


def test_the_fewer_the_words_the_more_their_meaning_counts(cold: Engine) -> None:
    story = "bagnole " + " ".join(sheet.title for sheet in SHEETS)
    assert cold.read("bagnole").weights["vehicul"] > cold.read(story).weights["vehicul"] > 0


@pytest.mark.parametrize(("at_most", "expected"), [(0, 0.79), (1, 0.7)])
def test_the_threshold_keeps_answers_right_and_silent_on_what_is_out_of_scope(at_most: int, expected: float) -> None:
    sure = [0.95, 0.9, 0.85, 0.8, *[0.79] * 8, 0.78, 0.7, 0.65]
    right = [True] * 12 + [False, True, False]
    outside = [False] * 12 + [True, False, False]
    assert _threshold(sure, right, outside, at_most=at_most) == pytest.approx(expected, abs=1e-4)
    assert _threshold([0.9] * 3, [False] * 3, [False] * 3, at_most=9) == pytest.approx(1, abs=1e-4)


def test_the_same_base_gives_the_same_engine(taught: Engine) -> None:
    again = build(SHEETS, [*KNOWN, *MORE])
    assert np.array_equal(again.taught.order, taught.taught.order)
    for text in ("badge", "la carte", "aide", "bonjour"):
        assert again.answer(text) == taught.answer(text)


def test_examples_of_unknown_sheets_are_left_out() -> None:
    assert build(SHEETS, [Example("une fiche retirée", ("gone",))]).taught.wordings is None


# -- spelling, measure ------------------------------------------------------------------------------------------------


def test_neighbours_of_a_word() -> None:
    assert damerau("carte", "catre", 2) == 1
    assert damerau("carte", "cartes", 1) == 1
    assert damerau("transport", "transprot", 2) == 1
    assert damerau("abc", "abcdef", 2) == 3


def test_a_short_word_is_not_bent_far(cold: Engine) -> None:
    assert cold.speller.correct(("cantine", "cantien", "chat")) == ("cantine", "cantine", "chat")
    assert Speller(cold.index.spelt.__class__()).correct(("quelconque",)) == ("quelconque",)


def test_the_figures_count_what_they_say(cold: Engine) -> None:
    figures = measure(
        cold,
        [
            Example("Prime à l'achat d'un vélo électrique", ("velo",)),  # direct and right
            Example("Tarif de la cantine du lycée", ("ter",)),  # direct and wrong
            Example("Ouvrir un livret A", ()),  # direct and out of scope
            Example("bonjour", ()),
        ],
        1.234,
    )
    assert (figures["n_in"], figures["n_out"]) == (2, 2)
    assert (figures["answered"], figures["answered_precision"], figures["settled"]) == (1.0, 0.3333, 0.5)
    assert (figures["recall_1"], figures["false_answer"], figures["index_s"]) == (0.5, 0.5, 1.23)


def test_a_title_written_in_full_is_found_by_its_acronym() -> None:
    sheets = [
        *SHEETS,
        Article(
            "csa", "Certificat de situation administrative", body="Le certificat de situation administrative (CSA)."
        ),
    ]
    with_letters, engine = "À quoi sert le CSA", build(sheets)
    assert first(engine, with_letters) == "csa"
    signs = engine.ranked(with_letters)[1].signs[0]
    assert signs[ORDER_SIGNS.index("title_covered")] == pytest.approx(1.0)  # all of the title is said by its letters
    assert engine.answer(with_letters).outcome is not Outcome.NONE


TEXTS = ["L'été 2026 : aide n°12b, Œuvre\n\nCarte d’été – été", "", "x1y 7 carte\nété", "\n", "Carte été carte été"]


@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("letters_at_once", [4, 1 << 19])
def test_words_are_counted_as_they_are_read(monkeypatch: pytest.MonkeyPatch, lines: bool, letters_at_once: int) -> None:
    monkeypatch.setattr("guichet.understanding.answers.counting.AT_ONCE", letters_at_once)
    words = Vocabulary()
    counts = words.count(TEXTS, pairs=lines).toarray()
    for at, text in enumerate(TEXTS):
        wanted = Counter(terms(plain_words(text)))
        for line in text.split("\n") if lines else ():
            wanted.update(pairs(terms(plain_words(line))))
        assert {name: int(counts[n, at]) for name, n in words.numbers.items() if counts[n, at]} == dict(wanted)
    assert words.spelt() == Counter(word for text in TEXTS for word in plain_words(text))


def test_words_that_begin_alike_are_told_apart() -> None:
    """Letters are taken eight at a time: what comes after, and where each word ends, must count as well."""
    long = "anticonstitutionnellement"
    said = [long[:size] + end for size in range(1, len(long) + 1) for end in ("", "s", "x")]
    said += ["enseigne" + second for second in ("ment", "ments", "mentenseigne", "enseigne")]
    many = Counter({word: times % 3 + 1 for times, word in enumerate(dict.fromkeys(said))})
    words = Vocabulary()
    words.count([" ".join(many.elements())], pairs=False)
    assert words.spelt() == many


def test_all_the_words_near_are_found_at_their_distance() -> None:
    draw = random.Random(7)
    words = sorted({"".join(draw.choices("abet", k=draw.randint(3, 11))) for _ in range(600)})
    speller = Speller(Counter(dict.fromkeys(words, 2)))
    for word in ["".join(draw.choices("abet", k=size)) for size in (4, 5, 8, 9, 10) for _ in range(4)]:
        reach = 2 if len(word) >= 8 else 1
        near, distances = speller._near(word, reach)
        found = {speller.words[at]: int(far) for at, far in zip(near.tolist(), distances.tolist(), strict=True)}
        all_of_them = {other: damerau(word, other, reach) for other in speller.words}
        heads = {other for other in speller.words if reach == 1 or other[0] == word[0] or other[1] == word[1]}
        assert found == {other: far for other, far in all_of_them.items() if far <= reach and other in heads}

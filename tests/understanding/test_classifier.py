"""Learning topics: what was learnt is applied the same after being kept, explains itself, knows when it is unsure."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from guichet.understanding import learning
from guichet.understanding.classifier import WEIGHTS_BEFORE, Classifier, Example
from guichet.understanding.learning import Quality, learn

TEXTS = {
    "car.carte": [
        "carte de car perdue",
        "ma carte de bus est cassée",
        "carte scolaire non reçue",
        "duplicata de la carte",
    ],
    "car.horaire": ["le car est en retard", "horaire du bus", "le car n'est pas passé", "à quelle heure passe le car"],
    "permis.aide": ["aide au permis", "financer mon permis de conduire", "auto-école trop chère", "permis b aide"],
    "lycee.cantine": ["cantine du lycée", "tarif du self", "la demi-pension du lycée", "repas au self du lycée"],
}


@pytest.fixture(scope="module")
def learnt() -> tuple[Classifier, Quality]:
    return learn([Example(text, topic) for topic, texts in TEXTS.items() for text in texts])


def test_words_never_seen_together_find_their_topic(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    assert classifier.propose("Bonjour, on a volé la carte de bus de ma fille").proposals[0].topic == "car.carte"
    assert classifier.propose("lotoecole pour le permi de conduir").proposals[0].topic == "permis.aide"


def test_a_request_lost_in_a_long_letter_is_found(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    letter = "Nous vous souhaitons une belle journée et de bonnes fêtes. " * 5 + "La cantine du lycée est trop chère."
    assert classifier.propose(letter).proposals[0].topic == "lycee.cantine"


def test_what_is_kept_decides_the_same(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    again = Classifier.load(classifier.dump())
    for text in ("la carte", "le permis", "rien à voir"):
        one, other = classifier.propose(text), again.propose(text)
        assert [p.topic for p in one.proposals] == [p.topic for p in other.proposals]
        assert one.domain_probability == pytest.approx(other.domain_probability, abs=0.02)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a classifier"])
def test_bytes_that_are_not_a_classifier_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        Classifier.load(content)


def test_it_says_which_words_weighed(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    assert "permis" in classifier.propose("une aide pour le permis").proposals[0].words


def test_strange_words_make_it_less_sure(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    known = classifier.propose("ma carte de bus est perdue").proposals[0].probability
    strange = classifier.propose("xylophone quantique zébré").proposals[0].probability
    assert strange < known


def test_learning_twice_gives_the_same(learnt: tuple[Classifier, Quality]) -> None:
    again, _ = learn([Example(text, topic) for topic, texts in TEXTS.items() for text in texts])
    assert np.array_equal(again.weights, learnt[0].weights)


def test_two_topics_are_enough_and_one_is_not() -> None:
    two = [Example(text, topic) for topic in ("car.carte", "permis.aide") for text in TEXTS[topic]] * 2
    classifier, quality = learn(two)
    assert classifier.propose("permis").proposals[0].topic == "permis.aide"
    assert quality.topics == 2
    with pytest.raises(ValueError, match="deux sujets"):
        learn([Example("a", "x"), Example("b", "x")])


# One example that nothing else resembles: once left out, nobody can know what it is about.
ALONE = [Example("duplicata perdu du livret", "permis.aide")]
KNOWN = [Example(text, topic) for topic, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize("most", [learning.MOST, 5])
def test_an_example_left_out_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Exactly while there are few of them, by parts beyond: measured as on a message never seen."""
    monkeypatch.setattr(learning, "MOST", most)
    classifier, quality = learn([*KNOWN, *ALONE])
    assert classifier.propose(ALONE[0].text).proposals[0].topic == "permis.aide"  # learnt
    assert quality.topic_top1 < 1


def test_many_examples_are_learnt_as_few_are(
    monkeypatch: pytest.MonkeyPatch, learnt: tuple[Classifier, Quality]
) -> None:
    monkeypatch.setattr(learning, "MOST", 5)
    again, _ = learn(KNOWN)
    for example in KNOWN:
        one, other = (found.propose(example.text).proposals[0].topic for found in (learnt[0], again))
        assert one == other == example.topic


def test_a_version_kept_before_its_weights_were_is_read_with_those_of_then(learnt: tuple[Classifier, Quality]) -> None:
    classifier, _ = learnt
    with np.load(io.BytesIO(classifier.dump())) as kept:
        parts = dict(kept)
    head = json.loads(parts["head"].tobytes())
    assert head.pop("groups") == classifier.groups
    parts["head"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    old = io.BytesIO()
    np.savez(old, **parts)
    assert Classifier.load(old.getvalue()).groups == WEIGHTS_BEFORE != classifier.groups

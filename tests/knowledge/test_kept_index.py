"""What is kept of an index outlives the program that made it."""

from __future__ import annotations

from dataclasses import fields

from guichet.knowledge.finding import FORMAT
from guichet.understanding.answers.engine import Engine, build
from guichet.understanding.answers.index import Article, Index
from guichet.understanding.answers.learning import Taught

# When this fails: raise FORMAT, so that an index made before is made again, then write the new shape here.
SHAPE = {
    "Engine": {"index", "speller", "synonyms", "acronyms", "taught"},
    "Index": {
        "ids", "titles", "numbers", "matrices", "rarity", "spelt", "themes", "present", "places", "in_title",
        "title_mass",
    },
    "Taught": {
        "order", "first", "reach", "answer_from", "offer_from", "wordings", "places", "themes", "knows_most",
    },
    "Speller": {"often", "words", "letters", "sizes", "counts", "present", "_kept"},
    "Wordings": {"names", "rarity", "classes", "groups", "labels", "columns", "duals", "left_out"},
}  # fmt: skip


def test_an_index_of_another_shape_has_another_format() -> None:
    made = build([Article("a", "Carte perdue", wordings=("carte",)), Article("b", "Permis", wordings=("permis",))])
    shapes = {kind.__name__: {one.name for one in fields(kind)} for kind in (Engine, Index, Taught)}
    shapes |= {"Speller": set(vars(made.speller)), "Wordings": set(vars(made.taught.wordings))}
    assert (FORMAT, shapes) == (4, SHAPE)

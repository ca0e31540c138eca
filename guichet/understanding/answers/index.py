"""Sheets filed by field: BM25 of each field apart, then summed; made once, only read afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from guichet.understanding.answers.text import letter_names, pairs, plain_words, term, terms

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Article:
    """What the search knows of one sheet. `wordings`: the same question in the words of people."""

    id: str
    title: str
    wordings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()  # other titles, names of links that lead here
    theme: str = ""  # one a line, the widest first
    introduction: str = ""
    headings: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """How one field counts: its share of the sum, saturation, length, and whether pairs of words are filed."""

    name: str
    weight: float
    k1: float
    b: float
    pairs: bool = True


FIELDS = (
    Field("title", 1.3, 1.2, 0.5),
    Field("wordings", 1.0, 1.2, 0.3),
    Field("keywords", 1.0, 1.2, 0.4),
    Field("theme", 0.5, 1.2, 0.3),
    Field("introduction", 0.6, 1.2, 0.6),
    Field("headings", 0.4, 1.2, 0.7),
    Field("body", 1.6, 1.6, 0.75, pairs=False),
)
WEIGHTS = np.array([kind.weight for kind in FIELDS], dtype=np.float32)
PAIR_SHARE = 0.4


def texts_of(article: Article) -> dict[str, str]:
    """The text of each field; lines keep apart what does not follow."""
    return {
        "title": article.title,
        "wordings": "\n".join(article.wordings),
        "keywords": "\n".join(article.keywords),
        "theme": article.theme,
        "introduction": article.introduction,
        "headings": "\n".join(article.headings),
        "body": article.body,
    }


@dataclass(slots=True)
class Index:
    """Terms × sheets, one matrix by field, and the frequency of the words as spelt."""

    ids: list[str]
    titles: list[str]
    numbers: dict[str, int]  # of a term
    matrices: dict[str, csr_matrix]  # by field: terms × sheets, BM25 weights
    rarity: Floats  # by term, over all fields
    spelt: Counter[str]
    themes: list[tuple[str, ...]]
    present: csr_matrix  # terms × sheets that hold them in any field but the wordings, which are tried apart
    places: dict[str, int] = field(init=False)
    in_title: csr_matrix = field(init=False)
    title_mass: Floats = field(init=False)  # by sheet: rarity of the words of its title, summed

    def __post_init__(self) -> None:
        self.places = {key: at for at, key in enumerate(self.ids)}
        alone = np.array([" " not in term and "_" not in term for term in self.numbers], dtype=np.float32)
        self.in_title = self.matrices["title"].tocsr()
        self.in_title.sort_indices()
        self.title_mass = np.asarray((self.in_title > 0).T @ (self.rarity * alone), dtype=np.float32)

    @property
    def size(self) -> int:
        return len(self.ids)

    def known(self, term: str) -> bool:
        return term in self.numbers

    def vector(self, weighted: Mapping[str, float]) -> tuple[Numbers, Floats]:
        found = [(self.numbers[t], w) for t, w in weighted.items() if t in self.numbers]
        return (
            np.array([n for n, _ in found], dtype=np.int64),
            np.array([w for _, w in found], dtype=np.float32),
        )

    def scores(self, weighted: Mapping[str, float], instead: Mapping[int, csr_matrix] | None = None) -> Floats:
        """One row a field: the BM25 of every sheet for the weighted terms. `instead`: other matrices, by row."""
        numbers, weights = self.vector(weighted)
        out = np.zeros((len(FIELDS), self.size), dtype=np.float32)
        for row, kind in enumerate(FIELDS):
            matrix = (instead or {}).get(row, self.matrices[kind.name])
            for number, weight in zip(numbers.tolist(), weights.tolist(), strict=True):
                first, last = matrix.indptr[number], matrix.indptr[number + 1]
                if first != last:
                    out[row, matrix.indices[first:last]] += weight * matrix.data[first:last]
        return out


def build_index(articles: Sequence[Article]) -> Index:
    numbers: dict[str, int] = {}
    spelt: Counter[str] = Counter()
    filed: dict[str, list[Counter[int]]] = {kind.name: [] for kind in FIELDS}
    for article in articles:
        for name, text in texts_of(article).items():
            filed[name].append(_count(text, name, numbers, spelt))
    texts = [counts for name, counts in filed.items() if name != "wordings"]
    columns = [at for counts in texts for at, found in enumerate(counts) for _ in found]
    rows = [number for counts in texts for found in counts for number in found]
    shape = (len(numbers), len(articles))
    present = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    present.sort_indices()
    matrices = {kind.name: bm25(filed[kind.name], len(numbers), kind) for kind in FIELDS}
    matrices["wordings"].sort_indices()
    spread = np.diff((present + matrices["wordings"]).indptr).astype(np.float32)
    total = len(articles)
    rarity = np.log(1 + (total - spread + 0.5) / (spread + 0.5)).astype(np.float32)
    return Index(
        ids=[article.id for article in articles],
        titles=[article.title for article in articles],
        themes=[tuple(dict.fromkeys(article.theme.split("\n"))) if article.theme else () for article in articles],
        numbers=numbers,
        matrices=matrices,
        rarity=rarity,
        spelt=spelt,
        present=present,
    )


def wordings_matrix(index: Index, wordings: Mapping[str, Sequence[str]]) -> csr_matrix:
    """The field of the wordings made again with these only, by sheet: to try one left out."""
    counts: list[Counter[int]] = []
    for key in index.ids:
        found: Counter[str] = Counter()
        for line in wordings.get(key, ()):
            stems = terms(plain_words(line))
            found.update(stems)
            found.update(pairs(stems))
        counts.append(Counter({index.numbers[t]: n for t, n in found.items() if t in index.numbers}))
    matrix = bm25(counts, len(index.numbers), next(kind for kind in FIELDS if kind.name == "wordings"))
    matrix.sort_indices()
    return matrix


_PAIRED = {kind.name for kind in FIELDS if kind.pairs}


def _count(text: str, name: str, numbers: dict[str, int], spelt: Counter[str]) -> Counter[int]:
    found: Counter[str] = Counter(letter_names(text))
    if name in _PAIRED:
        for line in text.split("\n"):
            words = plain_words(line)
            spelt.update(words)
            stems = terms(words)
            found.update(stems)
            found.update(pairs(stems))
    else:
        words = plain_words(text)
        spelt.update(words)
        for word, times in Counter(words).items():
            if stem := term(word):
                found[stem] += times
    return Counter({numbers.setdefault(key, len(numbers)): times for key, times in found.items()})


def bm25(counts: Sequence[Counter[int]], width: int, kind: Field) -> csr_matrix:
    """Terms × sheets."""
    sizes = np.array([sum(found.values()) for found in counts], dtype=np.float32)
    filled = sizes[sizes > 0]
    mean = float(filled.mean()) if len(filled) else 1.0
    columns = np.repeat(np.arange(len(counts)), [len(found) for found in counts])
    rows = np.fromiter((n for found in counts for n in found), dtype=np.int64)
    times = np.fromiter((t for found in counts for t in found.values()), dtype=np.float32)
    spread = np.bincount(rows, minlength=width).astype(np.float32)
    total = max(len(counts), 1)
    rarity = np.log(1 + (total - spread + 0.5) / (spread + 0.5))
    length = 1 - kind.b + kind.b * sizes[columns] / mean
    data = rarity[rows] * times * (kind.k1 + 1) / (times + kind.k1 * length)
    matrix: csr_matrix = csr_matrix((data.astype(np.float32), (rows, columns)), shape=(width, len(counts)))
    return matrix


def article_of(row: Mapping[str, Any]) -> Article:
    """From the fields of a public-service sheet or of ours."""

    def many(*names: str) -> tuple[str, ...]:
        return tuple(str(v) for name in names for v in (row.get(name) or ()) if str(v).strip())

    themes = (row.get(name) or "" for name in ("theme", "sous_theme", "dossier", "sous_dossier"))
    return Article(
        id=str(row["id"]),
        title=str(row["title"]),
        wordings=many("wordings", "formulations"),
        keywords=many("short_titles", "question_titles", "anchors", "keywords", "services"),
        theme="\n".join(str(t) for t in themes if t),
        introduction=str(row.get("intro") or row.get("introduction") or row.get("description") or ""),
        headings=many("headings"),
        body=str(row.get("body") or ""),
    )

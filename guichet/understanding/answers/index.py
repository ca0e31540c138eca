"""Sheets filed by field: BM25 of each field apart, then summed; made once, only read afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from guichet.understanding.answers.counting import Floats, Numbers, Vocabulary


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
    words = Vocabulary()
    texts = [texts_of(article) for article in articles]
    counts = {kind.name: words.count([text[kind.name] for text in texts], pairs=kind.pairs) for kind in FIELDS}
    shape = (len(words.numbers), len(articles))
    for matrix in counts.values():
        matrix.resize(shape)
    present = csr_matrix(shape, dtype=np.float32)
    for name, matrix in counts.items():
        if name != "wordings":
            present = present + matrix
    present.sort_indices()
    spread = np.diff((present + counts["wordings"]).indptr).astype(np.float32)
    total = len(articles)
    rarity = np.log(1 + (total - spread + 0.5) / (spread + 0.5)).astype(np.float32)
    return Index(
        ids=[article.id for article in articles],
        titles=[article.title for article in articles],
        themes=[tuple(dict.fromkeys(article.theme.split("\n"))) if article.theme else () for article in articles],
        numbers=words.numbers,
        matrices={kind.name: bm25(counts[kind.name], kind) for kind in FIELDS},
        rarity=rarity,
        spelt=words.spelt(),
        present=csr_matrix((np.ones(present.nnz, dtype=np.bool_), present.indices, present.indptr), shape=shape),
    )


def wordings_matrix(index: Index, lines: csr_matrix, sheets: Numbers) -> csr_matrix:
    """The field of the wordings made again with these only, to try one left out. `lines`: terms × wordings, counted;
    `sheets`: the place of the sheet of each, -1 for those left out."""
    kept = np.flatnonzero(sheets >= 0)
    filing = csr_matrix(
        (np.ones(len(kept), dtype=np.float32), (kept, sheets[kept])), shape=(len(sheets), index.size)
    )  # fmt: skip
    counts = csr_matrix(lines @ filing)
    counts.sort_indices()
    return bm25(counts, next(kind for kind in FIELDS if kind.name == "wordings"))


def bm25(counts: csr_matrix, kind: Field) -> csr_matrix:
    """From how many times each term is in each text (terms × texts) to what it weighs."""
    texts = counts.shape[1]
    sizes = np.bincount(counts.indices, weights=counts.data, minlength=texts).astype(np.float32)
    filled = sizes[sizes > 0]
    mean = float(filled.mean()) if len(filled) else 1.0
    held = np.diff(counts.indptr)
    spread = held.astype(np.float32)
    rarity = np.log(1 + (max(texts, 1) - spread + 0.5) / (spread + 0.5))
    length = (kind.k1 * (1 - kind.b + kind.b * sizes / mean)).astype(np.float32)
    times = counts.data
    data = np.repeat(rarity * (kind.k1 + 1), held) * times / (times + length[counts.indices])
    return csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


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

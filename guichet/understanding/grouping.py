"""Texts that say nearly the same thing, put together. Needs scikit-learn: never on a page's path."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from guichet.core.text import fold

ALIKE = 0.55  # cosine of TF-IDF of words and pairs of words


def alike(texts: Sequence[str], often: int, near: float = ALIKE) -> list[list[int]]:
    """Places of the texts of each group of at least `often`, the most typical first. A text is in one group at most."""
    if len(texts) < often:
        return []
    try:
        vectors = TfidfVectorizer(preprocessor=fold, ngram_range=(1, 2), sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no word at all
        return []
    likeness = csr_matrix(vectors @ vectors.T)
    likeness.data[likeness.data < near] = 0
    likeness.eliminate_zeros()
    free = np.ones(len(texts), dtype=bool)
    groups: list[list[int]] = []
    for place in np.argsort(-np.diff(likeness.indptr), kind="stable").tolist():  # most neighbours: most typical
        if not free[place]:
            continue
        row = slice(likeness.indptr[place], likeness.indptr[place + 1])
        members = [
            (-score, at) for at, score in zip(likeness.indices[row], likeness.data[row], strict=True) if free[at]
        ]
        if len(members) < often:
            continue
        ordered = [place, *(at for _, at in sorted(members) if at != place)]
        free[ordered] = False
        groups.append(ordered)
    return groups

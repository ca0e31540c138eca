"""Ridge regressions in their dual form: how alike texts are, and one inverse for all that is learnt from them."""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import spotrf, spotri
from scipy.sparse import csr_matrix

from guichet.understanding.answers.counting import Floats

OFTEN = 0.03  # share of the texts
AT_ONCE = 2000  # texts
CANNOT = "the texts cannot be told apart"


def alike(rows: csr_matrix, columns: csr_matrix) -> Floats:
    """`rows` @ `columns`, dense. Features that nearly every text has are multiplied as full matrices: a sparse product
    would spend most of its time on them."""
    often = np.diff(columns.indptr) > OFTEN * columns.shape[1]
    likeness = rows[:, often].toarray() @ columns[often].toarray()
    rare, own = csr_matrix(rows[:, ~often]), csr_matrix(columns[~often])
    for first in range(0, rows.shape[0], AT_ONCE):
        likeness[first : first + AT_ONCE] += (rare[first : first + AT_ONCE] @ own).toarray()
    return np.asarray(likeness, dtype=np.float32)


def inverse(matrix: Floats) -> Floats:
    """Of a symmetric positive matrix, which is overwritten."""
    factor, failed = spotrf(matrix.T, lower=False, overwrite_a=True)
    if not failed:
        factor, failed = spotri(factor, lower=False, overwrite_c=True)
    if failed:
        raise ValueError(CANNOT)
    upper = np.triu(factor)
    return np.asarray(upper + np.triu(factor, 1).T, dtype=np.float32)

"""The Cholesky factorisation as loops, in place (Golub and Van Loan 2013, algorithm 4.2.1)."""

import math

import numpy as np
from numpy.typing import NDArray


def log_determinant(a: NDArray[np.float64]) -> float:
    """The logarithm of the determinant of a positive definite matrix, shape (n, n)."""
    low = a.copy()
    n = len(low)
    total = 0.0
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                low[i, j] -= low[i, k] * low[j, k]
        pivot = math.sqrt(low[j, j])
        for i in range(j, n):
            low[i, j] /= pivot
        total += 2.0 * math.log(pivot)
    return total

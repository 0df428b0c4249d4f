"""Gaussian elimination with partial pivoting, row by row, in place."""

import numpy as np
from numpy.typing import NDArray


def log_abs_determinant(matrix: NDArray[np.float64]) -> float:
    """The logarithm of the absolute value of the determinant of a matrix, shape (n, n)."""
    a = matrix.copy()
    n = len(a)
    total = 0.0
    for k in range(n):
        best = k + np.argmax(np.abs(a[k:, k]))
        if best != k:
            row = a[k].copy()
            a[k] = a[best]
            a[best] = row
        total += np.log(np.abs(a[k, k]))
        for i in range(k + 1, n):
            a[i, k + 1 :] -= a[i, k] / a[k, k] * a[k, k + 1 :]
    return total

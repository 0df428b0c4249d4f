"""The Cholesky factorisation as loops, in place (Golub and Van Loan 2013, algorithm 4.2.1)."""

import math


def log_determinant(a):
    """The logarithm of the determinant of a positive definite matrix, shape (n, n)."""
    l = a.copy()
    n = len(l)
    total = 0.0
    for j in range(n):
        for k in range(j):
            for i in range(j, n):
                l[i, j] -= l[i, k] * l[j, k]
        pivot = math.sqrt(l[j, j])
        for i in range(j, n):
            l[i, j] /= pivot
        total += 2.0 * math.log(pivot)
    return total

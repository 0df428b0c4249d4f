"""The heat equation on a square: loops, and slices of arrays."""

from typing import Any

import numpy as np


def heat(u0: Any, c: float, steps: int) -> float:
    """The sum of squares after some steps; two arrays in turns."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = u[i, j] + c * (around - 4.0 * u[i, j])
        u, new = new, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def heat_arrays(u0: Any, c: float, steps: int) -> float:
    """The same with slices, in place."""
    u = u0.copy()
    for _ in range(steps):
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        u[1:-1, 1:-1] += c * (around - 4.0 * u[1:-1, 1:-1])
    return np.sum(u * u)

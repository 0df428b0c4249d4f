"""The heat equation with a reaction: u' = c (laplacian of u) + u - u**3."""

from typing import Any

import numpy as np


def allen_cahn(u0: Any, c: float, steps: int) -> float:
    """The sum of squares after some steps; two arrays in turns."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                x = u[i, j]
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
        u, new = new, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return total


def allen_cahn_arrays(u0: Any, c: float, steps: int) -> float:
    """The same with slices, in place."""
    u = u0.copy()
    for _ in range(steps):
        x = u[1:-1, 1:-1].copy()
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        u[1:-1, 1:-1] = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
    return np.sum(u * u)

"""The chained Rosenbrock function: a loop, and slices."""

from typing import Any

import numpy as np


def rosenbrock(x: Any) -> float:
    """A sum over neighbours."""
    total = 0.0
    for i in range(len(x) - 1):
        a = x[i + 1] - x[i] * x[i]
        b = 1.0 - x[i]
        total += 100.0 * a * a + b * b
    return total


def rosenbrock_arrays(x: Any) -> float:
    """The same with slices."""
    a = x[1:] - x[:-1] * x[:-1]
    b = 1.0 - x[:-1]
    return np.sum(100.0 * a * a + b * b)

"""A recurrent network that scans the rows of a series."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def loss(weights: Matrix, inputs: Matrix, series: Matrix, targets: Matrix) -> float:
    """Mean squared error of the state after each row.

    weights: shape (h, h); inputs: (h, d); series: (t, d); targets: (t, h).
    """
    state = np.zeros(len(weights))
    total = 0.0
    for row, target in zip(series, targets, strict=True):
        state = np.tanh(weights @ state + inputs @ row)
        total += np.sum((state - target) ** 2)
    return total / len(series)

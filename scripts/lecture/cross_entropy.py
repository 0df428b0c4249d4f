"""Softmax and cross-entropy: the derivative in the logits z is softmax(z) - onehot(y)."""

import numpy as np
from numpy.typing import NDArray

from ad_compiler import grad

Vector = NDArray[np.float64]


def softmax(z: Vector) -> Vector:
    """Probabilities that are proportional to exp(z)."""
    weights = np.exp(z - np.max(z))
    return weights / np.sum(weights)


def cross_entropy(z: Vector, y: int) -> float:
    """Minus the log-probability of the right class `y`."""
    return -np.log(softmax(z)[y])


def onehot(y: int, classes: int) -> Vector:
    """1 for the right class, 0 for the others."""
    return np.eye(classes)[y]


def main() -> None:
    """Print the compiled gradient beside the formula."""
    z, y = np.array([2.0, -1.0, 0.5, 0.0]), 2
    print("compiled:", grad(cross_entropy)(z, y))
    print("formula: ", softmax(z) - onehot(y, len(z)))


if __name__ == "__main__":
    main()

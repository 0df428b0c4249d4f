"""Link functions of neural networks, with their first and second derivatives."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ad_compiler import grad, hessian

Vector = NDArray[np.float64]


def sigmoid(x: float) -> float:
    """From the real line to (0, 1)."""
    return 1 / (1 + math.exp(-x))


def tanh(x: float) -> float:
    """From the real line to (-1, 1), as the lecture writes it."""
    return (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)


def relu(x: float) -> float:
    """The positive part."""
    return max(0.0, x)


def softplus(x: float) -> float:
    """A smooth `relu`; its derivative is `sigmoid`."""
    return math.log(1 + math.exp(x))


def logsumexp(x: Vector) -> float:
    """A smooth maximum; its gradient is `softmax`. The shift keeps `exp` from overflowing."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def softmax(x: Vector) -> Vector:
    """Probabilities that are proportional to exp(x)."""
    weights = np.exp(x - np.max(x))
    return weights / np.sum(weights)


Number = Callable[[float], float]

DERIVATIVES: dict[Number, tuple[Number, Number]] = {
    sigmoid: (
        lambda x: sigmoid(x) * (1 - sigmoid(x)),
        lambda x: sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x)),
    ),
    tanh: (lambda x: 1 - tanh(x) ** 2, lambda x: -2 * tanh(x) * (1 - tanh(x) ** 2)),
    relu: (lambda x: float(x > 0), lambda _: 0.0),
    softplus: (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
}
"""The first and second derivatives, by hand."""


def main() -> None:
    """Print the compiled derivatives beside those by hand."""
    x = 0.7
    for f, (first, second) in DERIVATIVES.items():
        print(f"{f.__name__}': {grad(f)(x)} = {first(x)}")
        print(f"{f.__name__}'': {grad(grad(f))(x)} = {second(x)}")
    z = np.array([1000.0, 1001.0, 999.0])
    s = softmax(z)
    print("logsumexp':", grad(logsumexp)(z), "=", s)
    print(
        "logsumexp'' off by", np.max(np.abs(hessian(logsumexp)(z) - (np.diag(s) - np.outer(s, s))))
    )


if __name__ == "__main__":
    main()

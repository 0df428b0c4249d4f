"""Gradient descent: follow the negative gradient of a loss downhill."""

import numpy as np
from numpy.typing import NDArray

from ad_compiler import value_and_grad

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def loss(theta: Vector, inputs: Matrix, targets: Vector) -> float:
    """Mean squared error of a linear model."""
    residuals = inputs @ theta - targets
    return float(np.mean(residuals**2))


def descend(
    theta: Vector, inputs: Matrix, targets: Vector, rate: float = 0.1, steps: int = 500
) -> tuple[Vector, list[float]]:
    """The parameters at the end, and the loss at each step."""
    loss_and_gradient = value_and_grad(loss)
    losses: list[float] = []
    for _ in range(steps):
        value, gradient = loss_and_gradient(theta, inputs, targets)
        theta = theta - rate * gradient
        losses.append(value)
    return theta, losses


def problem() -> tuple[Matrix, Vector, Vector]:
    """Inputs and noisy targets of a linear model, and the least-squares answer."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(100, 3))
    targets = inputs @ np.array([1.0, -2.0, 0.5]) + 0.1 * random.normal(size=100)
    best = np.linalg.solve(inputs.T @ inputs, inputs.T @ targets).astype(np.float64)
    return inputs, targets, best


def main() -> None:
    """Print the loss on the way, and the distance from the least-squares answer."""
    inputs, targets, best = problem()
    theta, losses = descend(np.zeros(3), inputs, targets)
    print("loss:", *(f"{losses[k]:.6f}" for k in (0, 10, 50, 499)))
    print("parameters:", theta, "off by", np.max(np.abs(theta - best)))


if __name__ == "__main__":
    main()

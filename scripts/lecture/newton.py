"""Newton's method: x - f(x) / f'(x) in one dimension, x - H(x)^-1 g(x) in many."""

import numpy as np
from numpy.typing import NDArray

from ad_compiler import grad, hessian

Vector = NDArray[np.float64]


def cubic(x: float) -> float:
    """Newton's own example: its zero is 2.0945514815423265."""
    return x**3 - 2 * x - 5


def valley(x: Vector) -> float:
    """Rosenbrock's valley in n dimensions: its minimum is at (1, ..., 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def square_root(a: float) -> float:
    """Newton's method as a program to be differentiated: its derivative is 0.5 / sqrt(a)."""
    x = a
    for _ in range(20):
        x = x - (x * x - a) / (2 * x)
    return x


def find_zero(x: float, steps: int = 8) -> list[float]:
    """The iterates of Newton's method on `cubic`."""
    slope = grad(cubic)
    iterates = [x]
    for _ in range(steps):
        x = x - cubic(x) / slope(x)
        iterates.append(x)
    return iterates


def find_minimum(x: Vector, steps: int = 12) -> list[Vector]:
    """The iterates of Newton's method on the gradient of `valley`."""
    gradient, curvature = grad(valley), hessian(valley)
    iterates = [x]
    for _ in range(steps):
        x = x - np.linalg.solve(curvature(x), gradient(x))
        iterates.append(x)
    return iterates


def main() -> None:
    """Print how the errors shrink: the number of right digits doubles with each step."""
    root = 2.0945514815423265
    print("one dimension:", *(f"{abs(x - root):.1e}" for x in find_zero(3.0)))
    path = find_minimum(np.full(5, 0.9))
    print("five dimensions:", *(f"{np.max(np.abs(x - 1)):.1e}" for x in path))
    print("derivative of the square root at 2:", grad(square_root)(2.0), "=", 0.5 / np.sqrt(2.0))


if __name__ == "__main__":
    main()

"""The chain rule: D_a(f . g) = D_g(a) f . D_a g, for numbers and for Jacobians."""

import math

import numpy as np
from numpy.typing import NDArray

from ad_compiler import grad, jacobian

Vector = NDArray[np.float64]


def square(x: float) -> float:
    """The inner function on numbers."""
    return x**2


def wave(u: float) -> float:
    """The outer function on numbers."""
    return math.sin(u)


def composed(x: float) -> float:
    """sin(x^2), whose derivative is 2 x cos(x^2)."""
    return wave(square(x))


def neighbours(a: Vector) -> Vector:
    """The inner function, from R^n to R^(n-1)."""
    return a[:-1] * a[1:]


def normalised(u: Vector) -> Vector:
    """The outer function, from R^m to R^m."""
    return np.exp(u) / (1 + np.sum(u**2))


def composed_vectors(a: Vector) -> Vector:
    """From R^n to R^(n-1) by way of `neighbours`."""
    return normalised(neighbours(a))


def chained(a: Vector) -> NDArray[np.float64]:
    """The Jacobian of `composed_vectors` by the chain rule: a product of two Jacobians."""
    return jacobian(normalised)(neighbours(a)) @ jacobian(neighbours)(a)


def main() -> None:
    """Print the derivative of a composition beside the product of the derivatives."""
    x = 1.5
    print("numbers:", grad(composed)(x), "=", grad(wave)(square(x)) * grad(square)(x))
    a = np.array([0.5, -1.0, 2.0])
    print("Jacobian of the composition:", jacobian(composed_vectors)(a).tolist())
    print("product of the Jacobians:   ", chained(a).tolist())


if __name__ == "__main__":
    main()

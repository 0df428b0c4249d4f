"""tanh and its derivatives to sixth order on [-7, 7]; with a file name, also as a plot."""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ad_compiler import elementwise_grad

Vector = NDArray[np.float64]


def tanh(x: Vector) -> Vector:
    """The hyperbolic tangent of each element."""
    return np.tanh(x)


def derivatives(x: Vector, order: int = 6) -> list[Vector]:
    """tanh at x, and its derivatives up to `order`."""
    f: Callable[..., Vector] = tanh
    curves = [f(x)]
    for _ in range(order):
        f = elementwise_grad(f)
        curves.append(f(x))
    return curves


def plot(x: Vector, curves: list[Vector], path: str) -> None:
    """Draw the curves into a picture file."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5))
    for order, curve in enumerate(curves):
        axes.plot(x, curve / np.max(np.abs(curve)), label=f"order {order}")
    axes.set(title="tanh and its derivatives, each scaled to height 1", xlabel="x")
    axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    """Print the largest value of each derivative, and plot if a file name is given."""
    x = np.linspace(-7, 7, 201)
    curves = derivatives(x)
    for order, curve in enumerate(curves):
        print(f"order {order}: largest value {np.max(np.abs(curve)):.6f}")
    if len(sys.argv) > 1:
        plot(x, curves, sys.argv[1])


if __name__ == "__main__":
    main()

"""`scipy.optimize.least_squares` with a sparse Jacobian: a smooth curve through noisy points."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ad_compiler import jacobian

Vector = NDArray[np.float64]


def residuals(curve: Vector, points: Vector, stiffness: float) -> Vector:
    """How far the curve is from the points, and how much it bends; outliers count less."""
    bend = curve[2:] - 2.0 * curve[1:-1] + curve[:-2]
    return np.concatenate([np.arctan(curve - points), stiffness * bend])


def problem(n: int = 400) -> Vector:
    """A wave, with noise, and with a few points that are far off."""
    random = np.random.default_rng(0)
    points = np.sin(np.linspace(0.0, 6.0, n)) + 0.05 * random.normal(size=n)
    points[:: n // 10] += 3.0
    return points


def smooth(points: Vector, stiffness: float = 20.0) -> Any:
    """The curve, by a Jacobian with at most four entries a row: five products give all of it."""
    exact: Any = jacobian(residuals, sparsity="auto")
    return least_squares(
        residuals, np.zeros_like(points), jac=exact, args=(points, stiffness), method="trf",
        tr_solver="lsmr",
    )  # fmt: skip


def by_differences(points: Vector, stiffness: float = 20.0) -> Any:
    """The same by differences of neighbouring values, which the pattern alone makes bearable."""
    start = np.zeros_like(points)
    pattern = jacobian(residuals, sparsity="auto").pattern(start, points, stiffness)
    return least_squares(
        residuals, start, jac_sparsity=pattern, args=(points, stiffness), method="trf",
        tr_solver="lsmr",
    )  # fmt: skip


def main() -> None:
    """Print the pattern's size, and how near the curve is to the wave."""
    points = problem()
    derivative = jacobian(residuals, sparsity="auto")
    pattern = derivative.pattern(points, points, 20.0)
    print(f"{pattern.nnz} entries of {pattern.shape[0]} x {pattern.shape[1]}, ", end="")
    print(f"from {derivative.plan(points, points, 20.0).colouring.count} products")
    wave = np.sin(np.linspace(0.0, 6.0, len(points)))
    for solve in (smooth, by_differences):
        found = solve(points)
        print(f"{solve.__name__:14} cost {found.cost:.6f}, ", end="")
        print(f"off by {np.max(np.abs(found.x - wave)):.3f}")


if __name__ == "__main__":
    main()

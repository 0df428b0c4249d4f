"""`scipy.optimize.root` with the Jacobian: the equilibrium of three reactions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

from ad_compiler import jacobian

Vector = NDArray[np.float64]


def rates(c: Vector, k: float) -> Vector:
    """Robertson's reactions: the last equation says that nothing is lost."""
    return np.array(
        [
            -0.04 * c[0] + k * c[1] * c[2] + 0.01 * (1 - c[0]),
            0.04 * c[0] - k * c[1] * c[2] - 30.0 * c[1] ** 2,
            c[0] + c[1] + c[2] - 1.0,
        ]
    )


def equilibrium(k: float) -> Any:
    """Where all rates vanish, by Newton's method on the exact Jacobian."""
    start = np.array([0.5, 0.01, 0.4])
    return root(rates, start, args=(k,), jac=jacobian(rates), method="hybr")


def main() -> None:
    """Print the equilibrium, and what is left of the rates."""
    found = equilibrium(10.0)
    print("concentrations", found.x, "after", found.njev, "Jacobians")
    print("rates", float(np.max(np.abs(rates(found.x, 10.0)))))


if __name__ == "__main__":
    main()

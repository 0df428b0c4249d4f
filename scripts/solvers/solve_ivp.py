"""`scipy.integrate.solve_ivp` with the Jacobian of a stiff system, dense and sparse."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ad_compiler import jacobian

Vector = NDArray[np.float64]


def oscillator(_t: float, y: Vector, mu: float) -> Vector:
    """Van der Pol's oscillator, which is stiff for a large mu."""
    return np.array([y[1], mu * (1.0 - y[0] ** 2) * y[1] - y[0]])


def reaction(_t: float, y: Vector, diffusion: float) -> Vector:
    """A front that spreads along a line: Fisher's equation, each point next to two others."""
    spread = np.zeros_like(y)
    spread[1:-1] = y[2:] - 2.0 * y[1:-1] + y[:-2]
    spread[0] = y[1] - y[0]
    spread[-1] = y[-2] - y[-1]
    return diffusion * len(y) ** 2 * spread + y * (1.0 - y)


def swing(mu: float = 1000.0) -> Any:
    """The oscillator over two of its swings."""
    return solve_ivp(
        oscillator, (0.0, 2000.0), np.array([2.0, 0.0]), args=(mu,), method="Radau",
        jac=jacobian(oscillator, "y"), rtol=1e-6, atol=1e-8,
    )  # fmt: skip


def front(n: int = 500) -> Any:
    """The front, with a Jacobian of three diagonals: three products give all of it."""
    start = np.exp(-100.0 * np.linspace(0.0, 1.0, n) ** 2)
    return solve_ivp(
        reaction, (0.0, 5.0), start, args=(0.001,), method="BDF",
        jac=jacobian(reaction, "y", sparsity="auto"), rtol=1e-6, atol=1e-8,
    )  # fmt: skip


def main() -> None:
    """Print the steps that each takes, and where it ends."""
    for solve in (swing, front):
        found = solve()
        print(f"{solve.__name__:6} {found.t.size} steps, {found.njev} Jacobians: ", end="")
        print(found.message, found.y[:2, -1])


if __name__ == "__main__":
    main()

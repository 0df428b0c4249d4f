"""`scipy.optimize.minimize` with the gradient, the Hessian, and products with it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ad_compiler import grad, hessian, hvp, value_and_grad

Vector = NDArray[np.float64]


def rosenbrock(x: Vector, steepness: float) -> float:
    """A curved valley whose floor is almost flat; the minimum is at ones."""
    return float(np.sum(steepness * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def by_gradient(start: Vector) -> Any:
    """BFGS: one call gives the value and the gradient, so `jac=True`."""
    return minimize(value_and_grad(rosenbrock), start, args=(100.0,), jac=True, method="BFGS")


def by_hessian(start: Vector) -> Any:
    """A trust region with all second derivatives."""
    return minimize(
        value_and_grad(rosenbrock), start, args=(100.0,), jac=True, hess=hessian(rosenbrock),
        method="trust-exact",
    )  # fmt: skip


def by_products(start: Vector) -> Any:
    """A trust region with products of the Hessian, which is never formed."""
    times = hvp(rosenbrock)

    def product(x: Vector, p: Vector, steepness: float) -> Vector:
        return times(x, steepness, p)

    return minimize(
        value_and_grad(rosenbrock), start, args=(100.0,), jac=True,
        hessp=product, method="trust-krylov",
    )  # fmt: skip


def main() -> None:
    """Print how many evaluations each takes, and how flat it is where it ends."""
    start = np.linspace(-1.2, 0.8, 10)
    slope = grad(rosenbrock)
    for solve in (by_gradient, by_hessian, by_products):
        found = solve(start)
        flat = float(np.max(np.abs(slope(found.x, 100.0))))
        print(f"{solve.__name__:12} {found.nfev:4} evaluations, gradient {flat:.1e}")


if __name__ == "__main__":
    main()

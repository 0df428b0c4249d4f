"""Diffusion with losses: what falls below a threshold is damped, by a mask, in place."""

import numpy as np
from numpy.typing import NDArray


def remaining(
    density: NDArray[np.float64], rate: float, damping: float, threshold: float, steps: int
) -> float:
    """What is left of a density on a ring, shape (n,), after some steps."""
    rho = density.copy()
    for _ in range(steps):
        rho += rate * (np.roll(rho, 1) - 2.0 * rho + np.roll(rho, -1))
        rho[rho < threshold] *= damping
    return np.sum(rho)

"""Diffusion with losses: what falls below a threshold is damped, by a mask, in place."""

import numpy as np


def remaining(density, rate, damping, threshold, steps):
    """What is left of a density on a ring, shape (n,), after some steps."""
    rho = density.copy()
    for _ in range(steps):
        rho += rate * (np.roll(rho, 1) - 2.0 * rho + np.roll(rho, -1))
        rho[rho < threshold] *= damping
    return np.sum(rho)

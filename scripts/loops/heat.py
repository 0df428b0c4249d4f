"""Heat conduction in a rod: an explicit scheme with two buffers that swap."""

import numpy as np
from numpy.typing import NDArray


def misfit(
    u0: NDArray[np.float64], kappa: float, observed: NDArray[np.float64], steps: int
) -> float:
    """Squared distance of the temperatures after some steps from those observed.

    u0, observed: temperatures at n points, shape (n,); the ends are held. kappa: conductivity
    times time step over squared spacing, stable below 1/2.
    """
    u = u0.copy()
    u_new = u0.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            u_new[i] = u[i] + kappa * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, u_new = u_new, u
    return np.sum((u - observed) ** 2)

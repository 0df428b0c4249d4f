"""A kernel in the manner of Numba's: it writes its results into an argument."""

import math

import numpy as np
from numpy.typing import NDArray


def distances(
    points: NDArray[np.float64], centre: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Write the distances of points, shape (n, 2), from a centre, shape (2,), into out: (n,)."""
    for i in range(len(points)):
        dx = points[i, 0] - centre[0]
        dy = points[i, 1] - centre[1]
        out[i] = math.sqrt(dx * dx + dy * dy)

"""A kernel in the manner of Numba's: it writes its results into an argument."""

import math


def distances(points, centre, out):
    """Write the distances of points, shape (n, 2), from a centre, shape (2,), into out: (n,)."""
    for i in range(len(points)):
        dx = points[i, 0] - centre[0]
        dy = points[i, 1] - centre[1]
        out[i] = math.sqrt(dx * dx + dy * dy)

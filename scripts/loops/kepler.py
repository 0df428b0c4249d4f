"""Kepler's equation by Newton's method, which stops when it is accurate."""

import math


def eccentric_anomaly(mean: float, eccentricity: float) -> float:
    """The angle E with E - e sin E = M, in radians (Danby 1988, section 6.6)."""
    angle = mean
    for _ in range(50):
        error = angle - eccentricity * math.sin(angle) - mean
        if abs(error) < 1e-14:
            break
        angle -= error / (1.0 - eccentricity * math.cos(angle))
    return angle

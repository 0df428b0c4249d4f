"""A Runge-Kutta loop with a scalar state: y' = -k y + sin(y)."""

import math


def rk4(y: float, k: float, h: float, n: int) -> float:
    """The state after n steps of length h."""
    for _ in range(n):
        a = -k * y + math.sin(y)
        u = y + 0.5 * h * a
        b = -k * u + math.sin(u)
        v = y + 0.5 * h * b
        c = -k * v + math.sin(v)
        w = y + h * c
        d = -k * w + math.sin(w)
        y = y + h / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return y

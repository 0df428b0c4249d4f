"""Bundle adjustment: how far points in pictures are from where cameras should see them."""

import math
from typing import Any

import numpy as np


def residual(
    rx: float, ry: float, rz: float, cx: float, cy: float, cz: float, f: float, u: float, v: float,
    k1: float, k2: float, x: float, y: float, z: float, w: float, mx: float, my: float,
) -> tuple[float, float]:  # fmt: skip
    """The residuals of one observation.

    A camera turned by (rx, ry, rz) at (cx, cy, cz), of focal length f, centre (u, v) and
    distortion k1, k2; a point (x, y, z), seen at (mx, my); a weight.
    """
    x, y, z = x - cx, y - cy, z - cz
    square = rx * rx + ry * ry + rz * rz
    if square > 0.0:
        theta = math.sqrt(square)
        c, s = math.cos(theta), math.sin(theta)
        ax, ay, az = rx / theta, ry / theta, rz / theta
        along = (ax * x + ay * y + az * z) * (1.0 - c)
        px = x * c + (ay * z - az * y) * s + ax * along
        py = y * c + (az * x - ax * z) * s + ay * along
        pz = z * c + (ax * y - ay * x) * s + az * along
    else:
        px = x + ry * z - rz * y
        py = y + rz * x - rx * z
        pz = z + rx * y - ry * x
    px, py = px / pz, py / pz
    r = px * px + py * py
    distortion = 1.0 + k1 * r + k2 * r * r
    return w * (f * px * distortion + u - mx), w * (f * py * distortion + v - my)


def residuals(r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any) -> Any:
    """All residuals; arrays have a row for each quantity, a column for each observation."""
    p = x - c
    theta = np.sqrt(np.sum(r * r, axis=0))
    cosine, sine = np.cos(theta), np.sin(theta)
    a = r / theta
    along = np.sum(a * p, axis=0) * (1.0 - cosine)
    px = p[0] * cosine + (a[1] * p[2] - a[2] * p[1]) * sine + a[0] * along
    py = p[1] * cosine + (a[2] * p[0] - a[0] * p[2]) * sine + a[1] * along
    pz = p[2] * cosine + (a[0] * p[1] - a[1] * p[0]) * sine + a[2] * along
    px, py = px / pz, py / pz
    square = px * px + py * py
    distortion = 1.0 + lens[3] * square + lens[4] * square * square
    across = w * (lens[0] * px * distortion + lens[1] - seen[0])
    down = w * (lens[0] * py * distortion + lens[2] - seen[1])
    return across, down

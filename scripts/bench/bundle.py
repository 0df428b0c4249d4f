"""Bundle adjustment: the full Jacobian of 31,843 observations, 2 rows of 15 each."""

import math
from functools import partial
from typing import Any

import numba
import numpy as np

from ad_compiler import grad, jacobian
from scripts.bench import data
from scripts.bench.workload import Form, Function, Workload, compiled, finished, peer, with_numpy
from scripts.kernels.bundle import residual, residuals

WIDTH = 15
ARGNUMS = tuple(range(WIDTH))
ARRAYS = (0, 1, 2, 3, 4)


def by_loop(  # noqa: PLR0915 (one loop)
    r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any
) -> Any:
    """Both rows together: the derivative by the turned point first, then by what turned it."""
    count = len(w)
    out = np.empty((count, 2, WIDTH))
    for n in range(count):
        rx, ry, rz = r[0, n], r[1, n], r[2, n]
        x0, x1, x2 = x[0, n] - c[0, n], x[1, n] - c[1, n], x[2, n] - c[2, n]
        f, k1, k2, weight = lens[0, n], lens[3, n], lens[4, n], w[n]
        square = rx * rx + ry * ry + rz * rz
        theta = math.sqrt(square)
        turns = theta > 0.0
        cosine, sine = math.cos(theta), math.sin(theta)
        ax, ay, az = (rx / theta, ry / theta, rz / theta) if turns else (0.0, 0.0, 0.0)
        dot = ax * x0 + ay * x1 + az * x2
        one = 1.0 - cosine
        s = sine if turns else 1.0
        bx, by, bz = (ax, ay, az) if turns else (rx, ry, rz)
        vx, vy, vz = by * x2 - bz * x1, bz * x0 - bx * x2, bx * x1 - by * x0
        px = x0 * cosine + vx * s + ax * dot * one
        py = x1 * cosine + vy * s + ay * dot * one
        pz = x2 * cosine + vz * s + az * dot * one
        qx, qy = px / pz, py / pz
        square = qx * qx + qy * qy
        distortion = 1.0 + k1 * square + k2 * square * square
        slope = 2.0 * (k1 + 2.0 * k2 * square)
        for row in range(2):
            q = qx if row == 0 else qy
            scale = weight * f
            common = scale * q * slope
            qx_bar = common * qx + (scale * distortion if row == 0 else 0.0)
            qy_bar = common * qy + (scale * distortion if row == 1 else 0.0)
            px_bar, py_bar = qx_bar / pz, qy_bar / pz
            pz_bar = -(qx_bar * qx + qy_bar * qy) / pz
            along = (ax * px_bar + ay * py_bar + az * pz_bar) * one
            wx = by * pz_bar - bz * py_bar
            wy = bz * px_bar - bx * pz_bar
            wz = bx * py_bar - by * px_bar
            x_bar = px_bar * cosine - s * wx + ax * along
            y_bar = py_bar * cosine - s * wy + ay * along
            z_bar = pz_bar * cosine - s * wz + az * along
            ux = x1 * pz_bar - x2 * py_bar
            uy = x2 * px_bar - x0 * pz_bar
            uz = x0 * py_bar - x1 * px_bar
            if turns:
                a_bar = dot * one
                gx = s * ux + a_bar * px_bar + along * x0
                gy = s * uy + a_bar * py_bar + along * x1
                gz = s * uz + a_bar * pz_bar + along * x2
                both = (ax * px_bar + ay * py_bar + az * pz_bar) * dot
                theta_bar = cosine * (vx * px_bar + vy * py_bar + vz * pz_bar) + sine * (
                    both - x0 * px_bar - x1 * py_bar - x2 * pz_bar
                )
                theta_bar -= (gx * ax + gy * ay + gz * az) / theta
                ux = gx / theta + theta_bar * ax
                uy = gy / theta + theta_bar * ay
                uz = gz / theta + theta_bar * az
            out[n, row, 0], out[n, row, 1], out[n, row, 2] = ux, uy, uz
            out[n, row, 3], out[n, row, 4], out[n, row, 5] = -x_bar, -y_bar, -z_bar
            out[n, row, 6] = weight * q * distortion
            out[n, row, 7] = weight if row == 0 else 0.0
            out[n, row, 8] = weight if row == 1 else 0.0
            out[n, row, 9] = scale * q * square
            out[n, row, 10] = scale * q * square * square
            out[n, row, 11], out[n, row, 12], out[n, row, 13] = x_bar, y_bar, z_bar
            out[n, row, 14] = f * q * distortion + lens[1 + row, n] - seen[row, n]
    return out


def by_arrays(r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any) -> Any:
    """The same for all observations at once; none of the cameras may be unturned."""
    p = x - c
    f, k1, k2 = lens[0], lens[3], lens[4]
    theta = np.sqrt(np.sum(r * r, axis=0))
    cosine, sine = np.cos(theta), np.sin(theta)
    a = r / theta
    dot, one = np.sum(a * p, axis=0), 1.0 - cosine
    v = cross(a, p)
    turned = p * cosine + v * sine + a * (dot * one)
    qx, qy = turned[0] / turned[2], turned[1] / turned[2]
    square = qx * qx + qy * qy
    distortion = 1.0 + square * (k1 + k2 * square)
    scale = w * f
    slope = 2.0 * scale * (k1 + 2.0 * k2 * square)
    out = np.zeros((2, WIDTH, len(w)))
    for row, q in enumerate((qx, qy)):
        own, both = out[row], slope * q
        bar = np.stack((both * qx, both * qy, np.zeros_like(w)))
        bar[row] += scale * distortion
        bar[2] = -(bar[0] * qx + bar[1] * qy)
        bar /= turned[2]
        on_axis = np.sum(a * bar, axis=0)
        along = on_axis * one
        own[11:14] = bar * cosine - cross(a, bar) * sine + a * along
        own[3:6] = -own[11:14]
        g = cross(p, bar) * sine + (dot * one) * bar + along * p
        theta_bar = cosine * np.sum(v * bar, axis=0) + sine * (
            on_axis * dot - np.sum(p * bar, axis=0)
        )
        theta_bar -= np.sum(g * a, axis=0) / theta
        own[:3] = g / theta + theta_bar * a
        own[6] = w * q * distortion
        own[7 + row] = w
        own[9] = scale * q * square
        own[10] = own[9] * square
        own[14] = f * q * distortion + lens[1 + row] - seen[row]
    return out


def cross(a: Any, b: Any) -> Any:
    """The vector product, of columns."""
    return np.stack(
        (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    )


@compiled
def fill(row: Any, values: Any) -> None:
    """Put the numbers of a tuple into a row."""
    row[0], row[1], row[2], row[3], row[4] = values[:5]
    row[5], row[6], row[7], row[8], row[9] = values[5:10]
    row[10], row[11], row[12], row[13], row[14] = values[10:]


def every(rows: Any) -> Function:
    """A compiled function that calls another for all observations."""

    @numba.njit(error_model="numpy")
    def jacobian_of_all(r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any) -> Any:
        count = len(w)
        out = np.empty((count, 2, WIDTH))
        for n in range(count):
            first, second = rows(
                r[0, n], r[1, n], r[2, n], c[0, n], c[1, n], c[2, n],
                lens[0, n], lens[1, n], lens[2, n], lens[3, n], lens[4, n],
                x[0, n], x[1, n], x[2, n], w[n], seen[0, n], seen[1, n],
            )  # fmt: skip
            fill(out[n, 0], first)
            fill(out[n, 1], second)
        return out

    return jacobian_of_all


def of_ours(style: str) -> Function:
    """The Jacobian of one observation in a loop; or gradients of two sums, of arrays."""
    if style == "numba":
        return every(jacobian(residual, ARGNUMS, backend="numba").direct(*(1.0,) * (WIDTH + 2)))
    both = [grad(_summed(row, np), ARRAYS) for row in range(2)]
    return lambda *args: [gradient(*args) for gradient in both]


def all_residuals() -> Function:
    """A compiled function that gives all residuals."""
    one = compiled(residual)

    @numba.njit(error_model="numpy")
    def primal(r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any) -> Any:
        out = np.empty((2, len(w)))
        for n in range(len(w)):
            out[0, n], out[1, n] = one(
                r[0, n], r[1, n], r[2, n], c[0, n], c[1, n], c[2, n],
                lens[0, n], lens[1, n], lens[2, n], lens[3, n], lens[4, n],
                x[0, n], x[1, n], x[2, n], w[n], seen[0, n], seen[1, n],
            )  # fmt: skip
        return out

    return primal


def _summed(row: int, numpy: Any) -> Function:
    """The sum of one row of residuals, whose gradient has the row's derivatives for each."""
    own = residuals if numpy is np else with_numpy(residuals, numpy)

    def total(r: Any, c: Any, lens: Any, x: Any, w: Any, seen: Any) -> Any:
        return numpy.sum(own(r, c, lens, x, w, seen)[row])

    return total


def in_autograd() -> Function:
    """Gradients of two sums."""
    autograd, anp = peer("autograd")

    both = [autograd.grad(_summed(row, anp), ARRAYS) for row in range(2)]
    return lambda *args: [gradient(*args) for gradient in both]


def in_jax() -> Function:
    """The same, compiled together."""
    jax, jnp = peer("jax")

    both = [jax.grad(_summed(row, jnp), ARRAYS) for row in range(2)]

    def rows(*args: Any) -> Any:
        return [gradient(*args) for gradient in both]

    return finished(jax.jit(rows))


def by_column(rows: Any) -> Any:
    """The Jacobian with a column for each observation, as the arrays have it."""
    return np.transpose(rows, (1, 2, 0))


def workloads() -> list[Workload]:
    """As a loop and as arrays."""
    args = data.bundle()
    loop = partial(of_ours, "numba")
    forms = {
        "python": Form(residuals, args, ARRAYS, by_arrays, partial(of_ours, "python")),
        "numba": Form(residual, args, ARGNUMS, compiled(by_loop), loop, all_residuals(), by_column),
    }
    return [Workload("bundle adjustment", forms, in_autograd, in_jax)]

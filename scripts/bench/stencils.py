"""Stencils on a square of 64 times 64, 100 steps: adjoints gather from their neighbours.

Where a border is kept, its cotangent only collects. So the inner part is gathered from an array
whose border is zero, and the border adds up beside.
"""

from typing import Any

import numpy as np

from scripts.bench.workload import Form, Workload, by_autograd, by_jax, compiled
from scripts.kernels.allen_cahn import allen_cahn, allen_cahn_arrays
from scripts.kernels.heat import heat, heat_arrays

jax: Any = None
"""Handed to what JAX traces."""


@compiled
def collect(border: Any, inner: Any, c: Any) -> None:
    """Add to a border what its neighbours give."""
    n, m = border.shape
    for j in range(1, m - 1):
        border[0, j] += c * inner[1, j]
        border[n - 1, j] += c * inner[n - 2, j]
    for i in range(1, n - 1):
        border[i, 0] += c * inner[i, 1]
        border[i, m - 1] += c * inner[i, m - 2]


def heat_adjoint(u0: Any, c: Any, steps: Any) -> Any:
    """With respect to u0: linear, so no tape."""
    n, m = u0.shape
    u = u0.copy()
    new = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = u[i, j] + c * (around - 4.0 * u[i, j])
        u, new = new, u
    border = 2.0 * u
    inner = np.zeros((n, m))
    inner[1:-1, 1:-1] = border[1:-1, 1:-1]
    other = np.zeros((n, m))
    for _ in range(steps):
        collect(border, inner, c)
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = inner[i - 1, j] + inner[i + 1, j] + inner[i, j - 1] + inner[i, j + 1]
                other[i, j] = inner[i, j] + c * (around - 4.0 * inner[i, j])
        inner, other = other, inner
    border[1:-1, 1:-1] = inner[1:-1, 1:-1]
    return border


def allen_cahn_adjoint(u0: Any, c: Any, steps: Any) -> Any:
    """With respect to u0: the states are kept, each where it is made."""
    n, m = u0.shape
    states = np.empty((steps + 1, n, m))
    states[0] = u0
    for t in range(steps):
        u, new = states[t], states[t + 1]
        new[0], new[-1], new[:, 0], new[:, -1] = u[0], u[-1], u[:, 0], u[:, -1]
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                x = u[i, j]
                around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                new[i, j] = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
    border = 2.0 * states[steps]
    inner = np.zeros((n, m))
    inner[1:-1, 1:-1] = border[1:-1, 1:-1]
    other = np.zeros((n, m))
    for t in range(steps - 1, -1, -1):
        u = states[t]
        collect(border, inner, c)
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                x = u[i, j]
                around = inner[i - 1, j] + inner[i + 1, j] + inner[i, j - 1] + inner[i, j + 1]
                own = 1.0 - 4.0 * c + 0.01 * (1.0 - 3.0 * x * x)
                other[i, j] = own * inner[i, j] + c * around
        inner, other = other, inner
    border[1:-1, 1:-1] = inner[1:-1, 1:-1]
    return border


def heat_adjoint_of_arrays(u0: Any, c: Any, steps: Any) -> Any:
    """The same with slices; the inner part is added to what goes to the neighbours."""
    u = u0.copy()
    for _ in range(steps):
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        u[1:-1, 1:-1] += c * (around - 4.0 * u[1:-1, 1:-1])
    bar = 2.0 * u
    for _ in range(steps):
        part = c * bar[1:-1, 1:-1]
        bar[1:-1, 1:-1] -= 4.0 * part
        bar[:-2, 1:-1] += part
        bar[2:, 1:-1] += part
        bar[1:-1, :-2] += part
        bar[1:-1, 2:] += part
    return bar


def allen_cahn_adjoint_of_arrays(u0: Any, c: Any, steps: Any) -> Any:
    """The same with slices."""
    u = u0.copy()
    states: list[Any] = []
    for _ in range(steps):
        x = u[1:-1, 1:-1].copy()
        states.append(x)
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        u[1:-1, 1:-1] = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
    bar = 2.0 * u
    for x in reversed(states):
        part = c * bar[1:-1, 1:-1]
        bar[1:-1, 1:-1] *= (1.01 - 4.0 * c) - 0.03 * (x * x)
        bar[:-2, 1:-1] += part
        bar[2:, 1:-1] += part
        bar[1:-1, :-2] += part
        bar[1:-1, 2:] += part
    return bar


def heat_traced(u0: Any, c: Any, steps: Any) -> Any:
    """For autograd: a step makes a new inner part between borders that are kept."""

    def step(u: Any) -> Any:
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        inner = u[1:-1, 1:-1] + c * (around - 4.0 * u[1:-1, 1:-1])
        rows = np.concatenate([u[1:-1, :1], inner, u[1:-1, -1:]], axis=1)
        return np.concatenate([u[:1], rows, u[-1:]])

    for _ in range(steps):
        u0 = step(u0)
    return np.sum(u0 * u0)


def allen_cahn_traced(u0: Any, c: Any, steps: Any) -> Any:
    """The same with a reaction."""

    def step(u: Any) -> Any:
        x = u[1:-1, 1:-1]
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        inner = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
        rows = np.concatenate([u[1:-1, :1], inner, u[1:-1, -1:]], axis=1)
        return np.concatenate([u[:1], rows, u[-1:]])

    for _ in range(steps):
        u0 = step(u0)
    return np.sum(u0 * u0)


def heat_scanned(u0: Any, c: Any, steps: Any) -> Any:
    """For JAX."""

    def step(u: Any, _: Any) -> Any:
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        return u.at[1:-1, 1:-1].add(c * (around - 4.0 * u[1:-1, 1:-1])), None

    u = jax.lax.scan(step, u0, length=steps)[0]
    return np.sum(u * u)


def allen_cahn_scanned(u0: Any, c: Any, steps: Any) -> Any:
    """For JAX."""

    def step(u: Any, _: Any) -> Any:
        x = u[1:-1, 1:-1]
        around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
        inner = x + c * (around - 4.0 * x) + 0.01 * (x - x * x * x)
        return u.at[1:-1, 1:-1].set(inner), None

    u = jax.lax.scan(step, u0, length=steps)[0]
    return np.sum(u * u)


def workloads() -> list[Workload]:
    """Linear and nonlinear."""
    args = (np.random.default_rng(0).normal(size=(64, 64)), 0.1, 100)
    linear = {
        "python": Form(heat_arrays, args, 0, heat_adjoint_of_arrays),
        "numba": Form(heat, args, 0, compiled(heat_adjoint)),
    }
    nonlinear = {
        "python": Form(allen_cahn_arrays, args, 0, allen_cahn_adjoint_of_arrays),
        "numba": Form(allen_cahn, args, 0, compiled(allen_cahn_adjoint)),
    }
    return [
        Workload(
            "heat stencil", linear, by_autograd(heat_traced, 0), by_jax(heat_scanned, 0, (2,))
        ),
        Workload(
            "Allen-Cahn stencil",
            nonlinear,
            by_autograd(allen_cahn_traced, 0),
            by_jax(allen_cahn_scanned, 0, (2,)),
        ),
    ]

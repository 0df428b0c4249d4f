"""Functions with sparse derivatives, as people write them."""

from __future__ import annotations

from typing import Any

import numpy as np

SCALE = np.array([2.0, 0.5, -1.0])
NEIGHBOURS = np.array([1, 2, 3, 4, 5, 0])


def looped(x: Any) -> Any:
    """Rows of two, written element by element."""
    y = np.empty_like(x)
    y[0] = x[0] ** 2
    for i in range(1, len(x)):
        y[i] = np.sin(x[i]) * x[i - 1]
    return y


def sliced(x: Any) -> Any:
    """The same for all elements at once, one row less."""
    return np.sin(x[1:]) * x[:-1]


def heat(u: Any) -> Any:
    """A stencil in the plane, with a source."""
    r = np.zeros_like(u)
    r[1:-1, 1:-1] = (
        u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * u[1:-1, 1:-1]
    ) + np.exp(u[1:-1, 1:-1])
    return r


def gathered(x: Any) -> Any:
    """Elements that a captured array of integers names."""
    return x[NEIGHBOURS] * x**2


def branched(x: Any) -> Any:
    """Which elements count, real numbers decide: both arms do."""
    y = np.zeros(len(x))
    for i in range(len(x)):
        if x[i] > 0.5:
            y[i] = x[i] * x[(i + 1) % len(x)]
        else:
            y[i] = x[i - 1]
    return y


def stepped(x: Any, steps: int) -> Any:
    """Each step reaches one neighbour further."""
    for _ in range(steps):
        x = x + 0.1 * np.sin(np.roll(x, 1))
    return x


def until(x: Any) -> Any:
    """How many trips a loop takes, real numbers decide."""
    y = x.copy()
    while y[0] < 2.0:
        y = 1.1 * y + 0.1
        y[1:] += 0.01 * x[:-1]
    return y


def constrained(x: Any) -> Any:
    """One row that depends on everything, and one on nothing else."""
    return np.array([np.sum(x**2), x[0] * x[1]])


def clamped(x: Any) -> Any:
    """Masks, extrema and selections of elements in place."""
    y = np.clip(x, 0.3, 0.7) * np.maximum(x, x[::-1])
    y[x > 0.9] = 1.0
    return np.concatenate([y, np.where(y > 0.2, x, 0.0)])


def products(x: Any) -> Any:
    """Products of matrices: blocks."""
    a = np.reshape(x, (2, 3))
    return a @ (a.T @ np.ones(2) * SCALE)


def filtered(x: Any) -> Any:
    """Fourier transforms mix the elements of a row, and of no other."""
    rows = np.fft.rfft(np.reshape(x, (3, 2)), axis=1)
    return np.abs(rows * np.array([1.0, 0.5])) + np.fft.irfft(rows, axis=1)


def sorted_pairs(x: Any) -> Any:
    """Where elements go, real numbers decide."""
    return np.sort(x)[:2] * x[:2]


def chain(x: Any) -> Any:
    """Rosenbrock's function of neighbours."""
    s = 0.0
    for i in range(len(x) - 1):
        s += (1 - x[i]) ** 2 + 100 * (x[i + 1] - x[i] ** 2) ** 2
    return s


def arrow(x: Any) -> Any:
    """One variable meets all others, which do not meet."""
    return np.sum(x[0] * x[1:] ** 3) + np.exp(x[0])


def energy(u: Any) -> Any:
    """The energy of a membrane."""
    return 0.5 * np.sum(np.diff(u, axis=0) ** 2) + np.sum(np.cosh(u[:, 1:] - u[:, :-1]))


def recurrent(x: Any) -> Any:
    """States on a tape."""
    total, h = 0.0, 0.0
    for t in range(len(x)):
        h = np.tanh(0.5 * h + x[t])
        total += h * h
    return total


def separable(x: Any) -> Any:
    """Branches and tapes of single elements."""
    total = 0.0
    for i in range(len(x)):
        v = x[i] * x[i]
        if v > 0.2:
            v = v * np.sin(x[i])
        total += v * v
    return total


def pivoted(a: Any) -> Any:
    """Rows change places, as the numbers say."""
    a = a.copy()
    p = np.argmax(np.abs(a[:, 0]))
    a[[0, p]] = a[[p, 0]]
    return a[0] ** 2


def made_in_a_branch(x: Any) -> Any:
    """An array that a branch reads has not been made before the first trip."""
    here = x * 1.0
    for i, v in enumerate(x):
        if i < 5 + v:
            there = x + x[i]
        else:
            here[::2] += there[1::2]  # pyright: ignore[reportPossiblyUnboundVariable]
        here, there = there, here  # pyright: ignore[reportPossiblyUnboundVariable]
    return np.sum(np.tanh(there) + here)  # pyright: ignore[reportPossiblyUnboundVariable]


VECTOR = np.array([0.1, 0.95, 0.4, 0.62, 0.8, 0.25])
MATRIX = np.linspace(0.1, 0.9, 20).reshape(4, 5) ** 2

JACOBIANS: list[tuple[Any, tuple[Any, ...], int]] = [
    (looped, (VECTOR,), 2),
    (sliced, (VECTOR,), 2),
    (heat, (MATRIX,), 6),
    (gathered, (VECTOR,), 2),
    (branched, (VECTOR,), 3),
    (stepped, (VECTOR, 2), 3),
    (until, (VECTOR,), 6),
    (constrained, (VECTOR,), 2),
    (clamped, (VECTOR,), 6),
    (products, (VECTOR,), 2),
    (sorted_pairs, (VECTOR,), 2),
    (filtered, (VECTOR,), 2),
    (pivoted, (MATRIX,), 20),
]
"""A function, arguments, and how many products its Jacobian takes at most."""

HESSIANS: list[tuple[Any, tuple[Any, ...], int]] = [
    (chain, (VECTOR,), 3),
    (arrow, (VECTOR,), 2),
    (energy, (MATRIX,), 6),
    (recurrent, (VECTOR,), 6),
    (separable, (VECTOR,), 1),
    (made_in_a_branch, (VECTOR,), 6),
]

"""Polynomials by their coefficients, the highest power first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import VECTOR, length_of
from ad_compiler.rules.registry import compile_time, means, of_types
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.structures import structural

LONG = np.array([0.5, -1.0, 2.0, 1.5, -0.25])


@means(np.polyval, samples=((VECTOR, 1.5), (VECTOR, LONG)))
def _polyval(p: Any, x: Any) -> Any:
    value = np.zeros_like(x) if np.ndim(x) > 0 else np.float64(0.0)
    for c in np.asarray(p):
        value = value * x + c
    return value


@compile_time
def numbered(m: int) -> tuple[int, ...]:
    """So many numbers, for a loop that is written out."""
    return tuple(range(m))


@means(np.polyder, samples=((LONG,), (LONG, 2), (LONG, 0), ([2.0, 1.0],)))
def _polyder(p: Any, m: int = 1) -> Any:
    made = np.asarray(p)
    for _ in numbered(m):
        made = made[:-1] * np.arange(len(made) - 1, 0, -1)
    return made


@means(
    np.polyint,
    samples=((LONG,), (LONG, 2), (LONG, {"k": 1.5}), (LONG, 2, [0.5, 1.5]), (LONG, 2, 0.5)),
)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    made = np.asarray(p)
    if k is None:
        constants = [0.0 for _ in numbered(m)]
    else:
        constants = [k for _ in numbered(m)] if np.ndim(k) == 0 else list(k)
    for j in numbered(m):
        made = np.concatenate([made / np.arange(len(made), 0, -1), np.array([constants[j]])])
    return made


def _filled_up(a: Any, n: Any) -> Any:
    """Coefficients with zeros before them, so many in all."""
    return np.concatenate([np.zeros(n - len(a), a.dtype), a])


@means(np.polyadd, samples=((LONG, VECTOR), (VECTOR, LONG), (VECTOR, VECTOR + 1.0)))
def _polyadd(a1: Any, a2: Any) -> Any:
    one, other = np.atleast_1d(np.asarray(a1)), np.atleast_1d(np.asarray(a2))
    n = max(len(one), len(other))
    return _filled_up(one, n) + _filled_up(other, n)


@means(np.polysub, samples=((LONG, VECTOR), (VECTOR, LONG)))
def _polysub(a1: Any, a2: Any) -> Any:
    one, other = np.atleast_1d(np.asarray(a1)), np.atleast_1d(np.asarray(a2))
    n = max(len(one), len(other))
    return _filled_up(one, n) - _filled_up(other, n)


# -- powers of numbers ----------------------------------------------------------------------------


def _vander_type(args: Sequence[Atom]) -> Type:
    x, n, increasing = args
    array = infer.array(x, "np.vander")
    infer.static(increasing, "increasing")
    whole = isinstance(n, Const) and n.value is None
    columns = array.dims[0] if whole else length_of(n)
    dtype = infer.our_dtype(np.promote_types(infer.kind_of(array), int))
    return Array(dtype, (array.dims[0], columns))


def _slopes(z: Any, increasing: bool) -> Any:
    """The exponents times the powers before them, one column less than there are."""
    exponents = np.arange(1, z.shape[1])
    if increasing:
        return exponents * z[:, :-1]
    return exponents[::-1] * z[:, 1:]


def _vander_x(x: Any, N: Any, increasing: bool, *, z: Any, x_dot: Any) -> Any:  # noqa: N803
    made = np.zeros_like(z)
    moved = _slopes(z, increasing) * np.expand_dims(x_dot, 1)
    if increasing:
        made[:, 1:] = moved
    else:
        made[:, :-1] = moved
    return made


def _vander_bar(x: Any, N: Any, increasing: bool, *, z: Any, z_bar: Any) -> Any:  # noqa: N803
    part = z_bar[:, 1:] if increasing else z_bar[:, :-1]
    return np.sum(_slopes(z, increasing) * part, axis=1)


structural(
    np.vander, ("x", "N", "increasing"), _vander_type, {"x": _vander_bar}, {"x": _vander_x},
    defaults={"N": None, "increasing": False}, named=("increasing",), noun="powers",
    raises=may_fail, samples=((LONG, None, False), (LONG, 3, False), (VECTOR, 4, True)),
)  # fmt: skip

# -- fits -----------------------------------------------------------------------------------------


@of_types
def spacing(type_: Any) -> float:
    """The relative precision of the numbers of an array."""
    return float(np.finfo(np.float32 if type_.dtype == "f32" else np.float64).eps)


@compile_time
def only_coefficients(full: bool) -> None:
    """Refuse the diagnostics of a fit."""
    if full:
        raise TypeRefusal("np.polyfit with full=True", "leave it out: only coefficients vary")


ABSCISSAE = np.array([0.5, 1.0, 2.0, 3.5, 4.0])


@means(
    np.polyfit,
    samples=((ABSCISSAE, LONG, 1), (ABSCISSAE, LONG, 2, None, False, ABSCISSAE),
             (ABSCISSAE, np.stack([LONG, LONG**2], axis=1), 2), (ABSCISSAE, LONG, 3, 1e-12)),
)  # fmt: skip
def _polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None) -> Any:
    only_coefficients(full)
    points, values = np.asarray(x) + 0.0, np.asarray(y) + 0.0
    powers = np.vander(points, deg + 1)
    if w is not None:
        weights = np.asarray(w) + 0.0
        powers = powers * weights[:, np.newaxis]
        values = values * (weights if values.ndim == 1 else weights[:, np.newaxis])
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    least = len(points) * spacing(points) if rcond is None else rcond
    found = np.linalg.lstsq(powers / scale, values, least)[0]
    return (found.T / scale).T

"""Matrices that `scipy.linalg` builds, factors that it solves with, and functions of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import NUMPY_NAMES, Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.matrices import POSITIVE, SQUARE, float_dtype, square
from ad_compiler.rules.registry import Linear, means, of_types, register
from ad_compiler.rules.scipy_linalg import RIGHT, WIDE, cholesky_a, cholesky_a_bar, same_type
from ad_compiler.rules.shaping import may_fail

# -- from vectors and blocks ----------------------------------------------------------------------


@means(linalg.toeplitz, samples=((VECTOR,), (VECTOR, [1.0, 0.5, 0.25, 2.0])))
def _toeplitz(c: Any, r: Any = None) -> Any:
    column = np.ravel(np.asarray(c))
    row = column if r is None else np.ravel(np.asarray(r))
    values = np.concatenate([column[::-1], row[1:]])
    return values[np.arange(len(column) - 1, -1, -1)[:, None] + np.arange(len(row))]


@means(linalg.hankel, samples=((VECTOR,), (VECTOR, [3.0, 0.5, 0.25, 2.0])))
def _hankel(c: Any, r: Any = None) -> Any:
    column = np.ravel(np.asarray(c))
    row = np.zeros_like(column) if r is None else np.ravel(np.asarray(r))
    values = np.concatenate([column, row[1:]])
    return values[np.arange(len(column))[:, None] + np.arange(len(row))]


@means(linalg.circulant, samples=((VECTOR,),))
def _circulant(c: Any) -> Any:
    column = np.asarray(c)
    if column.ndim != 1:
        raise TypeRefusal("circulant matrices of what is no vector", "give a vector")
    places = np.arange(len(column))
    return column[(places[:, None] - places) % len(column)]


@of_types
def common_dtype(*types: Any) -> str:
    """NumPy's name of the dtype that holds arrays of all these types."""
    return NUMPY_NAMES[infer.promote(types)]


@means(linalg.block_diag, samples=((MATRIX, POSITIVE), (VECTOR, MATRIX, 1.5)))
def _block_diag(*arrs: Any) -> Any:
    blocks = [np.atleast_2d(np.asarray(a)) for a in arrs]
    rows, columns = 0, 0
    for block in blocks:
        rows, columns = rows + block.shape[0], columns + block.shape[1]
    made = np.zeros((rows, columns), common_dtype(*blocks))
    row, column = 0, 0
    for block in blocks:
        below, behind = row + block.shape[0], column + block.shape[1]
        made[row:below, column:behind] = block
        row, column = below, behind
    return made


# -- Cholesky factors -----------------------------------------------------------------------------


def _one(arg: Atom, who: str) -> Array:
    array = square(arg, who)
    if len(array.dims) != 2:
        raise TypeRefusal(f"{who} of a stack of matrices", "give one matrix, or loop over them")
    return array


def _factor(a: Any, lower: bool) -> Any:
    return linalg.cho_factor(a, lower=lower)[0]


def _factor_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "lower")
    return Array(float_dtype(args[:1]), _one(args[0], "scipy.linalg.cho_factor").dims)


def _untouched(x: Any, lower: bool) -> Any:
    """The triangle that is left as it was."""
    return np.triu(x, 1) if lower else np.tril(x, -1)


def _read(x: Any, lower: bool) -> Any:
    """The triangle that holds the factor."""
    return np.tril(x) if lower else np.triu(x)


def _factor_a(a: Any, lower: bool, *, z: Any, a_dot: Any) -> Any:
    return cholesky_a(a, lower, z=_read(z, lower), a_dot=a_dot) + _untouched(a_dot, lower)


def _factor_bar(a: Any, lower: bool, *, z: Any, z_bar: Any) -> Any:
    bar = cholesky_a_bar(a, lower, z=_read(z, lower), z_bar=_read(z_bar, lower))
    return bar + _untouched(z_bar, lower)


CHO_FACTOR = register(
    Primitive(
        "scipy.linalg.cho_factor", _factor, _factor_type, Special(), ("a", "lower"),
        raises=may_fail, noun="factor",
    ),
    Linear(
        {"a": _factor_a}, {"a": _factor_bar}, dense=True,
        convention="the other triangle is that of the matrix",
        samples=((POSITIVE, True), (POSITIVE, False)),
    ),
)  # fmt: skip


@means(linalg.cho_factor, samples=((POSITIVE, True), (POSITIVE,)))
def _cho_factor(a: Any, lower: bool = False) -> Any:
    return CHO_FACTOR(np.asarray(a), lower), lower


def _solved(c: Any, b: Any, lower: bool) -> Any:
    return linalg.cho_solve((c, lower), b)


def _solved_type(args: Sequence[Atom]) -> Type:
    c, b = _one(args[0], "scipy.linalg.cho_solve"), infer.array(args[1], "scipy.linalg.cho_solve")
    infer.static(args[2], "lower")
    if len(b.dims) not in (1, 2):
        raise TypeRefusal("scipy.linalg.cho_solve of such a right side", "give one or two axes")
    return Array(float_dtype(args[:2]), (c.dims[0], *b.dims[1:]))


def _outer(x: Any, y: Any) -> Any:
    return np.outer(x, y) if x.ndim == 1 else x @ y.T


def _solved_c(c: Any, b: Any, lower: bool, *, z: Any, c_dot: Any) -> Any:
    factor, dot = _read(c, lower), _read(c_dot, lower)
    product = dot @ factor.T if lower else dot.T @ factor
    return -CHO_SOLVE(c, (product + product.T) @ z, lower)


def _solved_b(c: Any, b: Any, lower: bool, *, b_dot: Any) -> Any:
    return CHO_SOLVE(c, b_dot, lower)


def _solved_c_bar(c: Any, b: Any, lower: bool, *, z: Any, z_bar: Any) -> Any:
    product = _outer(CHO_SOLVE(c, z_bar, lower), z)
    both, factor = product + product.T, _read(c, lower)
    return -_read(both @ factor if lower else factor @ both, lower)


def _solved_b_bar(c: Any, b: Any, lower: bool, *, z_bar: Any) -> Any:
    return CHO_SOLVE(c, z_bar, lower)


CHO_SOLVE = register(
    Primitive(
        "scipy.linalg.cho_solve", _solved, _solved_type, Special(), ("c", "b", "lower"),
        raises=may_fail, noun="solution",
    ),
    Linear(
        {"c": _solved_c, "b": _solved_b}, {"c": _solved_c_bar, "b": _solved_b_bar}, dense=True,
        convention="only the triangle that is read has a derivative",
        samples=((POSITIVE, RIGHT, True), (POSITIVE, WIDE, False)),
    ),
)  # fmt: skip


@means(linalg.cho_solve, samples=(((POSITIVE, True), RIGHT), ((POSITIVE, False), WIDE)))
def _cho_solve(c_and_lower: Any, b: Any) -> Any:
    c, lower = c_and_lower
    return CHO_SOLVE(np.asarray(c), np.asarray(b), lower)


# -- functions of matrices ------------------------------------------------------------------------


def _along(a: Any, a_dot: Any) -> Any:
    """A matrix of which a function holds the function of `a`, and its derivative along `a_dot`."""
    top = np.concatenate([a, a_dot], axis=1)
    return np.concatenate([top, np.concatenate([np.zeros_like(a), a], axis=1)])


def _expm_a(a: Any, *, a_dot: Any) -> Any:
    n = len(a)
    return linalg.expm(_along(a, a_dot))[:n, n:]


def _expm_a_bar(a: Any, *, z_bar: Any) -> Any:
    n = len(a)
    return linalg.expm(_along(a.T, z_bar))[:n, n:]


register(
    Primitive(
        "scipy.linalg.expm", linalg.expm, same_type, Call("scipy.linalg.expm"), ("a",),
        raises=may_fail, noun="exponential",
    ),
    Linear({"a": _expm_a}, {"a": _expm_a_bar}, dense=True, samples=((SQUARE / 3,), (POSITIVE,))),
    linalg.expm,
)  # fmt: skip

"""Covariances and correlations of variables that lie in the rows of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Type, never_one
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import VECTOR
from ad_compiler.rules.registry import means
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.structures import structural

ROWS = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, 3.0], [-2.0, 0.1, 1.0, 0.6]])
COUNTS, WEIGHTS = np.array([1, 3, 2, 1]), np.array([0.5, 1.0, 0.25, 2.0])
OPTIONS = {"ddof": None, "fweights": None, "aweights": None}


def _variables(arg: Atom, who: str) -> Array:
    """The type of the rows, of which it must be known whether they are one."""
    array = infer.array(arg, who)
    if len(array.dims) not in (1, 2):
        raise TypeRefusal(f"{who} of an array of {len(array.dims)} axes", "give a matrix")
    if len(array.dims) == 2 and not (array.dims[0] == 1 or never_one(array.dims[0])):
        raise TypeRefusal(f"{who} of rows that may be one", "give two rows or more")
    return array


def _cov_type(args: Sequence[Atom]) -> Type:
    array = _variables(args[0], "np.cov")
    infer.static(args[1], "ddof")
    single = len(array.dims) == 1 or array.dims[0] == 1
    return Array("f64", () if single else (array.dims[0], array.dims[0]))


def _weights(fweights: Any, aweights: Any) -> Any:
    """How much each observation counts; None if all count the same."""
    if fweights is None or aweights is None:
        return fweights if aweights is None else aweights
    return fweights * aweights


def _freedom(x: Any, ddof: Any, fweights: Any, aweights: Any) -> Any:
    """What the products of deviations are divided by."""
    less = 1 if ddof is None else ddof
    w = _weights(fweights, aweights)
    if w is None:
        return x.shape[-1] - less
    if less == 0:
        return np.sum(w)
    total = np.sum(w)
    return total - less if aweights is None else total - less * np.sum(w * aweights) / total


def _weighted(x: Any, ddof: Any, fweights: Any, aweights: Any) -> Any:
    """The deviations from the mean, as each of them counts in a covariance."""
    w = _weights(fweights, aweights)
    if w is None:
        centred = x - np.mean(x, axis=-1, keepdims=True)
    else:
        centred = (x - np.sum(x * w, axis=-1, keepdims=True) / np.sum(w)) * w
    return centred / _freedom(x, ddof, fweights, aweights)


def _cov_m(m: Any, ddof: Any, fweights: Any, aweights: Any, *, z: Any, m_dot: Any) -> Any:
    shares = _weighted(m, ddof, fweights, aweights)
    if z.ndim == 0:
        return 2 * np.sum(shares * m_dot)
    product = m_dot @ shares.T
    return product + product.T


def _cov_bar(m: Any, ddof: Any, fweights: Any, aweights: Any, *, z: Any, z_bar: Any) -> Any:
    shares = _weighted(m, ddof, fweights, aweights)
    return 2 * z_bar * shares if z.ndim == 0 else (z_bar + z_bar.T) @ shares


COV = structural(
    np.cov, ("m", *OPTIONS), _cov_type, {"m": _cov_bar}, {"m": _cov_m}, defaults=OPTIONS,
    named=tuple(OPTIONS), noun="covariance", raises=may_fail, means=(),
    samples=((ROWS, None, None, None), (VECTOR, None, None, None), (ROWS, 0, None, None),
             (ROWS, None, COUNTS, None), (ROWS, 2, COUNTS, WEIGHTS), (ROWS[:1], 0, None, WEIGHTS)),
)  # fmt: skip


def _in_rows(m: Any, rowvar: bool) -> Any:
    """The variables as the rows of a matrix; one variable may be a vector."""
    x = np.asarray(m)
    return x if rowvar or x.ndim == 1 else x.T


def _as_row(x: Any) -> Any:
    return np.expand_dims(x, 0) if x.ndim == 1 else x


def _together(m: Any, y: Any, rowvar: bool) -> Any:
    """The variables of one or two arrays."""
    one = _in_rows(m, rowvar)
    if y is None:
        return one
    other = _in_rows(y, rowvar)
    if one.ndim == 1 and other.ndim == 1:
        return np.stack([one, other])
    return np.concatenate([_as_row(one), _as_row(other)])


@means(
    np.cov,
    samples=((ROWS,), (VECTOR, VECTOR**2), (ROWS.T, {"rowvar": False}), (ROWS, {"bias": True}),
             (ROWS, ROWS**2), (ROWS, {"fweights": [1, 3, 2, 1]})),
)  # fmt: skip
def _cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None,
) -> Any:  # fmt: skip
    less = 0 if ddof is None and bias else ddof
    return COV(_together(m, y, rowvar), less, _array(fweights), _array(aweights))


def _array(weights: Any) -> Any:
    return None if weights is None else np.asarray(weights)


# -- correlations ---------------------------------------------------------------------------------


def _corrcoef_type(args: Sequence[Atom]) -> Type:
    array = _variables(args[0], "np.corrcoef")
    return Array("f64", (array.dims[0], array.dims[0]))


def _directions(x: Any) -> Any:
    """The deviations from the mean, and each row of them at length 1."""
    centred = x - np.mean(x, axis=1, keepdims=True)
    lengths = np.sqrt(np.sum(centred * centred, axis=1, keepdims=True))
    return centred / lengths, lengths


def _across(x: Any, rows: Any) -> Any:
    """The part of rows that is orthogonal to others of length 1."""
    return x - rows * np.sum(rows * x, axis=1, keepdims=True)


def _corrcoef_x(x: Any, *, x_dot: Any) -> Any:
    rows, lengths = _directions(x)
    product = _across(x_dot / lengths, rows) @ rows.T
    return product + product.T


def _corrcoef_bar(x: Any, *, z_bar: Any) -> Any:
    rows, lengths = _directions(x)
    return _across((z_bar + z_bar.T) @ rows, rows) / lengths


CORRCOEF = structural(
    np.corrcoef, ("x",), _corrcoef_type, {"x": _corrcoef_bar}, {"x": _corrcoef_x},
    noun="correlation", means=(), samples=((ROWS,), (ROWS[:2],)),
)  # fmt: skip


@means(np.corrcoef, samples=((ROWS,), (VECTOR, VECTOR**2), (ROWS.T, {"rowvar": False})))
def _np_corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    rows = _together(x, y, rowvar)
    if rows.ndim == 1:
        c = COV(rows, None, None, None)
        return c / c
    return CORRCOEF(rows)

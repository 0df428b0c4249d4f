"""Equations that `scipy.linalg` solves for vectors, by bands, and for matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.matrices import POSITIVE, SQUARE, float_dtype, matrix, square
from ad_compiler.rules.registry import Linear, compile_time, register
from ad_compiler.rules.scipy_linalg import FINITE, RIGHT, WIDE
from ad_compiler.rules.shaping import may_fail

# -- bands ----------------------------------------------------------------------------------------


def _solve_banded(l_and_u: Any, ab: Any, b: Any, check_finite: bool) -> Any:
    return linalg.solve_banded(l_and_u, ab, b, check_finite=check_finite)


def _banded_type(args: Sequence[Atom]) -> Type:
    who = "scipy.linalg.solve_banded"
    infer.static(args[3], "check_finite")
    infer.static(args[0], "l_and_u")
    ab, b = matrix(args[1], who), infer.array(args[2], who)
    if len(ab.dims) != 2 or len(b.dims) not in (1, 2):
        raise TypeRefusal(f"{who} of stacks", "give one matrix of bands, and one or two axes")
    return Array(float_dtype(args[1:3]), (ab.dims[1], *b.dims[1:]))


@compile_time
def turned(l_and_u: Any) -> Any:
    """How many bands the transposed matrix has below and above its diagonal."""
    return (l_and_u[1], l_and_u[0])


@compile_time
def band_count(l_and_u: Any) -> int:
    """How many bands there are."""
    return int(l_and_u[0] + l_and_u[1] + 1)


@compile_time
def upper(l_and_u: Any) -> int:
    """How many of them lie above the diagonal."""
    return int(l_and_u[1])


def _rows(l_and_u: Any, ab: Any) -> Any:
    """In which row of the matrix the elements of `ab` stand; some stand in none."""
    bands = np.arange(band_count(l_and_u))[:, None]
    return np.arange(ab.shape[1]) + bands - upper(l_and_u)


def _transposed(l_and_u: Any, ab: Any) -> Any:
    """The bands of the transposed matrix; elements that stand nowhere may be any."""
    bands = np.arange(band_count(l_and_u))[:, None]
    return ab[::-1][bands, _rows(turned(l_and_u), ab) % ab.shape[1]]


def _times(l_and_u: Any, ab: Any, x: Any) -> Any:
    """The matrix times x, of one or two axes."""
    n = ab.shape[1]
    bands = np.arange(band_count(l_and_u))[:, None]
    columns = np.arange(n) - bands + upper(l_and_u)
    elements = np.where((columns >= 0) & (columns < n), ab[bands, columns % n], 0.0)
    parts = x[columns % n]
    return np.sum((elements if x.ndim == 1 else elements[:, :, None]) * parts, axis=0)


def _banded_ab(l_and_u: Any, ab: Any, b: Any, check_finite: bool, *, z: Any, ab_dot: Any) -> Any:
    return -linalg.solve_banded(l_and_u, ab, _times(l_and_u, ab_dot, z), check_finite=False)


def _banded_b(l_and_u: Any, ab: Any, b: Any, check_finite: bool, *, b_dot: Any) -> Any:
    return linalg.solve_banded(l_and_u, ab, b_dot, check_finite=False)


def _banded_b_bar(l_and_u: Any, ab: Any, b: Any, check_finite: bool, *, z_bar: Any) -> Any:
    return linalg.solve_banded(turned(l_and_u), _transposed(l_and_u, ab), z_bar, check_finite=False)


def _banded_ab_bar(l_and_u: Any, ab: Any, b: Any, check_finite: bool, *, z: Any, z_bar: Any) -> Any:
    g = _banded_b_bar(l_and_u, ab, b, check_finite, z_bar=z_bar)
    n = ab.shape[1]
    rows = _rows(l_and_u, ab)
    products = g[rows % n] * z
    sums = products if z.ndim == 1 else np.sum(products, axis=2)
    return np.where((rows >= 0) & (rows < n), -sums, 0.0)


BANDS = np.array([[0.0, 0.5, -1.0, 0.25], [3.0, -4.0, 2.5, 5.0], [1.0, 0.5, -0.75, 0.0]])
LOW = np.array([[3.0, -4.0, 2.5], [1.0, 0.5, 0.0], [0.25, 0.0, 0.0]])
register(
    Primitive(
        "scipy.linalg.solve_banded", _solve_banded, _banded_type,
        Call("scipy.linalg.solve_banded"), ("l_and_u", "ab", "b", *FINITE), defaults=FINITE,
        keyword_only=tuple(FINITE), raises=may_fail, noun="solution",
    ),
    Linear(
        {"ab": _banded_ab, "b": _banded_b}, {"ab": _banded_ab_bar, "b": _banded_b_bar},
        dense=True, convention="elements of `ab` outside of the matrix have the derivative 0",
        samples=(
            ((1, 1), BANDS, np.array([1.0, -2.0, 0.5, 3.0]), True),
            ((2, 0), LOW, WIDE, True), ((0, 1), BANDS[:2, :3], RIGHT, False),
        ),
    ),
    linalg.solve_banded,
)  # fmt: skip

# -- matrices -------------------------------------------------------------------------------------


def _sylvester_type(args: Sequence[Atom]) -> Type:
    who = "scipy.linalg.solve_sylvester"
    for arg in args:
        if len(matrix(arg, who).dims) != 2:
            raise TypeRefusal(f"{who} of stacks of matrices", "give matrices, or loop over them")
    one, other = square(args[0], who), square(args[1], who)
    return Array(float_dtype(args), (one.dims[0], other.dims[0]))


def _sylvester_a(a: Any, b: Any, q: Any, *, z: Any, a_dot: Any) -> Any:
    return -linalg.solve_sylvester(a, b, a_dot @ z)


def _sylvester_b(a: Any, b: Any, q: Any, *, z: Any, b_dot: Any) -> Any:
    return -linalg.solve_sylvester(a, b, z @ b_dot)


def _sylvester_q(a: Any, b: Any, q: Any, *, q_dot: Any) -> Any:
    return linalg.solve_sylvester(a, b, q_dot)


def _sylvester_q_bar(a: Any, b: Any, q: Any, *, z_bar: Any) -> Any:
    return linalg.solve_sylvester(a.T, b.T, z_bar)


def _sylvester_a_bar(a: Any, b: Any, q: Any, *, z: Any, z_bar: Any) -> Any:
    return -linalg.solve_sylvester(a.T, b.T, z_bar) @ z.T


def _sylvester_b_bar(a: Any, b: Any, q: Any, *, z: Any, z_bar: Any) -> Any:
    return -z.T @ linalg.solve_sylvester(a.T, b.T, z_bar)


register(
    Primitive(
        "scipy.linalg.solve_sylvester", linalg.solve_sylvester, _sylvester_type,
        Call("scipy.linalg.solve_sylvester"), ("a", "b", "q"), raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _sylvester_a, "b": _sylvester_b, "q": _sylvester_q},
        {"a": _sylvester_a_bar, "b": _sylvester_b_bar, "q": _sylvester_q_bar}, dense=True,
        samples=(
            (POSITIVE, SQUARE + 6 * np.eye(3), SQUARE),
            (SQUARE[:2, :2], POSITIVE, SQUARE[:2]),
        ),
    ),
    linalg.solve_sylvester,
)  # fmt: skip


def _lyapunov_type(args: Sequence[Atom]) -> Type:
    who = "scipy.linalg.solve_continuous_lyapunov"
    for arg in args:
        if len(square(arg, who).dims) != 2:
            raise TypeRefusal(f"{who} of stacks of matrices", "give matrices, or loop over them")
    return Array(float_dtype(args), square(args[0], who).dims)


def _lyapunov_a(a: Any, q: Any, *, z: Any, a_dot: Any) -> Any:
    return -linalg.solve_continuous_lyapunov(a, a_dot @ z + z @ a_dot.T)


def _lyapunov_q(a: Any, q: Any, *, q_dot: Any) -> Any:
    return linalg.solve_continuous_lyapunov(a, q_dot)


def _lyapunov_q_bar(a: Any, q: Any, *, z_bar: Any) -> Any:
    return linalg.solve_continuous_lyapunov(a.T, z_bar)


def _lyapunov_a_bar(a: Any, q: Any, *, z: Any, z_bar: Any) -> Any:
    g = linalg.solve_continuous_lyapunov(a.T, z_bar)
    return -(g @ z.T) - g.T @ z


register(
    Primitive(
        "scipy.linalg.solve_continuous_lyapunov", linalg.solve_continuous_lyapunov,
        _lyapunov_type, Call("scipy.linalg.solve_continuous_lyapunov"), ("a", "q"),
        raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _lyapunov_a, "q": _lyapunov_q}, {"a": _lyapunov_a_bar, "q": _lyapunov_q_bar},
        dense=True, samples=((SQUARE, POSITIVE), (POSITIVE, SQUARE)),
    ),
    linalg.solve_continuous_lyapunov,
)  # fmt: skip

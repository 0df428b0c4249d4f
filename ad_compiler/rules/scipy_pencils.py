"""`scipy.linalg` of two matrices, and of factors: generalised eigenvalues, `lu_factor`, `lstsq`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer, linear_systems, spectra
from ad_compiler.rules.linear_systems import RIGHT, WIDE
from ad_compiler.rules.matrices import (
    POSITIVE,
    SQUARE,
    TALL,
    float_dtype,
    matrix,
    read,
    unread,
)
from ad_compiler.rules.registry import Linear, compile_time, means, register
from ad_compiler.rules.scipy_spectra import EIGENVALUES, FACTORS, one_matrix, triangle
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.spectra import INVERSE_GAPS

STIFF = np.array([[4.0, 0.5, 0.25], [0.5, 2.0, -0.5], [0.25, -0.5, 7.0]])
MASS = POSITIVE[:3, :3] / 4 + np.eye(3)

# -- a v = w b v ----------------------------------------------------------------------------------


def _pencil(a: Any, b: Any, lower: bool) -> Any:
    return linalg.eigh(a, b, lower=lower)


def _pencil_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    infer.static(args[2], "lower")
    array, _ = (one_matrix(arg, "scipy.linalg.eigh", is_square=True) for arg in args[:2])
    dtype = float_dtype(args[:2])
    return Array(dtype, array.dims[:-1]), Array(dtype, array.dims)


def _pencil_a(a: Any, b: Any, lower: bool, *, w: Any, v: Any, a_dot: Any) -> Any:
    return spectra.eigh_a(a, triangle(lower), w=w, v=v, a_dot=a_dot)


def _pencil_b(a: Any, b: Any, lower: bool, *, w: Any, v: Any, b_dot: Any) -> Any:
    """As a change of a by `-w_j b_dot`, and v keeps its length as the new b measures it.

    Fox and Kapoor 1968, "Rates of change of eigenvalues and eigenvectors", for both matrices.
    """
    inner = v.T @ read(b_dot, triangle(lower)) @ v
    lengths = np.diagonal(inner)
    return -w * lengths, v @ (INVERSE_GAPS(w) * (-inner * w) - np.diag(lengths / 2))


def _pencil_a_bar(a: Any, b: Any, lower: bool, *, w: Any, v: Any, w_bar: Any, v_bar: Any) -> Any:
    return spectra.eigh_a_bar(a, triangle(lower), w=w, v=v, w_bar=w_bar, v_bar=v_bar)


def _pencil_b_bar(a: Any, b: Any, lower: bool, *, w: Any, v: Any, w_bar: Any, v_bar: Any) -> Any:
    """The transpose of `_pencil_b`."""
    if v_bar is None:
        return unread(-(v * (w * w_bar)) @ v.T, triangle(lower))
    turned = v.T @ v_bar
    inner = -(INVERSE_GAPS(w) * turned) * w - np.diag(np.diagonal(turned) / 2)
    whole = inner if w_bar is None else inner - np.diag(w * w_bar)
    return unread(v @ whole @ v.T, triangle(lower))


PENCIL = register(
    Primitive(
        "scipy.linalg.eigh(pencil)", _pencil, _pencil_type, Call("scipy.linalg.eigh"),
        ("a", "b", "lower"), defaults={"lower": True}, keyword_only=("lower",), raises=may_fail,
        results=("w", "v"),
    ),
    Linear(
        {"a": _pencil_a, "b": _pencil_b}, {"a": _pencil_a_bar, "b": _pencil_b_bar}, dense=True,
        results=("w", "v"), convention="only the triangles that are read have a derivative; nan "
        "where eigenvalues are equal",
        samples=((STIFF, MASS, True), (STIFF[:2, :2], MASS[:2, :2], False)),
    ),
)  # fmt: skip


def _values(a: Any, b: Any, lower: bool) -> Any:
    return linalg.eigh(a, b, lower=lower, eigvals_only=True)


def _values_type(args: Sequence[Atom]) -> Type:
    return _pencil_type(args)[0]


def _values_a(a: Any, b: Any, lower: bool, *, a_dot: Any) -> Any:
    w, v = PENCIL(a, b, lower)
    w_dot, _ = _pencil_a(a, b, lower, w=w, v=v, a_dot=a_dot)
    return w_dot


def _values_b(a: Any, b: Any, lower: bool, *, b_dot: Any) -> Any:
    w, v = PENCIL(a, b, lower)
    w_dot, _ = _pencil_b(a, b, lower, w=w, v=v, b_dot=b_dot)
    return w_dot


def _values_a_bar(a: Any, b: Any, lower: bool, *, z_bar: Any) -> Any:
    w, v = PENCIL(a, b, lower)
    return _pencil_a_bar(a, b, lower, w=w, v=v, w_bar=z_bar, v_bar=None)


def _values_b_bar(a: Any, b: Any, lower: bool, *, z_bar: Any) -> Any:
    w, v = PENCIL(a, b, lower)
    return _pencil_b_bar(a, b, lower, w=w, v=v, w_bar=z_bar, v_bar=None)


VALUES = register(
    Primitive(
        "scipy.linalg.eigh(pencil values)", _values, _values_type, Special(), ("a", "b", "lower"),
        raises=may_fail, noun="w",
    ),
    Linear(
        {"a": _values_a, "b": _values_b}, {"a": _values_a_bar, "b": _values_b_bar}, dense=True,
        convention="only the triangles that are read have a derivative",
        samples=((STIFF, MASS, True), (STIFF[:2, :2], MASS[:2, :2], False)),
    ),
)  # fmt: skip


@means(linalg.eigh, samples=((STIFF,), (STIFF, MASS), (STIFF, {"lower": False})))
def _eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False,
    check_finite: bool = True,
) -> Any:  # fmt: skip
    if b is None:
        if eigvals_only:
            return EIGENVALUES(a, lower, check_finite)
        return tuple(FACTORS(a, lower, False, check_finite))
    return VALUES(a, b, lower) if eigvals_only else tuple(PENCIL(a, b, lower))


# -- factors of a matrix --------------------------------------------------------------------------

LU = ("lu", "piv")


def _lu_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    array = one_matrix(args[0], "scipy.linalg.lu_factor", is_square=True)
    return Array(float_dtype(args[:1]), array.dims), Array("i32", array.dims[:1])


def _rows(piv: Any) -> Any:
    """The order of rows that LAPACK's interchanges make."""
    order = np.arange(len(piv))
    for k in range(len(piv)):
        other = piv[k]
        order[k], order[other] = order[other], order[k]
    return order


def _parts(lu: Any) -> Any:
    """The factors that are stored in one matrix."""
    return np.tril(lu, -1) + np.eye(lu.shape[0], dtype=lu.dtype), np.triu(lu)


def _factors_dot(lower: Any, upper: Any, change: Any) -> Any:
    """How the factors of `lower @ upper` change: what is in each triangle of l^-1 change u^-1."""
    left = linalg.solve_triangular(lower, change, lower=True, unit_diagonal=True)
    inner = linalg.solve_triangular(upper, left.T, trans=1).T
    return lower @ np.tril(inner, -1), np.triu(inner) @ upper


def _change_bar(lower: Any, upper: Any, lower_bar: Any, upper_bar: Any) -> Any:
    """The transpose of `_factors_dot`; a cotangent may be None."""
    if lower_bar is None:
        inner = np.triu(upper_bar @ upper.T)
    elif upper_bar is None:
        inner = np.tril(lower.T @ lower_bar, -1)
    else:
        inner = np.tril(lower.T @ lower_bar, -1) + np.triu(upper_bar @ upper.T)
    right = linalg.solve_triangular(upper, inner.T).T
    return linalg.solve_triangular(lower, right, trans=1, lower=True, unit_diagonal=True)


def _lu_a(a: Any, *, lu: Any, piv: Any, a_dot: Any) -> Any:
    lower, upper = _parts(lu)
    lower_dot, upper_dot = _factors_dot(lower, upper, a_dot[_rows(piv)])
    return lower_dot + upper_dot, None


def _lu_a_bar(a: Any, *, lu: Any, piv: Any, lu_bar: Any) -> Any:
    lower, upper = _parts(lu)
    bar = np.zeros_like(a)
    bar[_rows(piv)] = _change_bar(lower, upper, np.tril(lu_bar, -1), np.triu(lu_bar))
    return bar


LU_FACTOR = register(
    Primitive(
        "scipy.linalg.lu_factor", linalg.lu_factor, _lu_type, Call("scipy.linalg.lu_factor"),
        ("a",), raises=may_fail, results=LU,
    ),
    Linear(
        {"a": _lu_a}, {"a": _lu_a_bar}, dense=True, results=LU,
        convention="the order of rows is taken as constant", samples=((SQUARE,), (STIFF,)),
    ),
)  # fmt: skip


@means(linalg.lu_factor, samples=((SQUARE,),))
def _lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    return tuple(LU_FACTOR(a))


def _lu_solve(lu: Any, piv: Any, b: Any, trans: int) -> Any:
    return linalg.lu_solve((lu, piv), b, trans)


def _lu_solve_type(args: Sequence[Atom]) -> Type:
    infer.static(args[3], "trans")
    array, right = (
        one_matrix(args[0], "scipy.linalg.lu_solve", is_square=True),
        infer.array(args[2], "lu_solve"),
    )
    return Array(float_dtype([args[0], args[2]]), (array.dims[0], *right.dims[1:]))


def _lu_solve_b(lu: Any, piv: Any, b: Any, trans: int, *, b_dot: Any) -> Any:
    return LU_SOLVE(lu, piv, b_dot, trans)


def _lu_solve_b_bar(lu: Any, piv: Any, b: Any, trans: int, *, z_bar: Any) -> Any:
    return LU_SOLVE(lu, piv, z_bar, 1 - trans)


def _lu_solve_lu(lu: Any, piv: Any, b: Any, trans: int, *, z: Any, lu_dot: Any) -> Any:
    """As a change of the matrix that was factored, in the order of rows of its factors."""
    lower, upper = _parts(lu)
    change = np.tril(lu_dot, -1) @ upper + lower @ np.triu(lu_dot)
    order = _rows(piv)
    if trans == 0:
        moved = np.zeros_like(z)
        moved[order] = change @ z
        return -LU_SOLVE(lu, piv, moved, 0)
    return -LU_SOLVE(lu, piv, change.T @ z[order], 1)


def _lu_solve_lu_bar(lu: Any, piv: Any, b: Any, trans: int, *, z: Any, z_bar: Any) -> Any:
    lower, upper = _parts(lu)
    back, order = LU_SOLVE(lu, piv, z_bar, 1 - trans), _rows(piv)
    change_bar = (
        -linear_systems.outer_product(back[order], z)
        if trans == 0
        else -linear_systems.outer_product(z[order], back)
    )
    return np.tril(change_bar @ upper.T, -1) + np.triu(lower.T @ change_bar)


LU_SOLVE = register(
    Primitive(
        "scipy.linalg.lu_solve", _lu_solve, _lu_solve_type, Special(), ("lu", "piv", "b", "trans"),
        raises=may_fail, noun="solution",
    ),
    Linear(
        {"lu": _lu_solve_lu, "b": _lu_solve_b}, {"lu": _lu_solve_lu_bar, "b": _lu_solve_b_bar},
        dense=True, inert=("piv",),
        samples=(
            (*linalg.lu_factor(SQUARE), RIGHT, 0), (*linalg.lu_factor(SQUARE), RIGHT, 1),
            (*linalg.lu_factor(STIFF), WIDE, 0),
        ),
    ),
)  # fmt: skip


@compile_time
def only_plain(trans: int) -> int:
    """Refuse what is for complex matrices."""
    if trans not in (0, 1):
        raise TypeRefusal(f"trans={trans} of scipy.linalg.lu_solve", "use 0 or 1")
    return trans


@means(linalg.lu_solve, samples=((linalg.lu_factor(SQUARE), RIGHT),))
def _np_lu_solve(
    lu_and_piv: Any, b: Any, trans: int = 0, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    return LU_SOLVE(lu_and_piv[0], lu_and_piv[1], b, only_plain(trans))


# -- p @ l @ u ------------------------------------------------------------------------------------

PARTS = ("p", "lower", "upper")


def _lu_parts_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    array = one_matrix(args[0], "scipy.linalg.lu", is_square=True)
    return (Array(float_dtype(args[:1]), array.dims),) * 3


def _lu_parts_a(a: Any, *, p: Any, lower: Any, upper: Any, a_dot: Any) -> Any:
    return (None, *_factors_dot(lower, upper, p.T @ a_dot))


def _lu_parts_a_bar(
    a: Any, *, p: Any, lower: Any, upper: Any, lower_bar: Any, upper_bar: Any
) -> Any:
    if lower_bar is None and upper_bar is None:
        return None
    return p @ _change_bar(lower, upper, lower_bar, upper_bar)


LU_PARTS = register(
    Primitive(
        "scipy.linalg.lu", linalg.lu, _lu_parts_type, Call("scipy.linalg.lu"), ("a",),
        raises=may_fail, results=PARTS,
    ),
    Linear(
        {"a": _lu_parts_a}, {"a": _lu_parts_a_bar}, dense=True, results=PARTS,
        convention="the order of rows is taken as constant", samples=((SQUARE,), (STIFF,)),
    ),
)  # fmt: skip


@means(linalg.lu, samples=((SQUARE,),))
def _np_lu(a: Any, permute_l: bool = False) -> Any:
    p, lower, upper = LU_PARTS(a)
    return (p @ lower, upper) if permute_l else (p, lower, upper)


# -- least squares --------------------------------------------------------------------------------


def _solution(a: Any, b: Any) -> Any:
    solved: Any = linalg.lstsq(a, b)
    return solved[0]


def _solution_type(args: Sequence[Atom]) -> Type:
    a, b = matrix(args[0], "scipy.linalg.lstsq"), infer.array(args[1], "scipy.linalg.lstsq")
    if len(a.dims) != 2 or len(b.dims) not in (1, 2):
        raise TypeRefusal("scipy.linalg.lstsq of stacks", "give a matrix and a right side")
    return Array(float_dtype(args[:2]), (a.dims[1], *b.dims[1:]))


def _solution_a(a: Any, b: Any, *, z: Any, a_dot: Any) -> Any:
    solution_dot, *_ = linear_systems.lstsq_a(a, b, None, x=z, a_dot=a_dot)
    return solution_dot


def _solution_b(a: Any, b: Any, *, b_dot: Any) -> Any:
    solution_dot, *_ = linear_systems.lstsq_b(a, b, None, b_dot=b_dot)
    return solution_dot


def _solution_a_bar(a: Any, b: Any, *, z: Any, z_bar: Any) -> Any:
    return linear_systems.lstsq_a_bar(a, b, None, x=z, x_bar=z_bar)


def _solution_b_bar(a: Any, b: Any, *, z_bar: Any) -> Any:
    return linear_systems.lstsq_b_bar(a, b, None, x_bar=z_bar)


SOLUTION = register(
    Primitive(
        "scipy.linalg.lstsq", _solution, _solution_type, Special(), ("a", "b"), raises=may_fail,
        noun="solution",
    ),
    Linear(
        {"a": _solution_a, "b": _solution_b}, {"a": _solution_a_bar, "b": _solution_b_bar},
        dense=True, convention="that of matrices of the same rank",
        samples=((TALL, RIGHT), (TALL, WIDE), (TALL.T, RIGHT[:2])),
    ),
)  # fmt: skip


class NotComputed:
    """What of scipy.linalg.lstsq has no rule: the residuals, the rank and the singular values."""


@means(linalg.lstsq, samples=())
def _lstsq(a: Any, b: Any, *, check_finite: bool = True) -> Any:
    return SOLUTION(a, b), NotComputed, NotComputed, NotComputed

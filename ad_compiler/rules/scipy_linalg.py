"""Linear algebra of SciPy: triangular systems, factors, functions of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.determinants import COFACTORS
from ad_compiler.rules.matrices import POSITIVE, SINGULAR, SQUARE, float_dtype, read, square, unread
from ad_compiler.rules.registry import REFUSED, Linear, register, widen
from ad_compiler.rules.shaping import may_fail

RIGHT, WIDE = np.array([1.0, -2.0, 0.5]), np.array([[1.0, 2.0], [-0.5, 3.0], [0.25, 1.0]])


def _one(arg: Atom, who: str) -> Array:
    """The type of an operand that must be one square matrix."""
    array = square(arg, who)
    if len(array.dims) != 2:
        raise TypeRefusal(f"{who} of a stack of matrices", "give one matrix, or loop over them")
    return array


def _right_side(arg: Atom, who: str) -> Array:
    array = infer.array(arg, who)
    if len(array.dims) not in (1, 2):
        raise TypeRefusal(f"{who} for a right side of {len(array.dims)} axes", "give one or two")
    return array


def _product(left: Any, right: Any) -> Any:
    """`left @ right.T`, also for vectors."""
    return np.outer(left, right) if left.ndim == 1 else left @ right.T


# -- systems --------------------------------------------------------------------------------------


def _solve(a: Any, b: Any, transposed: bool, check_finite: bool) -> Any:
    return linalg.solve(a, b, transposed=transposed, check_finite=check_finite)


def _solve_type(args: Sequence[Atom]) -> Type:
    a, b = _one(args[0], "scipy.linalg.solve"), _right_side(args[1], "scipy.linalg.solve")
    for arg, name in zip(args[2:], SOLVE, strict=True):
        infer.static(arg, name)
    return Array(float_dtype(args[:2]), (a.dims[0], *b.dims[1:]))


def _solve_a(a: Any, b: Any, transposed: bool, check_finite: bool, *, z: Any, a_dot: Any) -> Any:
    change = a_dot.T @ z if transposed else a_dot @ z
    return -linalg.solve(a, change, transposed=transposed, check_finite=False)


def _solve_b(a: Any, b: Any, transposed: bool, check_finite: bool, *, b_dot: Any) -> Any:
    return linalg.solve(a, b_dot, transposed=transposed, check_finite=False)


def _solve_b_bar(a: Any, b: Any, transposed: bool, check_finite: bool, *, z_bar: Any) -> Any:
    return linalg.solve(a, z_bar, transposed=not transposed, check_finite=False)


def _solve_a_bar(
    a: Any, b: Any, transposed: bool, check_finite: bool, *, z: Any, z_bar: Any
) -> Any:
    g = linalg.solve(a, z_bar, transposed=not transposed, check_finite=False)
    return -_product(z, g) if transposed else -_product(g, z)


SOLVE = {"transposed": False, "check_finite": True}


SOLVER = register(
    Primitive(
        "scipy.linalg.solve", _solve, _solve_type, Call("scipy.linalg.solve"), ("a", "b", *SOLVE),
        defaults=SOLVE, keyword_only=tuple(SOLVE), raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _solve_a, "b": _solve_b}, {"a": _solve_a_bar, "b": _solve_b_bar}, dense=True,
        samples=((SQUARE, RIGHT, False, True), (SQUARE, WIDE, True, True)),
    ),
    linalg.solve,
)  # fmt: skip

SYMMETRIC = {"lower": False, "check_finite": True, "assume_a": None, "transposed": False}


def _solve_symmetric(
    a: Any, b: Any, lower: bool, check_finite: bool, assume_a: Any, transposed: bool
) -> Any:
    return linalg.solve(
        a, b, lower=lower, check_finite=check_finite, assume_a=assume_a, transposed=transposed
    )


def _symmetric_type(args: Sequence[Atom]) -> Type:
    for arg, name in zip(args[2:], SYMMETRIC, strict=True):
        infer.static(arg, name)
    if infer.static(args[4], "assume_a") not in KINDS:
        raise TypeRefusal("scipy.linalg.solve with such an `assume_a`", "give gen, sym or pos")
    return _solve_type([*args[:2], args[5], args[3]])


def _again_symmetric(a: Any, b: Any, lower: bool, assume_a: Any, transposed: bool) -> Any:
    return linalg.solve(
        a, b, lower=lower, check_finite=False, assume_a=assume_a, transposed=transposed
    )


def _read(x: Any, lower: bool, assume_a: Any) -> Any:
    """The matrix that is solved with: the triangle that is read, and its mirror image."""
    return read(x, "L" if lower else "U") if assume_a in ONE_TRIANGLE else x


def _symmetric_a(
    a: Any, b: Any, lower: bool, check_finite: bool, assume_a: Any, transposed: bool,
    *, z: Any, a_dot: Any,
) -> Any:  # fmt: skip
    moved = _read(a_dot, lower, assume_a)
    change = moved.T @ z if transposed else moved @ z
    return -_again_symmetric(a, change, lower, assume_a, transposed)


def _symmetric_b(
    a: Any, b: Any, lower: bool, check_finite: bool, assume_a: Any, transposed: bool,
    *, b_dot: Any,
) -> Any:  # fmt: skip
    return _again_symmetric(a, b_dot, lower, assume_a, transposed)


def _symmetric_b_bar(
    a: Any, b: Any, lower: bool, check_finite: bool, assume_a: Any, transposed: bool,
    *, z_bar: Any,
) -> Any:  # fmt: skip
    return _again_symmetric(a, z_bar, lower, assume_a, not transposed)


def _symmetric_a_bar(
    a: Any, b: Any, lower: bool, check_finite: bool, assume_a: Any, transposed: bool,
    *, z: Any, z_bar: Any,
) -> Any:  # fmt: skip
    g = _again_symmetric(a, z_bar, lower, assume_a, not transposed)
    whole = -_product(z, g) if transposed else -_product(g, z)
    return unread(whole, "L" if lower else "U") if assume_a in ONE_TRIANGLE else whole


ONE_TRIANGLE = ("sym", "symmetric", "her", "hermitian", "pos", "positive definite")
KINDS = (None, "gen", "general", *ONE_TRIANGLE)

widen(
    SOLVER,
    Primitive(
        "scipy.linalg.solve(assume_a)", _solve_symmetric, _symmetric_type,
        Call("scipy.linalg.solve"), ("a", "b", *SYMMETRIC), defaults=SYMMETRIC,
        keyword_only=tuple(SYMMETRIC), raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _symmetric_a, "b": _symmetric_b}, {"a": _symmetric_a_bar, "b": _symmetric_b_bar},
        dense=True, convention="of a symmetric matrix only the triangle that is read counts",
        samples=((POSITIVE, RIGHT, True, True, "pos", False),
                 (POSITIVE, WIDE, False, True, "sym", False),
                 (SQUARE, WIDE, False, True, "gen", True)),
    ),
)  # fmt: skip

TRIANGULAR = {"trans": 0, "lower": False, "unit_diagonal": False, "check_finite": True}


def _solve_triangular(
    a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool, check_finite: bool
) -> Any:
    return linalg.solve_triangular(
        a, b, trans=trans, lower=lower, unit_diagonal=unit_diagonal, check_finite=check_finite
    )


def _triangular_type(args: Sequence[Atom]) -> Type:
    who = "scipy.linalg.solve_triangular"
    for arg, name in zip(args[2:], TRIANGULAR, strict=True):
        infer.static(arg, name)
    if infer.static(args[2], "trans") not in (0, 1, "N", "T"):
        raise TypeRefusal(f"{who} with `trans` other than 0 or 1", "give 0 or 1")
    a, b = _one(args[0], who), _right_side(args[1], who)
    return Array(float_dtype(args[:2]), (a.dims[0], *b.dims[1:]))


def _triangle(x: Any, lower: bool, unit_diagonal: bool) -> Any:
    """The part of the matrix that is read."""
    if lower:
        return np.tril(x, -1) if unit_diagonal else np.tril(x)
    return np.triu(x, 1) if unit_diagonal else np.triu(x)


def _again(a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool) -> Any:
    """Solve once more; the numbers of a derivative are not checked."""
    return linalg.solve_triangular(
        a, b, trans=trans, lower=lower, unit_diagonal=unit_diagonal, check_finite=False
    )


def _triangular_a(
    a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool, check_finite: bool,
    *, z: Any, a_dot: Any,
) -> Any:  # fmt: skip
    moved = _triangle(a_dot, lower, unit_diagonal)
    change = moved.T @ z if trans in (1, "T") else moved @ z
    return -_again(a, change, trans, lower, unit_diagonal)


def _triangular_b(
    a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool, check_finite: bool,
    *, b_dot: Any,
) -> Any:  # fmt: skip
    return _again(a, b_dot, trans, lower, unit_diagonal)


def _triangular_b_bar(
    a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool, check_finite: bool,
    *, z_bar: Any,
) -> Any:  # fmt: skip
    return _again(a, z_bar, 0 if trans in (1, "T") else 1, lower, unit_diagonal)


def _triangular_a_bar(
    a: Any, b: Any, trans: Any, lower: bool, unit_diagonal: bool, check_finite: bool,
    *, z: Any, z_bar: Any,
) -> Any:  # fmt: skip
    g = _again(a, z_bar, 0 if trans in (1, "T") else 1, lower, unit_diagonal)
    product = _product(z, g) if trans in (1, "T") else _product(g, z)
    return -_triangle(product, lower, unit_diagonal)


register(
    Primitive(
        "scipy.linalg.solve_triangular", _solve_triangular, _triangular_type,
        Call("scipy.linalg.solve_triangular"), ("a", "b", *TRIANGULAR), defaults=TRIANGULAR,
        keyword_only=tuple(TRIANGULAR), raises=may_fail, noun="solution",
    ),
    Linear(
        {"a": _triangular_a, "b": _triangular_b},
        {"a": _triangular_a_bar, "b": _triangular_b_bar}, dense=True,
        convention="only the triangle that is read has a derivative",
        samples=(
            (SQUARE, RIGHT, 0, False, False, True),
            (SQUARE, WIDE, 0, True, False, True),
            (SQUARE, RIGHT, 1, True, False, True),
            (SQUARE, WIDE, "T", False, True, False),
        ),
    ),
    linalg.solve_triangular,
)  # fmt: skip


# -- inverse, determinant, Cholesky factor --------------------------------------------------------


FINITE = {"check_finite": True}


def same_type(args: Sequence[Atom]) -> Type:
    """A matrix like the one given."""
    for arg in args[1:]:
        infer.static(arg, "check_finite")
    return Array(float_dtype(args[:1]), _one(args[0], "scipy.linalg").dims)


def _inv(a: Any, check_finite: bool) -> Any:
    return linalg.inv(a, check_finite=check_finite)


def _inv_a(a: Any, check_finite: bool, *, z: Any, a_dot: Any) -> Any:
    return -(z @ a_dot @ z)


def _inv_a_bar(a: Any, check_finite: bool, *, z: Any, z_bar: Any) -> Any:
    return -(z.T @ z_bar @ z.T)


register(
    Primitive(
        "scipy.linalg.inv", _inv, same_type, Call("scipy.linalg.inv"), ("a", *FINITE),
        defaults=FINITE, keyword_only=tuple(FINITE), raises=may_fail, noun="inverse",
    ),
    Linear(
        {"a": _inv_a}, {"a": _inv_a_bar}, dense=True, samples=((SQUARE, True), (SQUARE, False))
    ),
    linalg.inv,
)  # fmt: skip


def _det(a: Any, check_finite: bool) -> Any:
    return linalg.det(a, check_finite=check_finite)


def _det_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "check_finite")
    _one(args[0], "scipy.linalg.det")
    return infer.of_dtype("f64", ())


def _det_a(a: Any, check_finite: bool, *, a_dot: Any) -> Any:
    return np.sum(COFACTORS(a) * a_dot)


def _det_a_bar(a: Any, check_finite: bool, *, z_bar: Any) -> Any:
    return z_bar * COFACTORS(a)


register(
    Primitive(
        "scipy.linalg.det", _det, _det_type, Call("scipy.linalg.det"), ("a", *FINITE),
        defaults=FINITE, keyword_only=tuple(FINITE), raises=may_fail, noun="determinant",
    ),
    Linear(
        {"a": _det_a}, {"a": _det_a_bar}, dense=True,
        convention="exact for singular matrices: the derivative is the cofactor matrix",
        samples=((SQUARE, True), (SINGULAR, False)),
    ),
    linalg.det,
)  # fmt: skip


def _cholesky(a: Any, lower: bool, check_finite: bool) -> Any:
    return linalg.cholesky(a, lower=lower, check_finite=check_finite)


def _cholesky_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "lower")
    return same_type([args[0], args[2]])


def _half(x: Any) -> Any:
    """The lower triangle, with half the diagonal."""
    return (np.tril(x) + np.tril(x, -1)) / 2


def cholesky_a(a: Any, lower: bool, *, z: Any, a_dot: Any) -> Any:
    """With a = l @ l.T: the change of a, as l sees it, is half in l and half in l.T."""
    factor = z if lower else z.T
    seen = _again(factor, read(a_dot, "L" if lower else "U"), 0, True, False)
    dot = factor @ _half(_again(factor, seen.T, 0, True, False))
    return dot if lower else dot.T


def cholesky_a_bar(a: Any, lower: bool, *, z: Any, z_bar: Any) -> Any:
    """The transpose of `cholesky_a`."""
    factor, bar = (z, z_bar) if lower else (z.T, z_bar.T)
    half = _again(factor, _half(factor.T @ bar).T, 1, True, False)
    return unread(_again(factor, half.T, 1, True, False), "L" if lower else "U")


CHOLESKY = {"lower": False, **FINITE}


def _checked_a(a: Any, lower: bool, check_finite: bool, *, z: Any, a_dot: Any) -> Any:
    return cholesky_a(a, lower, z=z, a_dot=a_dot)


def _checked_a_bar(a: Any, lower: bool, check_finite: bool, *, z: Any, z_bar: Any) -> Any:
    return cholesky_a_bar(a, lower, z=z, z_bar=z_bar)


register(
    Primitive(
        "scipy.linalg.cholesky", _cholesky, _cholesky_type, Call("scipy.linalg.cholesky"),
        ("a", *CHOLESKY), defaults=CHOLESKY, keyword_only=tuple(CHOLESKY), raises=may_fail,
        noun="factor",
    ),
    Linear(
        {"a": _checked_a}, {"a": _checked_a_bar}, dense=True,
        convention="only the triangle that is read has a derivative",
        samples=((POSITIVE, True, True), (POSITIVE, False, False)),
    ),
    linalg.cholesky,
)  # fmt: skip


for _name in ("eig", "eigvals", "schur", "sqrtm", "logm"):
    REFUSED[getattr(linalg, _name)] = (
        f"scipy.linalg.{_name} may give complex numbers, which are not supported",
        "use np.linalg.eigh for a symmetric matrix",
    )

"""Eigenvalues, singular values, norms and factors as `scipy.linalg` computes them.

Their last bits are those of other routines than NumPy's; the derivatives are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import linalg

from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import factorisations, infer, linear_systems, spectra
from ad_compiler.rules.matrices import (
    POSITIVE,
    SQUARE,
    TALL,
    float_dtype,
    matrix,
    shorter,
    square,
)
from ad_compiler.rules.registry import REFUSED, VARIANTS, Linear, compile_time, register
from ad_compiler.rules.shaping import may_fail


def one_matrix(arg: Atom, who: str, *, is_square: bool = False) -> Array:
    """The type of an operand that must be one matrix."""
    array = square(arg, who) if is_square else matrix(arg, who)
    if len(array.dims) != 2:
        raise TypeRefusal(f"{who} of a stack of matrices", "give one matrix, or loop over them")
    return array


@compile_time
def triangle(lower: bool) -> str:
    """Which triangle is read, as NumPy says it."""
    return "L" if lower else "U"


# -- symmetric matrices ---------------------------------------------------------------------------

FINITE = {"check_finite": True}
TURNED = POSITIVE + np.diag([1.0, 2.0, 3.0])
"""A matrix beside which the signs of eigenvectors do not change."""
EIGH = {"lower": True, "eigvals_only": False, **FINITE}
VALUES = {"lower": True, **FINITE}


def _eigh(a: Any, lower: bool, eigvals_only: bool, check_finite: bool) -> Any:
    return linalg.eigh(a, lower=lower, eigvals_only=eigvals_only, check_finite=check_finite)


def _eigh_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    for arg, name in zip(args[1:], EIGH, strict=True):
        infer.static(arg, name)
    array = one_matrix(args[0], "scipy.linalg.eigh", is_square=True)
    dtype = float_dtype(args[:1])
    return Array(dtype, array.dims[:-1]), Array(dtype, array.dims)


def _eigh_a(
    a: Any, lower: bool, eigvals_only: bool, check_finite: bool, *, w: Any, v: Any, a_dot: Any
) -> Any:
    return spectra.eigh_a(a, triangle(lower), w=w, v=v, a_dot=a_dot)


def _eigh_a_bar(
    a: Any, lower: bool, eigvals_only: bool, check_finite: bool,
    *, w: Any, v: Any, w_bar: Any, v_bar: Any,
) -> Any:  # fmt: skip
    return spectra.eigh_a_bar(a, triangle(lower), w=w, v=v, w_bar=w_bar, v_bar=v_bar)


FACTORS = register(
    Primitive(
        "scipy.linalg.eigh", _eigh, _eigh_type, Call("scipy.linalg.eigh"), ("a", *EIGH),
        defaults=EIGH, keyword_only=tuple(EIGH), raises=may_fail, results=("w", "v"),
    ),
    Linear(
        {"a": _eigh_a}, {"a": _eigh_a_bar}, dense=True, results=("w", "v"),
        convention=spectra.READ,
        samples=((POSITIVE[:2, :2], True, False, True), (TURNED, False, False, False)),
    ),
    linalg.eigh,
)  # fmt: skip


def _eigvalsh(a: Any, lower: bool, check_finite: bool) -> Any:
    return linalg.eigvalsh(a, lower=lower, check_finite=check_finite)


def _values_type(args: Sequence[Atom]) -> Type:
    for arg, name in zip(args[1:], VALUES, strict=True):
        infer.static(arg, name)
    array = one_matrix(args[0], "scipy.linalg.eigvalsh", is_square=True)
    return Array(float_dtype(args[:1]), array.dims[:-1])


def _eigvalsh_a(a: Any, lower: bool, check_finite: bool, *, a_dot: Any) -> Any:
    return spectra.eigvalsh_a(a, triangle(lower), a_dot=a_dot)


def _eigvalsh_a_bar(a: Any, lower: bool, check_finite: bool, *, z_bar: Any) -> Any:
    return spectra.eigvalsh_a_bar(a, triangle(lower), z_bar=z_bar)


EIGENVALUES = register(
    Primitive(
        "scipy.linalg.eigvalsh", _eigvalsh, _values_type, Call("scipy.linalg.eigvalsh"),
        ("a", *VALUES), defaults=VALUES, keyword_only=tuple(VALUES), raises=may_fail,
        noun="eigenvalues",
    ),
    Linear(
        {"a": _eigvalsh_a}, {"a": _eigvalsh_a_bar}, dense=True, convention=spectra.READ,
        samples=((POSITIVE, True, True), (SQUARE, False, True)),
    ),
    linalg.eigvalsh,
)  # fmt: skip


def _without_vectors(args: Sequence[Atom]) -> tuple[Primitive, tuple[Atom, ...]] | None:
    """`scipy.linalg.eigh(a, eigvals_only=True)` is `scipy.linalg.eigvalsh(a)`."""
    a, lower, only, check = args
    return (EIGENVALUES, (a, lower, check)) if only == const(True) else None


VARIANTS[FACTORS] = _without_vectors

# -- singular values ------------------------------------------------------------------------------

SVD = {"full_matrices": True, "compute_uv": True, **FINITE}


def _svd(a: Any, full_matrices: bool, compute_uv: bool, check_finite: bool) -> Any:
    return linalg.svd(a, full_matrices, compute_uv, check_finite=check_finite)


def _svd_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    one_matrix(args[0], "scipy.linalg.svd")
    infer.static(args[3], "check_finite")
    return spectra.svd_type([*args[:3], const(False)])


def _svd_a(
    a: Any, full: bool, vectors: bool, check_finite: bool, *, u: Any, s: Any, vh: Any, a_dot: Any
) -> Any:
    return spectra.svd_a(a, full, vectors, False, u=u, s=s, vh=vh, a_dot=a_dot)


def _svd_a_bar(
    a: Any, full: bool, vectors: bool, check_finite: bool,
    *, u: Any, s: Any, vh: Any, u_bar: Any, s_bar: Any, vh_bar: Any,
) -> Any:  # fmt: skip
    return spectra.svd_a_bar(
        a, full, vectors, False, u=u, s=s, vh=vh, u_bar=u_bar, s_bar=s_bar, vh_bar=vh_bar
    )


PARTS = register(
    Primitive(
        "scipy.linalg.svd", _svd, _svd_type, Call("scipy.linalg.svd"), ("a", *SVD),
        defaults=SVD, keyword_only=("check_finite",), raises=may_fail, results=("U", "s", "Vh"),
    ),
    Linear(
        {"a": _svd_a}, {"a": _svd_a_bar}, dense=True, results=("u", "s", "vh"),
        convention=spectra.ALIKE,
        samples=(
            (SQUARE, False, True, True), (TALL, False, True, True), (SQUARE, True, True, False)
        ),
    ),
    linalg.svd,
)  # fmt: skip


def _svdvals(a: Any, check_finite: bool) -> Any:
    return linalg.svdvals(a, check_finite=check_finite)


def _svdvals_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "check_finite")
    rows, columns = one_matrix(args[0], "scipy.linalg.svdvals").dims
    return Array(float_dtype(args[:1]), (shorter(rows, columns),))


def _svdvals_a(a: Any, check_finite: bool, *, a_dot: Any) -> Any:
    return spectra.svdvals_a(a, a_dot=a_dot)


def _svdvals_a_bar(a: Any, check_finite: bool, *, z_bar: Any) -> Any:
    return spectra.svdvals_a_bar(a, z_bar=z_bar)


SINGULAR_VALUES = register(
    Primitive(
        "scipy.linalg.svdvals", _svdvals, _svdvals_type, Call("scipy.linalg.svdvals"),
        ("a", *FINITE), defaults=FINITE, keyword_only=tuple(FINITE), raises=may_fail,
        noun="singular_values",
    ),
    Linear(
        {"a": _svdvals_a}, {"a": _svdvals_a_bar}, dense=True,
        samples=((SQUARE, True), (TALL, False)),
    ),
    linalg.svdvals,
)  # fmt: skip


def _only_values(args: Sequence[Atom]) -> tuple[Primitive, tuple[Atom, ...]] | None:
    """`scipy.linalg.svd(a, compute_uv=False)` is `scipy.linalg.svdvals(a)`."""
    a, _, vectors, check = args
    return (SINGULAR_VALUES, (a, check)) if vectors == const(False) else None


VARIANTS[PARTS] = _only_values

# -- pseudo-inverse, QR ---------------------------------------------------------------------------


def _pinv_type(args: Sequence[Atom]) -> Type:
    rows, columns = one_matrix(args[0], "scipy.linalg.pinv").dims
    return Array(float_dtype(args[:1]), (columns, rows))


def _pinv_a(a: Any, *, z: Any, a_dot: Any) -> Any:
    return linear_systems.pinv_a(a, None, False, z=z, a_dot=a_dot)


def _pinv_a_bar(a: Any, *, z: Any, z_bar: Any) -> Any:
    return linear_systems.pinv_a_bar(a, None, False, z=z, z_bar=z_bar)


register(
    Primitive(
        "scipy.linalg.pinv", linalg.pinv, _pinv_type, Call("scipy.linalg.pinv"), ("a",),
        raises=may_fail, noun="inverse",
    ),
    Linear(
        {"a": _pinv_a}, {"a": _pinv_a_bar}, dense=True,
        convention="that of matrices of the same rank", samples=((SQUARE,), (TALL,), (TALL.T,)),
    ),
    linalg.pinv,
)  # fmt: skip

REFUSED[linalg.norm] = (
    "scipy.linalg.norm gives a float of Python or of NumPy, by what it is given",
    "use np.linalg.norm",
)


def _qr(a: Any, mode: str, check_finite: bool) -> Any:
    return linalg.qr(a, mode=mode, check_finite=check_finite)


def _qr_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    infer.static(args[2], "check_finite")
    rows, columns = one_matrix(args[0], "scipy.linalg.qr").dims
    if infer.static(args[1], "mode") != "economic" and rows != columns:
        raise TypeRefusal(
            "scipy.linalg.qr with another mode than 'economic'", "pass mode='economic'"
        )
    dtype, inner = float_dtype(args[:1]), shorter(rows, columns)
    return Array(dtype, (rows, inner)), Array(dtype, (inner, columns))


def _qr_a(a: Any, mode: str, check_finite: bool, *, q: Any, r: Any, a_dot: Any) -> Any:
    return factorisations.qr_a(a, "reduced", q=q, r=r, a_dot=a_dot)


def _qr_a_bar(
    a: Any, mode: str, check_finite: bool, *, q: Any, r: Any, q_bar: Any, r_bar: Any
) -> Any:
    return factorisations.qr_a_bar(a, "reduced", q=q, r=r, q_bar=q_bar, r_bar=r_bar)


QR = {"mode": "full", **FINITE}
register(
    Primitive(
        "scipy.linalg.qr", _qr, _qr_type, Call("scipy.linalg.qr"), ("a", *QR), defaults=QR,
        keyword_only=tuple(QR), raises=may_fail, results=("Q", "R"),
    ),
    Linear(
        {"a": _qr_a}, {"a": _qr_a_bar}, dense=True, results=("q", "r"),
        convention="nan where the first columns are linearly dependent",
        samples=(
            (TALL, "economic", True), (SQUARE, "economic", False), (TALL.T, "economic", True)
        ),
    ),
    linalg.qr,
)  # fmt: skip

for _name in ("ldl",):
    REFUSED[getattr(linalg, _name)] = (
        f"scipy.linalg.{_name} has no rule",
        "use scipy.linalg.solve or cho_factor, or np.linalg.solve, qr, svd, det or slogdet",
    )

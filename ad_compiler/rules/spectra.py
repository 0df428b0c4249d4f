"""Eigenvalues of symmetric matrices, and singular values, with their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, const
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.matrices import (
    POSITIVE,
    POSITIVE_STACK,
    SQUARE,
    STACK,
    TALL,
    TALL_STACK,
    float_dtype,
    matrix,
    read,
    scaled,
    shorter,
    square,
    transposed,
    unread,
)
from ad_compiler.rules.registry import PRIMITIVES, REFUSED, VARIANTS, Linear, of_types, register
from ad_compiler.rules.shaping import may_fail

QUIET_DIV = PRIMITIVES["quiet_div"]


def _gaps_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "inverse_gaps")
    return Array(array.dtype, (*array.dims, array.dims[-1]))


def _gaps_w(w: Any, *, z: Any, w_dot: Any) -> Any:
    return z * z * (np.expand_dims(w_dot, -1) - np.expand_dims(w_dot, -2))


INVERSE_GAPS = register(
    Primitive(
        "inverse_gaps", helper("inverse_gaps"), _gaps_type, Call("inverse_gaps"), ("w",),
        noun="gaps",
    ),
    Linear({"w": _gaps_w}, samples=((np.array([1.0, 2.5, 0.5]),), (TALL,))),
)  # fmt: skip


# -- eigh -----------------------------------------------------------------------------------------

EIGH = ("eigenvalues", "eigenvectors")
READ = (
    "only the triangle that is read has a derivative; eigenvalues that are equal have one in "
    "functions that treat them alike, their eigenvectors have none: nan"
)


def _values_type(args: Sequence[Atom]) -> Array:
    infer.static(args[1], "UPLO")
    array = square(args[0], "np.linalg.eigh")
    return Array(float_dtype(args[:1]), array.dims[:-1])


def _eigh_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    values = _values_type(args)
    return values, Array(values.dtype, square(args[0], "np.linalg.eigh").dims)


def eigh_a(a: Any, UPLO: str, *, w: Any, v: Any, a_dot: Any) -> Any:  # noqa: N803
    """Eigenvectors turn each other, by how far their eigenvalues are apart."""
    change = read(a_dot, UPLO) @ v
    return np.sum(v * change, axis=-2), v @ (INVERSE_GAPS(w) * (transposed(v) @ change))


def eigh_a_bar(a: Any, UPLO: str, *, w: Any, v: Any, w_bar: Any, v_bar: Any) -> Any:  # noqa: N803
    """The transpose of `eigh_a`."""
    if v_bar is None:
        return unread(scaled(v, w_bar) @ transposed(v), UPLO)
    turned = v @ (INVERSE_GAPS(w) * (transposed(v) @ v_bar))
    inner = turned if w_bar is None else turned + scaled(v, w_bar)
    return unread(inner @ transposed(v), UPLO)


register(
    Primitive(
        "np.linalg.eigh", np.linalg.eigh, _eigh_type, Call("np.linalg.eigh"), ("a", "UPLO"),
        defaults={"UPLO": "L"}, raises=may_fail, results=EIGH,
    ),
    Linear(
        {"a": eigh_a}, {"a": eigh_a_bar}, dense=True, results=("w", "v"), convention=READ,
        samples=((POSITIVE, "L"), (SQUARE, "U"), (POSITIVE_STACK, "L")),
    ),
    np.linalg.eigh,
)  # fmt: skip


def eigvalsh_a(a: Any, UPLO: Any, *, a_dot: Any) -> Any:  # noqa: N803
    """The change as each eigenvector sees it."""
    _, v = np.linalg.eigh(a, UPLO)
    return np.sum(v * (read(a_dot, UPLO) @ v), axis=-2)


def eigvalsh_a_bar(a: Any, UPLO: Any, *, z_bar: Any) -> Any:  # noqa: N803
    """The transpose of `eigvalsh_a`."""
    _, v = np.linalg.eigh(a, UPLO)
    return unread(scaled(v, z_bar) @ transposed(v), UPLO)


register(
    Primitive(
        "np.linalg.eigvalsh", np.linalg.eigvalsh, _values_type, Call("np.linalg.eigvalsh"),
        ("a", "UPLO"), defaults={"UPLO": "L"}, raises=may_fail, noun="eigenvalues",
    ),
    Linear(
        {"a": eigvalsh_a}, {"a": eigvalsh_a_bar}, dense=True, convention=READ,
        samples=((POSITIVE, "L"), (SQUARE, "U"), (POSITIVE_STACK, "L")),
    ),
    np.linalg.eigvalsh,
)  # fmt: skip

for _function in (np.linalg.eig, np.linalg.eigvals):
    REFUSED[_function] = (
        f"np.linalg.{_function.__name__} gives complex numbers, which are not supported",
        "use np.linalg.eigh or np.linalg.eigvalsh for a symmetric matrix",
    )


# -- svd ------------------------------------------------------------------------------------------

SVD = ("U", "S", "Vh")
ALIKE = (
    "of all singular vectors, only those of square matrices have a derivative; singular values "
    "that are equal have one in functions that treat them alike, their vectors have none: nan"
)


def _wide_type(args: Sequence[Atom]) -> Type:
    x, like = matrix(args[0], "as_wide"), infer.array(args[1], "as_wide")
    return Array(x.dtype, (*x.dims[:-1], like.dims[-1]))


def _wide_x(x: Any, like: Any, *, x_dot: Any) -> Any:
    return AS_WIDE(x_dot, like)


def _wide_bar(x: Any, like: Any, *, z_bar: Any) -> Any:
    return AS_WIDE(z_bar, x)


AS_WIDE = register(
    Primitive(
        "as_wide", helper("as_wide"), _wide_type, Call("as_wide"), ("x", "like"), fresh=False
    ),
    Linear({"x": _wide_x}, {"x": _wide_bar}, inert=("like",), samples=((SQUARE, SQUARE),)),
)


@of_types
def is_square(a: Type) -> bool:
    """Whether a matrix is certainly square."""
    *_, rows, columns = dims_of(a)
    return rows == columns


def svd_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    """The types of u, s and vh."""
    full = infer.static(args[1], "full_matrices")
    if infer.static(args[3], "hermitian"):
        raise TypeRefusal("np.linalg.svd with `hermitian`", "leave it out, or use np.linalg.eigh")
    *outer, rows, columns = matrix(args[0], "np.linalg.svd").dims
    dtype, inner = float_dtype(args[:1]), shorter(rows, columns)
    left, right = (rows, columns) if full else (inner, inner)
    return (
        Array(dtype, (*outer, rows, left)),
        Array(dtype, (*outer, inner)),
        Array(dtype, (*outer, right, columns)),
    )


def _sums(s: Any) -> Any:
    """`s[i] + s[j]` in row i, column j."""
    return np.expand_dims(s, -1) + np.expand_dims(s, -2)


def svd_a(
    a: Any, full: bool, vectors: bool, hermitian: bool, *, u: Any, s: Any, vh: Any, a_dot: Any
) -> Any:
    """The symmetric part of the change turns u and v alike, the skew part against each other.

    If there are all vectors, the matrix must be square: others turn as they like.
    """
    v = transposed(vh)
    whole_u, whole_v = u, v
    if full and not is_square(a):
        u, v = AS_WIDE(u, s), AS_WIDE(v, s)
    change = a_dot @ v
    inner = transposed(u) @ change
    alike = INVERSE_GAPS(s) * (inner + transposed(inner)) / 2
    against = QUIET_DIV(inner - transposed(inner), 2 * _sums(s))
    u_dot, v_dot = u @ (alike + against), v @ (alike - against)
    if not (full or is_square(a)):  # what u and v do not span
        outside = transposed(a_dot) @ u - v @ transposed(inner)
        u_dot = u_dot + QUIET_DIV(change - u @ inner, np.expand_dims(s, -2))
        v_dot = v_dot + QUIET_DIV(outside, np.expand_dims(s, -2))
    if full and not is_square(a):
        u_dot, v_dot = AS_WIDE(u_dot, whole_u), AS_WIDE(v_dot, whole_v)
        return u_dot, svdvals_a(a, a_dot=a_dot), transposed(v_dot)
    return u_dot, np.sum(u * change, axis=-2), transposed(v_dot)


def svd_a_bar(
    a: Any, full: bool, vectors: bool, hermitian: bool,
    *, u: Any, s: Any, vh: Any, u_bar: Any, s_bar: Any, vh_bar: Any,
) -> Any:  # fmt: skip
    """The transpose of `svd_a`."""
    if full and not is_square(a):
        if u_bar is None and vh_bar is None:
            return svdvals_a_bar(a, z_bar=s_bar)
        u, vh = AS_WIDE(u, s), transposed(AS_WIDE(transposed(vh), s))
        u_bar = None if u_bar is None else AS_WIDE(u_bar, s)
        vh_bar = None if vh_bar is None else transposed(AS_WIDE(transposed(vh_bar), s))
    total = None if s_bar is None else scaled(u, s_bar) @ vh
    if u_bar is not None:
        own = transposed(u) @ u_bar
        part = u @ _turned(s, own, own) @ vh
        if not (full or is_square(a)):
            part = part + QUIET_DIV(u_bar - u @ own, np.expand_dims(s, -2)) @ vh
        total = part if total is None else total + part
    if vh_bar is not None:
        own = vh @ transposed(vh_bar)
        part = u @ _turned(s, own, -own) @ vh
        if not (full or is_square(a)):
            outside = vh_bar - transposed(own) @ vh
            part = part + u @ QUIET_DIV(outside, np.expand_dims(s, -1))
        total = part if total is None else total + part
    return total


def _turned(s: Any, alike: Any, against: Any) -> Any:
    """What the singular vectors that turn alike, and against each other, say of the change."""
    gaps = INVERSE_GAPS(s) * alike
    return (gaps + transposed(gaps)) / 2 + QUIET_DIV(against - transposed(against), 2 * _sums(s))


SVD_OPTIONS = {"full_matrices": True, "compute_uv": True, "hermitian": False}
FACTORS = register(
    Primitive(
        "np.linalg.svd", np.linalg.svd, svd_type, Call("np.linalg.svd"), ("a", *SVD_OPTIONS),
        defaults=SVD_OPTIONS, keyword_only=tuple(SVD_OPTIONS), raises=may_fail, results=SVD,
    ),
    Linear(
        {"a": svd_a}, {"a": svd_a_bar}, dense=True, results=("u", "s", "vh"),
        convention=ALIKE,
        samples=(
            (SQUARE, False, True, False), (TALL, False, True, False), (TALL.T, False, True, False),
            (TALL_STACK, False, True, False), (SQUARE, True, True, False),
        ),
    ),
    np.linalg.svd,
)  # fmt: skip


def _svdvals_type(args: Sequence[Atom]) -> Type:
    *outer, rows, columns = matrix(args[0], "np.linalg.svdvals").dims
    return Array(float_dtype(args), (*outer, shorter(rows, columns)))


def svdvals_a(a: Any, *, a_dot: Any) -> Any:
    """The change as each pair of singular vectors sees it."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return np.sum(u * (a_dot @ transposed(vh)), axis=-2)


def svdvals_a_bar(a: Any, *, z_bar: Any) -> Any:
    """The transpose of `svdvals_a`."""
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return scaled(u, z_bar) @ vh


VALUES = register(
    Primitive(
        "np.linalg.svdvals", np.linalg.svdvals, _svdvals_type, Call("np.linalg.svdvals"), ("a",),
        raises=may_fail, noun="singular_values",
    ),
    Linear(
        {"a": svdvals_a}, {"a": svdvals_a_bar}, dense=True,
        samples=((SQUARE,), (TALL,), (TALL.T,), (STACK,)),
    ),
    np.linalg.svdvals,
)  # fmt: skip


def _without_vectors(args: Sequence[Atom]) -> tuple[Primitive, tuple[Atom, ...]] | None:
    """`np.linalg.svd(a, compute_uv=False)` is `np.linalg.svdvals(a)`."""
    vectors, hermitian = args[2], args[3]
    if vectors == const(False) and hermitian == const(False):
        return VALUES, tuple(args[:1])
    return None


VARIANTS[FACTORS] = _without_vectors

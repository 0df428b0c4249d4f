"""Factorisations: cholesky, qr, and the spectral ones, eigh and svd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type
from ad_compiler.rules import infer
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.matrices import (
    POSITIVE,
    POSITIVE_STACK,
    SQUARE,
    TALL,
    TALL_STACK,
    float_dtype,
    matrix,
    read,
    shorter,
    square,
    transposed,
    unread,
)
from ad_compiler.rules.registry import Linear, register
from ad_compiler.rules.shaping import may_fail

# -- cholesky -------------------------------------------------------------------------------------


def _cholesky(a: Any, upper: bool) -> Any:
    return np.linalg.cholesky(a, upper=upper)


def _cholesky_type(args: Sequence[Atom]) -> Type:
    infer.static(args[1], "upper")
    return Array(float_dtype(args[:1]), square(args[0], "np.linalg.cholesky").dims)


def _half(x: Any) -> Any:
    """The lower triangle, with half the diagonal."""
    return (np.tril(x) + np.tril(x, -1)) / 2


def _cholesky_a(a: Any, upper: bool, *, z: Any, a_dot: Any) -> Any:
    """With a = l @ l.T: the change of a, as l sees it, is half in l and half in l.T."""
    lower = transposed(z) if upper else z
    change = np.linalg.solve(lower, read(a_dot, "U" if upper else "L"))
    dot = lower @ _half(np.linalg.solve(lower, transposed(change)))
    return transposed(dot) if upper else dot


def _cholesky_a_bar(a: Any, upper: bool, *, z: Any, z_bar: Any) -> Any:
    lower, bar = (transposed(z), transposed(z_bar)) if upper else (z, z_bar)
    half = np.linalg.solve(transposed(lower), transposed(_half(transposed(lower) @ bar)))
    both = np.linalg.solve(transposed(lower), transposed(half))
    return unread(both, "U" if upper else "L")


register(
    Primitive(
        "np.linalg.cholesky", _cholesky, _cholesky_type, Call("np.linalg.cholesky"),
        ("a", "upper"), defaults={"upper": False}, keyword_only=("upper",), raises=may_fail,
        noun="factor",
    ),
    Linear(
        {"a": _cholesky_a}, {"a": _cholesky_a_bar}, dense=True,
        convention="only the triangle that NumPy reads has a derivative: the lower one, or the "
        "upper one with `upper`",
        samples=((POSITIVE, False), (POSITIVE, True), (POSITIVE_STACK, False)),
    ),
    np.linalg.cholesky,
)  # fmt: skip


# -- qr -------------------------------------------------------------------------------------------

QR = ("Q", "R")


def _qr_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    if infer.static(args[1], "mode") != "reduced":
        raise TypeRefusal("np.linalg.qr with another mode than 'reduced'", "leave `mode` out")
    array = matrix(args[0], "np.linalg.qr")
    *outer, rows, columns = array.dims
    dtype, inner = float_dtype(args[:1]), shorter(rows, columns)
    return Array(dtype, (*outer, rows, inner)), Array(dtype, (*outer, inner, columns))


def _leading_type(args: Sequence[Atom]) -> Type:
    array = matrix(args[0], "leading")
    return Array(array.dtype, (*array.dims[:-1], array.dims[-2]))


def _leading_r(r: Any, *, r_dot: Any) -> Any:
    return r_dot[..., : r.shape[-2]]


def _leading_r_bar(r: Any, *, z_bar: Any) -> Any:
    return np.concatenate([z_bar, np.zeros_like(r)[..., r.shape[-2] :]], axis=-1)


LEADING = register(
    Primitive("leading", helper("leading"), _leading_type, Call("leading"), ("r",)),
    Linear(
        {"r": _leading_r}, {"r": _leading_r_bar}, dense=True,
        samples=((SQUARE,), (TALL.T,), (np.swapaxes(TALL_STACK, 1, 2),)),
    ),
)  # fmt: skip


def qr_a(a: Any, mode: str, *, q: Any, r: Any, a_dot: Any) -> Any:
    """The first columns of a make q; what turns q is skew, the rest of the change is in r."""
    k = q.shape[-1]
    moved = transposed(a_dot[..., :k])
    change = transposed(np.linalg.solve(transposed(LEADING(r)), moved))
    inner = np.tril(transposed(q) @ change, -1)
    turn = inner - transposed(inner)
    q_dot = change + q @ (turn - transposed(q) @ change)
    return q_dot, transposed(q) @ a_dot - turn @ r


def qr_a_bar(a: Any, mode: str, *, q: Any, r: Any, q_bar: Any, r_bar: Any) -> Any:
    """The transpose of `qr_a`: what is skew turns q."""
    k = q.shape[-1]
    if q_bar is None:
        turn = -(r_bar @ transposed(r))
        change = q @ np.tril(turn - transposed(turn), -1)
    else:
        own = transposed(q) @ q_bar
        turn = own if r_bar is None else own - r_bar @ transposed(r)
        change = q_bar + q @ (np.tril(turn - transposed(turn), -1) - own)
    first = transposed(np.linalg.solve(LEADING(r), transposed(change)))
    rest = np.zeros_like(a)[..., k:]
    whole = np.concatenate([first, rest], axis=-1)
    return whole if r_bar is None else whole + q @ r_bar


register(
    Primitive(
        "np.linalg.qr", np.linalg.qr, _qr_type, Call("np.linalg.qr"), ("a", "mode"),
        defaults={"mode": "reduced"}, raises=may_fail, results=QR,
    ),
    Linear(
        {"a": qr_a}, {"a": qr_a_bar}, dense=True, results=("q", "r"),
        convention="nan where the first columns are linearly dependent",
        samples=((TALL, "reduced"), (SQUARE, "reduced"), (TALL.T, "reduced"),
                 (TALL_STACK, "reduced")),
    ),
    np.linalg.qr,
)  # fmt: skip

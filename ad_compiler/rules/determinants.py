"""Determinants, their logarithms, and powers of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import Array, Type, broadcast, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.matrices import (
    SINGULAR,
    SQUARE,
    STACK,
    float_dtype,
    matrix,
    transposed,
)
from ad_compiler.rules.registry import Linear, Refusal, compile_time, register
from ad_compiler.rules.shaping import may_fail


def _scalars(args: Sequence[Atom]) -> Type:
    return infer.of_dtype(float_dtype(args), matrix(args[0], "np.linalg.det").dims[:-2])


def _each(x: Any, rank: int) -> Any:
    """A number for each matrix, ready to meet the matrices."""
    return x if rank == 2 else np.expand_dims(x, (-2, -1))


def _total(x: Any) -> Any:
    """The sum of each matrix."""
    return np.sum(x) if x.ndim == 2 else np.sum(x, axis=(-2, -1))


# -- det ------------------------------------------------------------------------------------------


def _cofactors_type(args: Sequence[Atom]) -> Type:
    return Array(float_dtype(args), broadcast(*map(dims_of, infer.types_of(args))))


def _cofactors_a(a: Any, *, a_dot: Any) -> Any:
    return COFACTORS_DOT(a, a_dot)


def _cofactors_a_bar(a: Any, *, z_bar: Any) -> Any:
    return COFACTORS_DOT(a, z_bar)


def _cofactors_dot(a: Any, a_dot: Any, *, a_dot_dot: Any) -> Any:
    return COFACTORS_DOT(a, a_dot_dot)


def _cofactors_dot_bar(a: Any, a_dot: Any, *, z_bar: Any) -> Any:
    return COFACTORS_DOT(a, z_bar)


COFACTORS = register(
    Primitive("cofactors", helper("cofactors"), _cofactors_type, Call("cofactors"), ("a",)),
    Linear(
        {"a": _cofactors_a}, {"a": _cofactors_a_bar}, dense=True,
        samples=((SQUARE,), (SINGULAR,), (STACK,)),
    ),
)  # fmt: skip
COFACTORS_DOT = register(
    Primitive(
        "cofactors_dot", helper("cofactors_dot"), _cofactors_type, Call("cofactors_dot"),
        ("a", "a_dot"),
    ),
    Linear(
        {"a_dot": _cofactors_dot}, {"a_dot": _cofactors_dot_bar}, dense=True,
        refuses={
            "a": Refusal(
                "a third derivative of np.linalg.det is not known",
                "use np.linalg.slogdet, or write the determinant out",
            )
        },
        samples=((SQUARE, STACK[1]), (SINGULAR, SQUARE), (STACK, STACK[::-1].copy())),
    ),
)  # fmt: skip


def _det_a(a: Any, *, a_dot: Any) -> Any:
    return _total(COFACTORS(a) * a_dot)


def _det_a_bar(a: Any, *, z_bar: Any) -> Any:
    return _each(z_bar, a.ndim) * COFACTORS(a)


register(
    Primitive(
        "np.linalg.det", np.linalg.det, _scalars, Call("np.linalg.det"), ("a",), raises=may_fail,
        noun="determinant",
    ),
    Linear(
        {"a": _det_a}, {"a": _det_a_bar}, dense=True,
        convention="exact for singular matrices: the derivative is the cofactor matrix",
        samples=((SQUARE,), (SINGULAR,), (STACK,)),
    ),
    np.linalg.det,
)  # fmt: skip


# -- slogdet --------------------------------------------------------------------------------------

SLOGDET = ("sign", "logabsdet")


def _slogdet_type(args: Sequence[Atom]) -> tuple[Type, Type]:
    return _scalars(args), _scalars(args)


def _inverse(a: Any, sign: Any) -> Any:
    """The inverse; nan where a is singular, for which `inv` would raise."""
    return np.linalg.inv(np.where(_each(sign, a.ndim) == 0, np.nan, a))


def _slogdet_a(a: Any, *, sign: Any, a_dot: Any) -> Any:
    return None, _total(transposed(_inverse(a, sign)) * a_dot)


def _slogdet_a_bar(a: Any, *, sign: Any, logabsdet_bar: Any) -> Any:
    if logabsdet_bar is None:
        return None
    return _each(logabsdet_bar, a.ndim) * transposed(_inverse(a, sign))


register(
    Primitive(
        "np.linalg.slogdet", np.linalg.slogdet, _slogdet_type, Call("np.linalg.slogdet"), ("a",),
        raises=may_fail, results=SLOGDET,
    ),
    Linear(
        {"a": _slogdet_a}, {"a": _slogdet_a_bar}, dense=True, results=SLOGDET,
        convention="nan where the matrix is singular", samples=((SQUARE,), (STACK,)),
    ),
    np.linalg.slogdet,
)  # fmt: skip


# -- powers ---------------------------------------------------------------------------------------


def _power_type(args: Sequence[Atom]) -> Type:
    n = infer.static(args[1], "n")
    array = matrix(args[0], "np.linalg.matrix_power")
    return array if n >= 0 else Array(float_dtype(args[:1]), array.dims)


@compile_time
def bits_after_first(n: int) -> str:
    """The binary digits of |n| without the first: how to get to the power by squaring."""
    return f"{abs(n):b}"[1:]


def _power_a(a: Any, n: int, *, a_dot: Any) -> Any:
    """Squared and multiplied along the binary digits; a negative power is one of the inverse."""
    if n == 0:
        return None
    power, dot = a, a_dot
    if n < 0:
        power = np.linalg.inv(a)
        dot = -(power @ a_dot @ power)
    one, one_dot = power, dot
    for bit in bits_after_first(n):
        dot = dot @ power + power @ dot
        power = power @ power
        if bit == "1":
            dot = dot @ one + power @ one_dot
            power = power @ one
    return dot


register(
    Primitive(
        "np.linalg.matrix_power", np.linalg.matrix_power, _power_type,
        Call("np.linalg.matrix_power"), ("a", "n"), raises=may_fail, noun="power", fresh=False,
    ),
    Linear(
        {"a": _power_a},
        samples=((SQUARE, 3), (SQUARE, 1), (SQUARE, -2), (STACK, 2)),
    ),
    np.linalg.matrix_power,
)  # fmt: skip

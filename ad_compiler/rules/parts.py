"""Numbers taken apart: whole and fractional parts, mantissas, neighbours, phases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, TypeRefusal
from ad_compiler.ir.types import FLOAT_DTYPES, PY, Array, Float, Int, Type, dims_of, dtype_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.forms import flat, kink
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.registry import Partials, means, register
from ad_compiler.rules.structures import structural

SAMPLES = ((VECTOR / 4 + 0.05,), (MATRIX - 2.3,), (np.float64(-1.75),))

flat("fix(x)", objects=(np.fix,), infer=infer.elementwise(np.trunc), noun="whole")
flat("spacing(x)", objects=(np.spacing,), noun="gap")
kink("nextafter(x, y)", "1", None, at="as x itself", objects=(np.nextafter,), noun="neighbour")

# -- two results ----------------------------------------------------------------------------------


def _two(ufunc: np.ufunc) -> Any:
    """The type rule of a ufunc with two results."""

    def rule(args: Sequence[Atom]) -> tuple[Type, ...]:
        (type_,) = infer.numeric(args)
        kind = infer.kind_of(type_)
        sample = kind(1) if isinstance(kind, type) else np.ones((), kind)[()]
        return tuple(
            infer.of_dtype(infer.our_dtype(part.dtype), dims_of(type_)) for part in ufunc(sample)
        )

    return rule


def _fraction_x(x: Any, *, x_dot: Any) -> Any:
    return x_dot, None


def _fraction_bar(x: Any, *, fraction_bar: Any) -> Any:
    return fraction_bar


def _mantissa_x(x: Any, *, exponent: Any, x_dot: Any) -> Any:
    return np.ldexp(x_dot, -exponent), None


def _mantissa_bar(x: Any, *, exponent: Any, mantissa_bar: Any) -> Any:
    return None if mantissa_bar is None else np.ldexp(mantissa_bar, -exponent)


PARTS, BITS = ("fraction", "whole"), ("mantissa", "exponent")
MODF = structural(
    np.modf, ("x",), _two(np.modf), {"x": _fraction_bar}, {"x": _fraction_x}, results=PARTS,
    means=(), samples=SAMPLES, convention="the whole part is taken as constant",
)  # fmt: skip
FREXP = structural(
    np.frexp, ("x",), _two(np.frexp), {"x": _mantissa_bar}, {"x": _mantissa_x}, results=BITS,
    means=(), samples=SAMPLES, convention="the exponent is taken as constant",
)  # fmt: skip


@means(np.modf, samples=SAMPLES)
def _modf(x: Any, /) -> Any:
    return tuple(MODF(x))


@means(np.frexp, samples=SAMPLES)
def _frexp(x: Any, /) -> Any:
    return tuple(FREXP(x))


def _pair(second: Float | Int, who: str) -> Any:
    def rule(args: Sequence[Atom]) -> tuple[Type, ...]:
        infer.numbers(args, who, "use NumPy's function of arrays")
        return Float(PY), second

    return rule


def _scale(exponent: int) -> float:
    """What a mantissa is a number times of; the powers of subnormal numbers would overflow."""
    return math.inf if exponent < -1022 else 0.5**exponent


def _small_mantissa_x(x: Any, *, exponent: Any, x_dot: Any) -> Any:
    return x_dot * _scale(exponent), None


def _small_mantissa_bar(x: Any, *, exponent: Any, mantissa_bar: Any) -> Any:
    return None if mantissa_bar is None else mantissa_bar * _scale(exponent)


SMALL_MODF = structural(
    math.modf, ("x",), _pair(Float(PY), "math.modf"), {"x": _fraction_bar}, {"x": _fraction_x},
    path="math.modf", results=PARTS, means=(), samples=((1.75,), (-0.3,)),
    convention="the whole part is taken as constant",
)  # fmt: skip
SMALL_FREXP = structural(
    math.frexp, ("x",), _pair(Int(PY), "math.frexp"), {"x": _small_mantissa_bar},
    {"x": _small_mantissa_x}, path="math.frexp", results=BITS, means=(),
    samples=((1.75,), (-0.3,)), convention="the exponent is taken as constant",
)  # fmt: skip


@means(math.modf, samples=((1.75,), (-0.3,)))
def _math_modf(x: Any, /) -> Any:
    return tuple(SMALL_MODF(x))


@means(math.frexp, samples=((1.75,), (-0.3,)))
def _math_frexp(x: Any, /) -> Any:
    return tuple(SMALL_FREXP(x))


@means(np.divmod, samples=((VECTOR + 0.1, 0.75), (MATRIX + 0.3, VECTOR + 0.17)))
def _divmod(x1: Any, x2: Any, /) -> Any:
    return np.floor_divide(x1, x2), np.mod(x1, x2)


@means(divmod, samples=((5.5, 2.0), (VECTOR + 0.1, 0.75), (-1.25, VECTOR)))
def _divided(x: Any, y: Any, /) -> Any:
    return x // y, x % y


# -- powers of two --------------------------------------------------------------------------------


def _ldexp_bar(x: Any, i: Any, *, z_bar: Any) -> Any:
    return UNBROADCAST(np.ldexp(z_bar, i), x) if np.ndim(i) > np.ndim(x) else np.ldexp(z_bar, i)


LDEXP = structural(
    np.ldexp, ("x", "i"), infer.elementwise(np.ldexp), {"x": _ldexp_bar}, noun="scaled",
    raises=infer.clashes,
    samples=((VECTOR, 3), (VECTOR, np.array([1, -2, 0])), (0.75, np.array([1, 2])),
             (MATRIX, np.array([[1], [2]]))),
)  # fmt: skip

# -- Bessel's function, as NumPy has it -----------------------------------------------------------


def _i0_type(args: Sequence[Atom]) -> Type:
    (type_,) = infer.numeric(args)
    return Array("f32" if dtype_of(type_) == "f32" else "f64", dims_of(type_))


register(
    Primitive("np.i0", np.i0, _i0_type, Call("np.i0"), ("x",), noun="bessel"),
    Partials(("x",), "i0(x)", ("i1(x)",)),
    np.i0,
)

# -- phases ------------------------------------------------------------------------------------

UNWRAP = {"discont": None, "axis": -1, "period": 2 * np.pi}


def _unwrap_type(args: Sequence[Atom]) -> Type:
    array = infer.array(args[0], "np.unwrap")
    infer.static(args[2], "axis")
    whole = array.dtype not in FLOAT_DTYPES
    if whole and isinstance(args[3].type, Int):
        raise TypeRefusal("np.unwrap of integers by an integer period", "give a float period")
    if not array.dims:
        raise TypeRefusal("np.unwrap of a single number", "give a vector")
    return Array("f64" if whole else array.dtype, array.dims)


def _unwrap_x(p: Any, discont: Any, axis: int, period: Any, *, p_dot: Any) -> Any:
    return p_dot


def _unwrap_bar(p: Any, discont: Any, axis: int, period: Any, *, z_bar: Any) -> Any:
    return z_bar


structural(
    np.unwrap, ("p", *UNWRAP), _unwrap_type, {"p": _unwrap_bar}, {"p": _unwrap_x},
    defaults=UNWRAP, named=("axis", "period"), noun="phases",
    convention="the jumps that are taken out have no derivative",
    samples=((4 * VECTOR, None, -1, 2 * np.pi), (MATRIX, None, 0, 2.5), (MATRIX, 1.5, 1, 1.25)),
)  # fmt: skip

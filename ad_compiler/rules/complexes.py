"""Complex numbers between real inputs and real results: what takes them, and their parts.

The cotangent of z = x + iy is dL/dx - i dL/dy: a tangent adds to L the real part of its product
with the cotangent. What is linear over the complex numbers is then transposed as if they were real,
and so are the slopes of holomorphic functions; of a complex cotangent of a real operand the real
part is taken (`transform/shapes.cast`). The rest is stated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any, cast

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import COMPLEX, COMPLEX_SAID, Call, Primitive, TypeRefusal
from ad_compiler.ir.types import Array, Type, dims_of, dtype_of, number_of
from ad_compiler.ir.types import is_complex as _is_complex
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.rearrangements import NUMBER, part
from ad_compiler.rules.registry import (
    ATTRIBUTES,
    MEANINGS,
    METHODS,
    SAME,
    VARIANTS,
    Linear,
    Variant,
    means,
    of_types,
    register,
)

REAL_OF = {"c64": "f32", "c128": "f64"}

# -- what takes complex numbers -------------------------------------------------------------------


def always(_args: Sequence[Atom]) -> bool:
    """Whatever the operands are."""
    return True


def _counted(args: Sequence[Atom]) -> bool:
    """A power that is written as a positive integer."""
    power = args[1]
    return isinstance(power, Const) and isinstance(power.value, int) and power.value > 0


def _stays(args: Sequence[Atom]) -> bool:
    """A conversion to complex numbers, not from them."""
    return isinstance(args[1], Const) and str(args[1].value).startswith("complex")


def _holds(args: Sequence[Atom]) -> bool:
    """Complex numbers are written into a complex array."""
    return _is_complex(args[0].type)


COMPLEX.update(
    dict.fromkeys(
        ("add", "sub", "mul", "truediv", "ratio", "neg", "pos", "np.add", "np.subtract",
         "np.multiply", "np.divide", "np.negative", "np.positive", "np.square", "np.exp",
         "identity", "np.where", "select", "eq", "ne", "dim", "size", "zeros_like", "ones_like",
         "full_like", "np.zeros", "np.ones", "empty_like", "np.empty", "broadcast_like",
         "unbroadcast", "copy", "duplicate", "getitem", "np.reshape", "ravel", "flatten",
         "np.expand_dims", "np.squeeze", "np.broadcast_to", "np.transpose", "T", "np.flip",
         "np.moveaxis", "np.swapaxes", "np.roll", "np.concatenate", "np.stack", "np.tile",
         "np.copy",
        "np.sum", "np.mean", "np.cumsum", "matmul", "np.dot", "tape_get", "tape_new",
         "tape_put", "tape_add", "stop_gradient", "last_writes", "check_fit", "check_write",
         "array0",
         "array_of",
         "array_of_arrays", "np.eye", "np.full", "np.outer", "np.inner", "np.diag", "np.diagonal",
         "np.trace", "np.linalg.solve", "np.linalg.inv"),
        always,
    )
)  # fmt: skip
COMPLEX.update({"pow": _counted, "astype": _stays, "store": _holds, "add_at": _holds})
COMPLEX_SAID.update(
    dict.fromkeys(("store", "add_at"), "an assignment of complex numbers to elements of real ones")
)
COMPLEX_SAID.update(
    {
        "pow": "a power of complex numbers, but for positive integers,",
        "astype": "a conversion of complex numbers to real ones",
        "bool": "the truth of a complex number",
        "lt": "an order of complex numbers",
        "gt": "an order of complex numbers",
        "le": "an order of complex numbers",
        "ge": "an order of complex numbers",
    }
)


def takes_complex(primitive: Primitive) -> Primitive:
    """Enter an operation that takes complex numbers or gives them."""
    COMPLEX[primitive.name] = always
    return primitive


@of_types
def is_complex(type_: Any) -> bool:
    """Whether a value is complex."""
    return _is_complex(type_)


def _real_type(args: Sequence[Atom]) -> Type:
    """The type of a part of a complex number."""
    (x,) = args
    dtype = dtype_of(x.type)
    if dtype is None:
        raise TypeRefusal(
            "a part of one of Python's complex numbers", "use those of NumPy's numbers and arrays"
        )
    return of_dtype(REAL_OF.get(dtype, dtype), x.type)


@of_types
def is_plain(type_: Any) -> bool:
    """Whether a value is one of Python's own numbers."""
    return infer.is_python(type_)


def of_dtype(dtype: str, type_: Type) -> Type:
    """The type of another dtype; an array of no axes stays one."""
    return Array(dtype, dims_of(type_)) if isinstance(type_, Array) else number_of(dtype)


def _same_type(args: Sequence[Atom]) -> Type:
    infer.numeric(args)
    return args[0].type


# -- parts ----------------------------------------------------------------------------------------


def _real_bar(x: Any, *, z_bar: Any) -> Any:
    return z_bar


REAL = takes_complex(
    register(
        Primitive(
            "np.real", np.real, _real_type, Call("np.real"), ("x",), fresh=False, noun="real"
        ),
        Linear({"x": SAME}, {"x": _real_bar}, samples=((VECTOR,),)),
    )
)


def _imag_bar(x: Any, *, z_bar: Any) -> Any:
    return -1j * z_bar


IMAG = takes_complex(
    register(
        Primitive(
            "np.imag", np.imag, _real_type, Call("np.imag"), ("x",), fresh=False, noun="imag"
        ),
        Linear({"x": SAME}, {"x": _imag_bar}, samples=((VECTOR,),)),
    )
)


def _conj_bar(x: Any, *, z_bar: Any) -> Any:
    return CONJ(z_bar)


CONJ = takes_complex(
    register(
        Primitive("np.conj", np.conj, _same_type, Call("np.conj"), ("x",), noun="conjugate"),
        Linear({"x": SAME}, {"x": _conj_bar}, samples=((VECTOR,),)),
    )
)


def _size_dot(x: Any, *, z: Any, x_dot: Any) -> Any:
    return REAL(CONJ(x) * x_dot) / np.where(z > 0, z, 1.0)


def _size_bar(x: Any, *, z: Any, z_bar: Any) -> Any:
    return CONJ(x) * (z_bar / np.where(z > 0, z, 1.0))


def _entered_size(path: str, function: Any) -> Primitive:
    """The absolute value under one of its two names, which differ in the last bit on numbers."""
    line = Linear(
        {"x": cast(FunctionType, _size_dot)},
        {"x": cast(FunctionType, _size_bar)},
        convention="at x = 0: 0",
        samples=((VECTOR,),),
    )
    name = f"{path}(complex)"
    entered = Primitive(name, function, _real_type, Call(path), ("x",), noun="size")
    return takes_complex(register(entered, line))


def _for_complex(size: Primitive) -> Variant:
    """The absolute value of complex numbers in place of that of real ones."""
    return lambda args: (size, tuple(args)) if _is_complex(args[0].type) else None


VARIANTS[MEANINGS[np.abs]] = _for_complex(_entered_size("np.abs", np.abs))
VARIANTS[MEANINGS[abs]] = _for_complex(_entered_size("abs", abs))

# -- the names of the parts, of real numbers too --------------------------------------------------


@means(np.real, samples=((VECTOR,), (NUMBER,)))
def _real(val: Any) -> Any:
    return REAL(val) if is_complex(val) else part(val)


@means(np.conjugate, samples=((VECTOR,), (NUMBER,)))
def _conjugate(x: Any, /) -> Any:
    return CONJ(x) if is_complex(x) else np.positive(x)


def _own_conjugate(x: Any, /) -> Any:
    """The method: of real numbers, the array itself."""
    return CONJ(x) if is_complex(x) else part(x)


@means(np.imag, samples=((VECTOR,), (NUMBER,), (np.float64(NUMBER),)))
def _imag(val: Any) -> Any:
    if is_complex(val):
        return IMAG(val)
    if is_plain(val):
        return 0.0 if isinstance(val, float) else 0
    return np.zeros_like(val) if np.ndim(val) > 0 else np.zeros_like(val)[()]


ATTRIBUTES["real"] = cast(FunctionType, _real)
METHODS["conj"] = METHODS["conjugate"] = cast(FunctionType, _own_conjugate)
ATTRIBUTES["imag"] = cast(FunctionType, _imag)


@means(np.angle, samples=((VECTOR,), (VECTOR, {"deg": True}), (-1.5,)))
def _angle(z: Any, deg: bool = False) -> Any:
    phase = np.arctan2(IMAG(z), REAL(z)) if is_complex(z) else np.arctan2(0, z)
    return phase * (180 / np.pi) if deg else phase


@means(np.isreal, samples=((VECTOR,), (MATRIX,)), inert=True)
def _isreal(x: Any) -> Any:
    return np.imag(x) == 0


@means(np.iscomplex, samples=((VECTOR,), (MATRIX,)), inert=True)
def _iscomplex(x: Any) -> Any:
    return np.imag(x) != 0


@means(np.isrealobj, samples=((VECTOR,), (1.5,)), inert=True)
def _isrealobj(x: Any) -> Any:
    return not is_complex(x)


@means(np.iscomplexobj, samples=((VECTOR,), (1.5,)), inert=True)
def _iscomplexobj(x: Any) -> Any:
    return is_complex(x)


@means(np.real_if_close, samples=((VECTOR,),))
def _real_if_close(a: Any, tol: Any = 100) -> Any:
    return np.asarray(a)

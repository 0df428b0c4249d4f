"""Types of results, exactly as Python and NumPy 2 (NEP 50) give them.

The helpers that every type rule is made of. What NumPy decides, NumPy is asked; what has no
counterpart in `ir.types` (float16, long double, objects) is refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Infer, TypeRefusal
from ad_compiler.ir.types import (
    ANY,
    DTYPE_OF_ANY_NAME,
    MIXED,
    NUMBERS,
    NUMPY_NAMES,
    PY,
    PY_BOOL,
    PY_INT,
    Array,
    Bool,
    Complex,
    Dim,
    Float,
    Int,
    Number,
    Static,
    Tape,
    Type,
    broadcast,
    dims_of,
    dtype_of,
    is_number,
    join,
    number_of,
    shown,
)

Kind = Any
"""An operand as NumPy's promotion sees it: a dtype, or `int` or `float` for a weak number."""

PythonRule = Callable[[tuple[Type, ...]], Type]
"""The type that Python gives to an operator on its own numbers."""

_FLOAT_KINDS = {MIXED: (PY, "f64"), ANY: (PY, "f64", "f32")}
_INT_KINDS = tuple(d for d in NUMPY_NAMES if d[0] in "iu")


ARRAY = "pass an array; a parameter is one if its type says so"


def types_of(args: Sequence[Atom]) -> tuple[Type, ...]:
    """The types of the operands."""
    return tuple([arg.type for arg in args])


def numeric(args: Sequence[Atom]) -> tuple[Type, ...]:
    """The types of the operands, each of which must be a number or an array."""
    types = types_of(args)
    for arg, type_ in zip(args, types, strict=True):
        if isinstance(type_, Static):
            given = repr(arg.value) if isinstance(arg, Const) else "a static value"
            if isinstance(arg, Const) and callable(arg.value):
                given = f"`{getattr(arg.value, '__name__', given)}`"
            raise TypeRefusal(f"{given} is no number", "pass a number or an array here")
        if isinstance(type_, Tape):
            raise TypeRefusal("a tape is no number")
    return types


def numbers(args: Sequence[Atom], who: str, remedy: str) -> tuple[Number, ...]:
    """The types of the operands, each of which must be a number, not an array."""
    out: list[Number] = []
    for type_ in numeric(args):
        if not isinstance(type_, NUMBERS):
            raise TypeRefusal(f"{who} of an array ({shown(type_)})", remedy)
        out.append(type_)
    return tuple(out)


class NeedsArray(TypeRefusal):
    """An operand is no array, but would be one without axes as NumPy takes it."""

    def __init__(self, reason: str, remedy: str, arg: Atom) -> None:
        super().__init__(reason, remedy)
        self.arg = arg


def array(arg: Atom, who: str) -> Array:
    """The type of an operand that must be an array."""
    if not isinstance(arg.type, Array):
        raise NeedsArray(f"{who} needs an array, not a {shown(arg.type)}", ARRAY, arg)
    return arg.type


def static(arg: Atom, name: str) -> Any:
    """The value of an operand that must be known at compile time."""
    if not isinstance(arg, Const):
        raise TypeRefusal(
            f"`{name}` must be known at compile time",
            f"write a literal, or a name bound to one, for `{name}`",
        )
    return arg.value


def is_python(type_: Type) -> bool:
    """Whether the value is surely a Python number, for which Python's own rules hold."""
    return isinstance(type_, NUMBERS) and type_.kind == PY


def may_be_python(type_: Type) -> bool:
    """Whether the value is a Python number, or may be one at run time."""
    return isinstance(type_, NUMBERS) and type_.kind in (PY, MIXED, ANY)


def is_mixed(type_: Type) -> bool:
    """Whether it is decided only at run time what kind of number the value is."""
    if isinstance(type_, Float) and type_.also:
        return True
    return isinstance(type_, NUMBERS) and type_.kind in (MIXED, ANY)


def of_dtype(dtype: str, dims: tuple[Dim, ...]) -> Type:
    """What a NumPy function returns: an array, or a NumPy number where there is no axis."""
    return Array(dtype, dims) if dims else number_of(dtype)


def our_dtype(dtype: np.dtype[Any]) -> str:
    """Our name of a NumPy dtype; refuses the dtypes that are not supported."""
    name = DTYPE_OF_ANY_NAME.get(dtype.name)
    if name is None:
        raise TypeRefusal(
            f"the result is {dtype.name}, which is not supported",
            "convert the operands to float64 or float32",
        )
    return name


def our_dtype_of(type_: Type) -> str:
    """Our dtype of an array or a number, Python's numbers as NumPy stores them."""
    return dtype_of(type_) or promote([type_])


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """NumPy's dtype of our name."""
    return np.dtype(NUMPY_NAMES[dtype])


def kind_of(type_: Type) -> Kind:
    """How NumPy's promotion sees a value: Python's ints and floats are weak, bools are not."""
    dtype = dtype_of(type_)
    if dtype is not None:
        return numpy_dtype(dtype)
    match type_:
        case Float(kind) if kind == PY:
            return float
        case Int(kind) if kind == PY:
            return int
        case Complex(kind) if kind == PY:
            return complex
        case _:
            return np.dtype(bool)


def strong(type_: Type) -> Type:
    """The type of a number after `np.asarray`, which takes a weak Python number for good."""
    return common(
        number_of(_promoted((kind_of(one),))) if is_python(one) else one
        for one in alternatives(type_)
    )


def alternatives(type_: Type) -> tuple[Type, ...]:
    """What a value can be at run time: one type, or all that a mixed number stands for."""
    match type_:
        case Float(kind, also):
            wholes = (one for whole in also for one in alternatives(whole))
            return (*map(Float, _FLOAT_KINDS.get(kind, (kind,))), *wholes)
        case Complex(kind) if kind == MIXED:
            return (Complex(), Complex("c128"), Complex("c64"))
        case Int(kind) if kind == MIXED:
            return (PY_INT, *map(Int, _INT_KINDS))
        case Bool(kind) if kind == MIXED:
            return (PY_BOOL, Bool("np"))
        case _:
            return (type_,)


def for_each_alternative(types: Sequence[Type], one: Callable[[tuple[Type, ...]], Type]) -> Type:
    """Apply a type rule to all that mixed operands can be, and join the answers."""
    if not any(map(is_mixed, types)):
        return one(tuple(types))
    combinations = itertools.product(*map(alternatives, types))
    return common(one(combination) for combination in combinations)


def common(types: Iterable[Type]) -> Type:
    """The type of a value that is one of these at run time."""
    first, *rest = dict.fromkeys(types)
    for type_ in rest:
        joined = join(first, type_)
        if joined is None:
            raise TypeRefusal(
                f"the result is {first} or {type_}, decided only at run time",
                "convert the operands with float(...) or np.float64(...)",
            )
        first = joined
    return first


def stored(types: Iterable[Type]) -> str:
    """The dtype of the array that NumPy makes of numbers, as our name."""
    return promote(map(strong, types))


@cache
def _promoted(kinds: tuple[Kind, ...]) -> str:
    samples = [kind(0) if isinstance(kind, type) else kind for kind in kinds]
    return our_dtype(np.result_type(*samples))


def promote(types: Iterable[Type]) -> str:
    """The dtype that NumPy promotes operands to (`np.result_type`), as our name."""
    results = {
        _promoted(tuple(map(kind_of, combination)))
        for combination in itertools.product(*map(alternatives, types))
    }
    if len(results) > 1:
        raise TypeRefusal(
            "the dtype of the result is decided only at run time",
            "convert the operands with float(...) or np.float64(...), or start with 0.0, not 0",
        )
    return results.pop()


@cache
def _resolved(ufunc: np.ufunc, kinds: tuple[Kind, ...]) -> str:
    """The dtype of what a ufunc gives."""
    try:
        resolved = ufunc.resolve_dtypes((*kinds, *(None,) * ufunc.nout))
    except TypeError as error:
        shown = ", ".join(k.__name__ if isinstance(k, type) else k.name for k in kinds)
        raise TypeRefusal(
            f"NumPy's {ufunc.__name__} does not take {shown}", "convert the operands to floats"
        ) from error
    for dtype in resolved:
        our_dtype(dtype)
    return our_dtype(resolved[-1])


def ufunc_result(ufunc: np.ufunc, types: Sequence[Type]) -> Type:
    """What a ufunc gives for operands of these types, none of them mixed."""
    dtype = _resolved(ufunc, tuple(map(kind_of, types)))
    return of_dtype(dtype, broadcast(*map(dims_of, types)))


def elementwise(ufunc: np.ufunc) -> Infer:
    """The type rule of a NumPy ufunc."""

    def infer(args: Sequence[Atom]) -> Type:
        return for_each_alternative(numeric(args), lambda types: ufunc_result(ufunc, types))

    return infer


def operator_type(ufunc: np.ufunc, python: PythonRule, args: Sequence[Atom]) -> Type:
    """What an operator gives: as Python has it where all operands are Python's, else as NumPy."""

    types = numeric(args)
    if all(map(is_python, types)):
        return python(types)

    def one(types: tuple[Type, ...]) -> Type:
        return python(types) if all(map(is_python, types)) else ufunc_result(ufunc, types)

    return for_each_alternative(types, one)


def python_or_ufunc(ufunc: np.ufunc, python: PythonRule) -> Infer:
    """The type rule of an operator on numbers of any kind and arrays."""
    return lambda args: operator_type(ufunc, python, args)


def may_not_broadcast(types: Iterable[Type]) -> bool:
    """Whether shapes may clash at run time, which NumPy answers by raising."""
    shapes = [dims_of(type_) for type_ in types if not is_number(type_)]
    if len(shapes) < 2:
        return False
    width = max(map(len, shapes))
    padded = [(1,) * (width - len(shape)) + shape for shape in shapes]
    return any(len(set(axis) - {1}) > 1 for axis in zip(*padded, strict=True))


def clashes(args: Sequence[Atom]) -> bool:
    """The `raises` of an elementwise NumPy function: only for shapes that do not fit."""
    return may_not_broadcast(types_of(args))


def broadcast_dims(types: Iterable[Type]) -> tuple[Dim, ...]:
    """The shape in which operands meet."""
    return broadcast(*map(dims_of, types))


def either(types: Iterable[Type]) -> Type:
    """The type of a number that is one of these, chosen at run time."""
    first, *rest = types
    for type_ in rest:
        joined = join(first, type_)
        if joined is None:
            raise TypeRefusal(f"one of {first} and {type_}, which have no common type")
        first = joined
    return first

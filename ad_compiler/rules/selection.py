"""Choices among arrays, and elements put in, left out or repeated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import FLOAT_DTYPES, Array, Sym, Type, broadcast, dims_of, dtype_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, length_of
from ad_compiler.rules.indexing import ADD_AT, STORE
from ad_compiler.rules.likeness import UNBROADCAST
from ad_compiler.rules.registry import SAME, Linear, means, of_types, register
from ad_compiler.rules.repetition import pick_pattern
from ad_compiler.rules.shaping import axis_of, may_fail
from ad_compiler.rules.structures import structural

NUMBERS, BOX = np.array([0, 1, 1]), np.sin(np.arange(24.0)).reshape(2, 3, 4)

# -- among arrays ---------------------------------------------------------------------------------


@of_types
def widths(x: Any) -> str:
    """Which floats an array is made of; nothing for whole and for Python's numbers."""
    dtype = dtype_of(x)
    return dtype if dtype in FLOAT_DTYPES else ""


@means(
    np.select,
    samples=(([VECTOR > 2, VECTOR > 0], [VECTOR, VECTOR**2]),
             ([MATRIX > 2, VECTOR > 0], [MATRIX, 2.5], VECTOR),
             ([VECTOR > 2], [VECTOR], 0.5)),
)  # fmt: skip
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    kinds = [widths(c) for c in choicelist if np.ndim(c) > 0]
    if "f32" in kinds and any(kind != "f32" for kind in kinds):
        raise TypeRefusal("np.select of arrays of different dtypes", "convert them first")
    chosen = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1]):  # noqa: B905
        chosen = np.where(condition, choice, chosen)
    return chosen


def _choose(*args: Any) -> Any:
    a, *choices = args
    return np.choose(a, choices)


def _choose_type(args: Sequence[Atom]) -> Type:
    a, *choices = infer.numeric(args)
    if (dtype_of(a) or "i64")[0] not in "iub" or not choices:
        raise TypeRefusal("np.choose by numbers that are not whole", "give integers")
    return infer.of_dtype(infer.promote(choices), broadcast(*map(dims_of, (a, *choices))))


def _choose_dot(a: Any, *choices: Any, choices_dot: Any, index: int) -> Any:
    return np.where(a == index, choices_dot, 0.0)


def _choose_bar(a: Any, *choices: Any, z_bar: Any, index: int) -> Any:
    return UNBROADCAST(np.where(a == index, z_bar, 0.0), choices[index])


CHOOSE = register(
    Primitive("np.choose", _choose, _choose_type, Special(), ("a", "*choices"), raises=may_fail),
    Linear(
        {"choices": _choose_dot}, {"choices": _choose_bar}, dense=True,
        samples=((NUMBERS, VECTOR, VECTOR**2), (NUMBERS, MATRIX, 2.5)),
    ),
)  # fmt: skip


@means(
    np.choose,
    samples=((NUMBERS, [VECTOR, VECTOR**2]), (NUMBERS + 1, [VECTOR, 2.5], {"mode": "clip"}),
             (NUMBERS - 1, [VECTOR, MATRIX], {"mode": "wrap"})),
)  # fmt: skip
def _np_choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    places = np.asarray(a)
    arrays = [choice if np.ndim(choice) == 0 else np.asarray(choice) for choice in choices]
    if mode == "wrap":
        return CHOOSE(places % len(arrays), *arrays)
    if mode == "clip":
        return CHOOSE(np.minimum(np.maximum(places, 0), len(arrays) - 1), *arrays)
    return CHOOSE(places, *arrays)


# -- put in, left out -----------------------------------------------------------------------------


def _place(array: Array, axis: Atom) -> int | None:
    value = infer.static(axis, "axis")
    return None if value is None else axis_of(value, len(array.dims))


def _changed_type(array: Array, axis: Atom, length: Sym) -> Type:
    """The array with another length along one axis, or all of it flat."""
    k = _place(array, axis)
    if k is None:
        return Array(array.dtype, (length,))
    return Array(array.dtype, (*array.dims[:k], length, *array.dims[k + 1 :]))


def _insert_type(args: Sequence[Atom]) -> Type:
    arr, obj, values, axis = args
    infer.numeric([obj, values])
    return _changed_type(infer.array(arr, "np.insert"), axis, Sym(f"insert({args!r})"))


def _length(x: Any, axis: Any) -> Any:
    return x.size if axis is None else x.shape[axis]


def _put_back(part: Any, x: Any, axis: Any) -> Any:
    return part.reshape(*x.shape) if axis is None else part


def _one_axis(axis: Any) -> int:
    return 0 if axis is None else axis


def _sources(arr: Any, obj: Any, count: Any, axis: Any) -> Any:
    """For each place of the result, which of the new elements it holds; -1 for the old ones."""
    return np.insert(np.full(_length(arr, axis), -1), obj, np.arange(count))


def _insert_arr_bar(arr: Any, obj: Any, values: Any, axis: Any, *, z_bar: Any) -> Any:
    k = _one_axis(axis)
    source = _sources(arr, obj, z_bar.shape[k] - _length(arr, axis), axis)
    return _put_back(np.take(z_bar, np.flatnonzero(source < 0), axis=k), arr, axis)


def _insert_values_bar(arr: Any, obj: Any, values: Any, axis: Any, *, z_bar: Any) -> Any:
    k = _one_axis(axis)
    source = _sources(arr, obj, z_bar.shape[k] - _length(arr, axis), axis)
    places = np.flatnonzero(source >= 0)
    part = np.take(z_bar, places[np.argsort(source[places])], axis=k)
    if np.ndim(obj) == 0 and k != 0:
        part = np.moveaxis(part, k, 0)
    return np.sum(part) if np.ndim(values) == 0 else UNBROADCAST(part, values)


INSERT = structural(
    np.insert, ("arr", "obj", "values", "axis"), _insert_type,
    {"arr": _insert_arr_bar, "values": _insert_values_bar}, joint=True, defaults={"axis": None},
    named=("axis",), noun="longer", raises=may_fail, whole=True,
    samples=((VECTOR, 1, 0.5, None), (VECTOR, np.array([3, 0, 3]), VECTOR, None),
             (MATRIX, 1, VECTOR, 0), (MATRIX, -1, np.array([0.5, 1.5]), 1), (MATRIX, 2, 0.5, None),
             (MATRIX, np.array([2, 0]), np.array([[0.5], [1.5]]), 1),
             (VECTOR, 1, np.array([0.5, 0.25]), None)),
)  # fmt: skip


def _delete_type(args: Sequence[Atom]) -> Type:
    arr, obj, axis = args
    infer.numeric([obj])
    return _changed_type(infer.array(arr, "np.delete"), axis, Sym(f"delete({args!r})"))


def _delete_bar(arr: Any, obj: Any, axis: Any, *, z_bar: Any) -> Any:
    kept = np.delete(np.arange(_length(arr, axis)), obj)
    if axis is None:
        flat = STORE(np.zeros(arr.size, z_bar.dtype), ("array",), z_bar, kept)
        return flat.reshape(*arr.shape)
    return STORE(np.zeros_like(arr), pick_pattern(axis, arr.ndim, "array"), z_bar, kept)


structural(
    np.delete, ("arr", "obj", "axis"), _delete_type, {"arr": _delete_bar},
    defaults={"axis": None}, named=("axis",), noun="shorter", raises=may_fail,
    samples=((VECTOR, 1, None), (VECTOR, np.array([0, 2]), None), (MATRIX, 1, 0),
             (MATRIX, np.array([0, -1]), 1), (MATRIX, 2, None), (VECTOR, VECTOR > 0, None)),
)  # fmt: skip

# -- repeated to fill a shape ---------------------------------------------------------------------


def _resize(a: Any, *new_shape: int) -> Any:
    return np.resize(a, new_shape)


def _resize_type(args: Sequence[Atom]) -> Type:
    a, *lengths = args
    return Array(infer.array(a, "np.resize").dtype, tuple(map(length_of, lengths)))


def _resize_bar(a: Any, *new_shape: int, z_bar: Any) -> Any:
    sources = np.resize(np.arange(a.size), z_bar.size)
    flat = ADD_AT(np.zeros(a.size, z_bar.dtype), ("array",), z_bar.ravel(), sources)
    return flat.reshape(*a.shape)


register(
    Primitive(
        "np.resize", _resize, _resize_type, Special(), ("a", "*new_shape"), raises=may_fail,
        noun="resized",
    ),
    Linear(
        {"a": SAME}, {"a": _resize_bar}, dense=True,
        samples=((VECTOR, 7), (MATRIX, 2, 2), (VECTOR, 2, 3), (BOX, 30)),
    ),
    np.resize,
)  # fmt: skip


# -- pieces ---------------------------------------------------------------------------------------


def _negative(q: Any) -> Any:
    return -q


@means(
    np.piecewise,
    samples=((VECTOR, [VECTOR < 0, VECTOR > 2], [_negative, np.square, 0.5]),
             (VECTOR, [VECTOR < 0], [np.exp]), (MATRIX, [MATRIX > 2], [np.sqrt, _negative])),
)  # fmt: skip
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    if len(funclist) == len(conditions) + 1:
        covered = conditions[0]
        for condition in conditions[1:]:
            covered = covered | condition
        conditions = [*conditions, ~covered]
    elif len(funclist) != len(conditions):
        raise ValueError("there must be a function for each condition, and one more at most")
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist):  # noqa: B905
        if not callable(function):
            y[condition] = function
        elif np.any(condition):
            y[condition] = function(x[condition], *args, **kw)
    return y


@means(functools.reduce, samples=((np.multiply, VECTOR), (np.maximum, MATRIX, VECTOR)))
def _reduce(function: Any, sequence: Any, *initial: Any) -> Any:
    """Over an array; other sequences are taken apart before."""
    if not initial and len(sequence) == 0:
        raise TypeError("reduce() of empty iterable with no initial value")
    value, rest = (initial[0], sequence) if initial else (sequence[0], sequence[1:])
    for item in rest:
        value = function(value, item)
    return value


@means(
    np.apply_along_axis,
    samples=((np.sum, 1, MATRIX), (np.sort, 0, MATRIX), (np.dot, 0, MATRIX, VECTOR[:2]),
             (np.cumsum, 0, VECTOR), (np.sum, -1, BOX), (np.cumsum, 1, BOX), (np.diff, 0, BOX)),
)  # fmt: skip
def _apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    lines = np.moveaxis(np.asarray(arr), axis, -1)
    if lines.ndim == 1:
        return np.array(func1d(lines, *args, **kwargs))
    others = lines.shape[:-1]
    if lines.ndim > 2:
        lines = lines.reshape(-1, lines.shape[-1])
    first = np.asarray(func1d(lines[0], *args, **kwargs))
    if first.ndim > 1:
        raise TypeRefusal("np.apply_along_axis of a function that gives matrices", "write a loop")
    made = np.zeros((len(lines), *first.shape), first.dtype)
    made[0] = first
    for k in range(1, len(lines)):
        made[k] = func1d(lines[k], *args, **kwargs)
    if len(others) > 1:
        made = made.reshape(*others, *first.shape)
    return made if first.ndim == 0 else np.moveaxis(made, -1, axis)


@means(np.apply_over_axes, samples=((np.sum, BOX, (0, 2)), (np.max, MATRIX, 1)))
def _apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    value = np.asarray(a)
    for axis in axes if isinstance(axes, (tuple, list)) else (axes,):
        made = func(value, axis)
        value = made if made.ndim == value.ndim else np.expand_dims(made, axis)
    return value


@means(np.fromfunction, samples=((np.add, (2, 3)),), inert=True)
def _fromfunction(function: Any, shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    places = np.indices(shape).astype(dtype)
    return function(*[places[k] for k in range(len(shape))], **kwargs)

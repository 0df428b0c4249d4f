"""Values without repetition: what is left of arrays taken as sets, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import Array, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.indexing import ADD_AT
from ad_compiler.rules.registry import Linear, compile_time, means, register
from ad_compiler.rules.structures import inert, structural

LONG = np.array([1.5, -0.5, 1.25, 2.0, -0.75])
TABLE = np.array([[0.5, 2.25, 0.75], [3.0, 1.0, -1.0]])
WHOLE = np.array([3, 1, 3, 0])
FIRST_OF_EQUALS = "of equal elements the first"

# -- unique ---------------------------------------------------------------------------------------

FLAGS = ("return_index", "return_inverse", "return_counts")
ADDED = ("first", "places", "counts")
"""What the flags add to the values."""


def _unique_type(flags: tuple[bool, ...]) -> infer.Infer:
    """The types of the values, and of what the flags add to them."""

    def rule(args: Sequence[Atom]) -> Type | tuple[Type, ...]:
        x, nan = args
        infer.static(nan, "equal_nan")
        array, n = infer.array(x, "np.unique"), Sym(f"unique({x!r})")
        values, index = Array(array.dtype, (n,)), Array("i64", (n,))
        added = (index, Array("i64", dims_of(array)), index)
        wanted = tuple(type_ for type_, flag in zip(added, flags, strict=True) if flag)
        return (values, *wanted) if wanted else values

    return rule


def first_places(x: Any, equal_nan: bool) -> Any:
    """Where each value of x stands first, x taken as a vector."""
    _, first = unique(True, False, False)(x, equal_nan)
    return first


def _put(z_bar: Any, first: Any, x: Any) -> Any:
    flat = ADD_AT(np.zeros(x.size, z_bar.dtype), ("array",), z_bar, first)
    return flat.reshape(*x.shape)


def _values_x(x: Any, equal_nan: bool, *, x_dot: Any) -> Any:
    return x_dot.ravel()[first_places(x, equal_nan)]


def _values_bar(x: Any, equal_nan: bool, *, values_bar: Any) -> Any:
    return _put(values_bar, first_places(x, equal_nan), x)


def _alone_bar(x: Any, equal_nan: bool, *, z_bar: Any) -> Any:
    return _values_bar(x, equal_nan, values_bar=z_bar)


def flagged(flags: tuple[bool, ...]) -> dict[str, Any]:
    """The flags that are set, as keywords."""
    return {name: True for name, flag in zip(FLAGS, flags, strict=True) if flag}


def _enter(flags: tuple[bool, ...]) -> Primitive:
    """`np.unique`, with what the flags add to the values."""
    added = tuple(name for name, flag in zip(ADDED, flags, strict=True) if flag)

    def evaluate(x: Any, equal_nan: bool) -> Any:
        return np.unique(x, equal_nan=equal_nan, **flagged(flags))

    absent = (None,) * len(added)

    def with_absent_x(x: Any, equal_nan: bool, *, x_dot: Any) -> Any:
        return (_values_x(x, equal_nan, x_dot=x_dot), *absent)

    name, rules = "np.unique", (_values_x, _alone_bar)
    if added:
        name, rules = f"np.unique({', '.join(added)})", (with_absent_x, _values_bar)
    return register(
        Primitive(
            name, evaluate, _unique_type(flags), Special(), ("x", "equal_nan"), noun="values",
            results=("values", *added) if added else (),
        ),
        Linear(
            {"x": rules[0]}, {"x": rules[1]}, dense=True, convention=FIRST_OF_EQUALS,
            results=("values", *added) if added else ("z",),
            samples=((LONG, True), (TABLE, True)),
        ),
    )  # fmt: skip


UNIQUE = {flags: _enter(flags) for flags in product((False, True), repeat=len(FLAGS))}


@compile_time
def unique(*flags: bool) -> Primitive:
    """`np.unique` with those flags."""
    return UNIQUE[flags]


@means(
    np.unique,
    samples=((LONG,), (TABLE,), (LONG, {"return_inverse": True}),
             (TABLE, True, False, True)),
)  # fmt: skip
def _np_unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: Any = None, *, equal_nan: bool = True,
) -> Any:  # fmt: skip
    if axis is not None and np.ndim(ar) != 1:
        raise TypeRefusal("np.unique along an axis", "take the rows apart in a loop")
    made = unique(return_index, return_inverse, return_counts)(np.asarray(ar), equal_nan)
    return tuple(made) if return_index or return_inverse or return_counts else made


# -- of two arrays --------------------------------------------------------------------------------


def _of_two(who: str) -> Any:
    def rule(args: Sequence[Atom]) -> Type:
        arrays = [infer.array(arg, who) for arg in args[:2]]
        if len(args) > 2:
            infer.static(args[2], "assume_unique")
        dtypes = {array.dtype for array in arrays}
        if who != "np.setdiff1d" and len(dtypes) > 1:
            raise TypeRefusal(f"{who} of arrays of several types", "convert one with .astype")
        return Array(arrays[0].dtype, (Sym(f"{who}({args[:2]!r})"),))

    return rule


def _joined(ar1: Any, ar2: Any) -> Any:
    return np.concatenate([ar1.ravel(), ar2.ravel()])


def _union_x(ar1: Any, ar2: Any, *, ar1_dot: Any) -> Any:
    both = np.concatenate([ar1_dot.ravel(), np.zeros(ar2.size, ar1_dot.dtype)])
    return both[first_places(_joined(ar1, ar2), True)]


def _union_y(ar1: Any, ar2: Any, *, ar2_dot: Any) -> Any:
    both = np.concatenate([np.zeros(ar1.size, ar2_dot.dtype), ar2_dot.ravel()])
    return both[first_places(_joined(ar1, ar2), True)]


def _union_bar(ar1: Any, ar2: Any, z_bar: Any) -> Any:
    joined = _joined(ar1, ar2)
    return _put(z_bar, first_places(joined, True), joined)


def _union_x_bar(ar1: Any, ar2: Any, *, z_bar: Any) -> Any:
    return _union_bar(ar1, ar2, z_bar)[: ar1.size].reshape(*ar1.shape)


def _union_y_bar(ar1: Any, ar2: Any, *, z_bar: Any) -> Any:
    return _union_bar(ar1, ar2, z_bar)[ar1.size :].reshape(*ar2.shape)


structural(
    np.union1d, ("ar1", "ar2"), _of_two("np.union1d"), {"ar1": _union_x_bar, "ar2": _union_y_bar},
    {"ar1": _union_x, "ar2": _union_y}, noun="values", convention=FIRST_OF_EQUALS,
    samples=((LONG, TABLE), (TABLE, LONG)),
)  # fmt: skip


def _kept(ar1: Any, ar2: Any, assume_unique: bool) -> Any:
    """Where the values of ar1 stand, ar1 taken as a vector, that ar2 has not."""
    if assume_unique:
        return np.flatnonzero(np.isin(ar1.ravel(), ar2, assume_unique=True, invert=True))
    values, first = _np_unique(ar1, True)
    return first[np.isin(values, ar2, invert=True)]


def _difference_x(ar1: Any, ar2: Any, assume_unique: bool, *, ar1_dot: Any) -> Any:
    return ar1_dot.ravel()[_kept(ar1, ar2, assume_unique)]


def _difference_bar(ar1: Any, ar2: Any, assume_unique: bool, *, z_bar: Any) -> Any:
    return _put(z_bar, _kept(ar1, ar2, assume_unique), ar1)


structural(
    np.setdiff1d, ("ar1", "ar2", "assume_unique"), _of_two("np.setdiff1d"),
    {"ar1": _difference_bar}, {"ar1": _difference_x}, defaults={"assume_unique": False},
    named=("assume_unique",), noun="values", inert=("ar2",), convention=FIRST_OF_EQUALS,
    samples=((LONG, np.array([0.5, 7.0]), False), (TABLE, LONG, False),
             (LONG[:3], TABLE, True)),
)  # fmt: skip


def _shared_type(args: Sequence[Atom]) -> Type:
    """Floats agree by chance: which are left of them has no derivative."""
    type_ = _of_two("np.intersect1d")(args)
    if type_.dtype[0] not in "iub":
        raise TypeRefusal("np.intersect1d of floats", "give integers, such as indices")
    return type_


inert(
    np.intersect1d, ("ar1", "ar2", "assume_unique"), _shared_type, "an index",
    defaults={"assume_unique": False}, named=("assume_unique",), noun="values",
    samples=((WHOLE, np.array([0, 3, 5]), False), (np.array([4, 2]), WHOLE[:2], True)),
)  # fmt: skip

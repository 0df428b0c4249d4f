"""Where and how many: functions that give indices, counts and truth values, never a derivative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import PY, Array, Bool, Dim, Sym, Type, dims_of
from ad_compiler.rules import infer
from ad_compiler.rules.allocation import MATRIX, VECTOR, length_of
from ad_compiler.rules.reductions import AXES, NAMED, reduced
from ad_compiler.rules.registry import Flat, compile_time, means, register
from ad_compiler.rules.shaping import may_fail
from ad_compiler.rules.structures import inert

CUBE = np.arange(24.0).reshape(2, 3, 4) % 3
MIXED = np.array([[0.5, 0.0, -2.0], [0.0, 1.5, 0.0]])
EDGES = np.array([-1.0, 0.0, 2.0])

# -- which elements are not zero ------------------------------------------------------------------


def _count_of(x: Atom) -> Dim:
    return Sym(f"count({x!r})")


def _flat_type(args: Sequence[Atom]) -> Type:
    infer.array(args[0], "np.flatnonzero")
    return Array("i64", (_count_of(args[0]),))


def _places_type(args: Sequence[Atom]) -> Type:
    rank = len(infer.array(args[0], "np.argwhere").dims)
    if rank == 0:
        raise TypeRefusal("where a single number is not zero", "compare it with 0")
    return Array("i64", (_count_of(args[0]), rank))


inert(np.flatnonzero, ("x",), _flat_type, "an index", noun="places", samples=((VECTOR,), (MIXED,)))
inert(np.argwhere, ("x",), _places_type, "an index", noun="places", samples=((VECTOR,), (MIXED,)))


def _of_rank(rank: int) -> Primitive:
    def rule(args: Sequence[Atom]) -> tuple[Type, ...]:
        infer.array(args[0], "np.nonzero")
        return (Array("i64", (_count_of(args[0]),)),) * rank

    return inert(
        np.nonzero, ("x",), rule, "an index", name=f"np.nonzero({rank})", means=(),
        results=("rows", "columns", "layers", "others")[:rank], samples=((SAMPLES[rank],),),
    )  # fmt: skip


SAMPLES = {2: MIXED, 3: CUBE, 4: CUBE[None]}
NONZERO = {rank: _of_rank(rank) for rank in SAMPLES}


@compile_time
def nonzero_of(rank: int) -> Primitive:
    """`np.nonzero` of an array of so many axes."""
    if rank not in NONZERO:
        raise TypeRefusal(f"np.nonzero of an array of {rank} axes", "use np.argwhere")
    return NONZERO[rank]


@means(np.nonzero, samples=((VECTOR,), (MIXED,), (CUBE,)), method="nonzero", inert=True)
def _nonzero(a: Any) -> Any:
    if np.ndim(a) == 1:
        return (np.flatnonzero(a),)
    where: Any = nonzero_of(np.ndim(a))(np.asarray(a))
    return tuple(where)


def _counted_type(args: Sequence[Atom]) -> Type:
    axis, keepdims = infer.static(args[1], "axis"), infer.static(args[2], "keepdims")
    return infer.of_dtype("i64", reduced(infer.array(args[0], "count").dims, axis, keepdims))


inert(
    np.count_nonzero, ("x", *NAMED), _counted_type, "a count", defaults=AXES, named=NAMED,
    noun="count",
    samples=((MIXED, None, False), (MIXED, 1, False), (MIXED, (0, 1), True), (CUBE, 0, True)),
)  # fmt: skip

# -- where something would stand ------------------------------------------------------------------


def _search_type(args: Sequence[Atom]) -> Type:
    infer.array(args[0], "np.searchsorted")
    infer.static(args[2], "side")
    return infer.of_dtype("i64", dims_of(args[1].type))


inert(
    np.searchsorted, ("a", "v", "side", "sorter"), _search_type, "an index",
    defaults={"side": "left", "sorter": None}, named=("side", "sorter"), noun="place",
    raises=may_fail, method=True,
    samples=((EDGES, VECTOR, "left", None), (EDGES, 0.0, "right", None),
             (VECTOR, MATRIX, "left", np.array([1, 0, 2]))),
)  # fmt: skip


def _digit_type(args: Sequence[Atom]) -> Type:
    infer.array(args[1], "np.digitize")
    infer.static(args[2], "right")
    return infer.of_dtype("i64", dims_of(args[0].type))


inert(
    np.digitize, ("x", "bins", "right"), _digit_type, "an index", defaults={"right": False},
    named=("right",), noun="bin", raises=may_fail,
    samples=((VECTOR, EDGES, False), (MATRIX, EDGES, True), (0.5, EDGES, False)),
)  # fmt: skip


def _lexsort_type(args: Sequence[Atom]) -> Type:
    first, *others = (infer.array(a, "np.lexsort") for a in args)
    if any(len(other.dims) != len(first.dims) for other in others) or not first.dims:
        raise TypeRefusal("np.lexsort of keys of different rank", "give vectors")
    return Array("i64", first.dims)


def _lexsort(*keys: Any) -> Any:
    return np.lexsort(keys)


LEXSORT = register(
    Primitive(
        "np.lexsort", _lexsort, _lexsort_type, Special(), ("*keys",), raises=may_fail, noun="order"
    ),
    Flat("a permutation", samples=((VECTOR, VECTOR**2), (MIXED,))),
)


@means(np.lexsort, samples=(([VECTOR, VECTOR**2],), ((np.array([2, 1, 2]), VECTOR),)), inert=True)
def _np_lexsort(keys: Any, axis: int = -1) -> Any:
    if axis != -1:
        raise TypeRefusal("np.lexsort along another axis", "give the axis by np.swapaxes")
    return LEXSORT(*[np.asarray(key) for key in keys])


# -- what is equal --------------------------------------------------------------------------------

NEAR = {"rtol": 1e-05, "atol": 1e-08, "equal_nan": False}


def _near_type(args: Sequence[Atom]) -> Type:
    infer.static(args[4], "equal_nan")
    return infer.of_dtype("bool", infer.broadcast_dims([t.type for t in args[:4]]))


def _truth(_args: Sequence[Atom]) -> Type:
    return Bool(PY)


def _pair_may_clash(args: Sequence[Atom]) -> bool:
    return infer.clashes(args[:2])


PAIRS = (
    (VECTOR, VECTOR + 1e-9, 1e-05, 1e-08, False), (MATRIX, VECTOR, 0.5, 0.1, True),
    (VECTOR, 3.0, 1e-05, 1e-08, False),
)  # fmt: skip
inert(
    np.isclose, ("a", "b", *NEAR), _near_type, "a truth value", defaults=NEAR,
    named=tuple(NEAR), noun="test", raises=_pair_may_clash, samples=PAIRS,
)  # fmt: skip
inert(
    np.allclose, ("a", "b", *NEAR), _truth, "a truth value", defaults=NEAR, named=tuple(NEAR),
    noun="test", raises=_pair_may_clash, samples=PAIRS,
)  # fmt: skip
CLOSE = {"rel_tol": 1e-09, "abs_tol": 0.0}


def _close_type(args: Sequence[Atom]) -> Type:
    infer.numbers(args, "math.isclose", "use np.isclose")
    return Bool(PY)


def _negative(args: Sequence[Atom]) -> bool:
    """Whether a tolerance may be below 0, which raises."""
    return any(not isinstance(arg, Const) or arg.value < 0 for arg in args[2:])


inert(
    math.isclose, ("a", "b", *CLOSE), _close_type, "a truth value", path="math.isclose",
    defaults=CLOSE, named=tuple(CLOSE), noun="test", raises=_negative,
    samples=((1.0, 1.0 + 1e-10, 1e-09, 0.0), (1.0, 2.0, 0.1, 0.5), (1e-9, 0.0, 1e-09, 1e-8)),
)  # fmt: skip
inert(
    np.array_equal, ("a1", "a2", "equal_nan"), _truth, "a truth value",
    defaults={"equal_nan": False}, named=("equal_nan",), noun="test",
    samples=((VECTOR, VECTOR, False), (VECTOR, MATRIX, False), (VECTOR, -VECTOR, True)),
)  # fmt: skip
inert(
    np.array_equiv, ("a1", "a2"), _truth, "a truth value", noun="test",
    samples=((VECTOR, VECTOR), (VECTOR, MATRIX), (np.ones((2, 3)), np.ones(3))),
)  # fmt: skip


def _is_in_type(args: Sequence[Atom]) -> Type:
    for arg, name in zip(args[2:], IN, strict=True):
        infer.static(arg, name)
    return Array("bool", dims_of(args[0].type))


IN = {"assume_unique": False, "invert": False}
inert(
    np.isin, ("element", "test_elements", *IN), _is_in_type, "a truth value", defaults=IN,
    named=tuple(IN), noun="test",
    samples=((VECTOR, np.array([3.0, 1.0]), False, False), (MATRIX, VECTOR, False, True)),
)  # fmt: skip
for _sign in (np.isposinf, np.isneginf):
    inert(
        _sign, ("x",), lambda args: infer.of_dtype("bool", dims_of(args[0].type)),
        "a truth value", noun="test", samples=((np.array([1.0, np.inf, -np.inf, np.nan]),),),
    )  # fmt: skip

# -- indices of parts -----------------------------------------------------------------------------


def _triangle_type(args: Sequence[Atom]) -> tuple[Type, ...]:
    n, k, m = args
    sides = [n if isinstance(a, Const) and a.value is None else a for a in (n, m)]
    for side in sides:
        length_of(side)
    count = Sym(f"triangle({n!r},{k!r},{sides[1]!r})")
    return Array("i64", (count,)), Array("i64", (count,))


def _triangle(function: Any) -> Primitive:
    return inert(
        function, ("n", "k", "m"), _triangle_type, "an index", defaults={"k": 0, "m": None},
        named=("m",), noun="places", means=(), results=("rows", "columns"), raises=may_fail,
        samples=((3, 0, None), (3, -1, 4), (2, 1, None)),
    )  # fmt: skip


LOWER, UPPER = _triangle(np.tril_indices), _triangle(np.triu_indices)


@means(np.tril_indices, samples=((3,), (3, -1, 4)), inert=True)
def _tril_indices(n: int, k: int = 0, m: Any = None) -> Any:
    return tuple(LOWER(n, k, m))


@means(np.triu_indices, samples=((3,), (3, 1), (3, {"m": 2})), inert=True)
def _triu_indices(n: int, k: int = 0, m: Any = None) -> Any:
    return tuple(UPPER(n, k, m))


@means(np.tril_indices_from, samples=((MATRIX,), (MATRIX, -1)), inert=True)
def _tril_indices_from(arr: Any, k: int = 0) -> Any:
    return tuple(LOWER(arr.shape[0], k, arr.shape[1]))


@means(np.triu_indices_from, samples=((MATRIX,), (MATRIX, {"k": 1})), inert=True)
def _triu_indices_from(arr: Any, k: int = 0) -> Any:
    return tuple(UPPER(arr.shape[0], k, arr.shape[1]))


@means(np.diag_indices, samples=((3,), (2, 3)), inert=True)
def _diag_indices(n: int, ndim: int = 2) -> Any:
    places = np.arange(n)
    return tuple([places for _ in range(ndim)])


@means(np.diag_indices_from, samples=((np.eye(3),),), inert=True)
def _diag_indices_from(arr: Any) -> Any:
    n, ndim = arr.shape[0], arr.ndim
    for axis in range(ndim):
        if arr.shape[axis] != n:
            raise ValueError("All dimensions of input must be of equal length")
    return _diag_indices(n, ndim)


@compile_time
def lying(k: int, count: int) -> tuple[int, ...]:
    """The axes that a vector lacks to lie along axis k of so many."""
    return tuple(axis for axis in range(count) if axis != k)


@means(np.ix_, samples=(([0, 2], [1, 3, 0]), (np.array([True, False, True]), [1])), inert=True)
def _ix(*args: Any) -> Any:
    vectors = [np.asarray(a) for a in args]
    places = [np.flatnonzero(v) if v.dtype.kind == "b" else v for v in vectors]
    if len(places) == 1:
        return tuple(places)
    return tuple([np.expand_dims(p, lying(k, len(places))) for k, p in enumerate(places)])


def _grid_type(args: Sequence[Atom]) -> Type:
    return Array("i64", (len(args), *map(length_of, args)))


def _grid(*lengths: int) -> Any:
    return np.indices(lengths)


INDICES = register(
    Primitive("np.indices", _grid, _grid_type, Special(), ("*dimensions",), noun="places"),
    Flat("an index", samples=((2, 3), (4,))),
)


@means(np.indices, samples=(((2, 3),), ((4,),), ((2, 3), {"sparse": True})), inert=True)
def _indices(dimensions: Any, dtype: Any = int, sparse: bool = False) -> Any:
    if sparse:
        return _ix(*[np.arange(n) for n in dimensions])
    made = INDICES(*dimensions)
    return made if dtype is int else made.astype(dtype)

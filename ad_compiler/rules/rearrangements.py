"""Functions of NumPy that are other functions in disguise, written as what they are."""

from __future__ import annotations

from types import FunctionType
from typing import Any, cast

import numpy as np

from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.allocation import MATRIX, VECTOR
from ad_compiler.rules.indexing import GETITEM
from ad_compiler.rules.registry import ATTRIBUTES, METHODS, compile_time, means
from ad_compiler.rules.shaping import axes_of

BOX = np.arange(24.0).reshape(2, 3, 4)
NUMBER = 1.5

# -- order of elements and axes -------------------------------------------------------------------


@means(np.fliplr, samples=((MATRIX,),))
def _fliplr(m: Any) -> Any:
    return np.flip(m, 1)


@means(np.flipud, samples=((MATRIX,), (VECTOR,)))
def _flipud(m: Any) -> Any:
    return np.flip(m, 0)


@compile_time
def quarter_turns(k: int) -> int:
    """How often to turn, at most three times."""
    return k % 4


@compile_time
def plane(axes: Any, rank: int) -> tuple[int, ...]:
    """The two axes in whose plane an array is turned."""
    places = axes_of(tuple(axes), rank)
    if len(places) != 2 or places[0] == places[1]:
        raise TypeRefusal(f"np.rot90 with the axes {axes}", "give two different axes")
    return places


@means(np.rot90, samples=((MATRIX,), (MATRIX, 2), (MATRIX, 3), (BOX, -1, (2, 1)), (MATRIX, 4)))
def _rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    turns, axes = quarter_turns(k), plane(axes, m.ndim)
    if turns == 0:
        return part(m)
    if turns == 2:
        return np.flip(np.flip(m, axes[0]), axes[1])
    if turns == 1:
        return np.swapaxes(np.flip(m, axes[1]), axes[0], axes[1])
    return np.flip(np.swapaxes(m, axes[0], axes[1]), axes[1])


@compile_time
def rolled_place(axis: int, start: int, rank: int) -> int:
    """Where `np.rollaxis` puts an axis, as `np.moveaxis` counts."""
    axis, start = axis % rank, start + rank if start < 0 else start
    return start - 1 if axis < start else start


@means(np.rollaxis, samples=((BOX, 2), (BOX, 0, 3), (BOX, 1, 2), (BOX, -1, -2)))
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    return np.moveaxis(a, axis, rolled_place(axis, start, a.ndim))


@means(np.matrix_transpose, samples=((BOX,), (MATRIX,)))
def _matrix_transpose(x: Any, /) -> Any:
    return np.swapaxes(x, -1, -2)


ATTRIBUTES["mT"] = _matrix_transpose


def part(x: Any) -> Any:
    """A view of all of x; a number is its own."""
    return GETITEM(x, ("...",)) if np.ndim(x) > 0 else x


def _view(x: Any, dtype: Any = None, type: Any = None) -> Any:
    if dtype is not None or type is not None:
        raise TypeRefusal("a view of an array as something else", "convert it with .astype(...)")
    return part(x)


METHODS["view"] = cast(FunctionType, _view)


# -- at least so many axes ------------------------------------------------------------------------


def _each(arrays: Any, one: Any) -> Any:
    made = tuple(one(a) for a in arrays)
    return made[0] if len(made) == 1 else made


def _as_1d(a: Any) -> Any:
    return np.array([a]) if np.ndim(a) == 0 else part(a)


def _as_2d(a: Any) -> Any:
    if np.ndim(a) == 0:
        return np.array([[a]])
    return np.expand_dims(a, 0) if np.ndim(a) == 1 else part(a)


def _as_3d(a: Any) -> Any:
    if np.ndim(a) == 0:
        return np.array([[[a]]])
    if np.ndim(a) == 1:
        return np.expand_dims(a, (0, 2))
    return np.expand_dims(a, 2) if np.ndim(a) == 2 else part(a)


@means(np.atleast_1d, samples=((VECTOR,), (NUMBER,), (NUMBER, MATRIX)))
def _atleast_1d(*arys: Any) -> Any:
    return _each(arys, _as_1d)


@means(np.atleast_2d, samples=((VECTOR,), (NUMBER,), (BOX,)))
def _atleast_2d(*arys: Any) -> Any:
    return _each(arys, _as_2d)


@means(np.atleast_3d, samples=((VECTOR,), (NUMBER,), (MATRIX,), (BOX,)))
def _atleast_3d(*arys: Any) -> Any:
    return _each(arys, _as_3d)


# -- joining --------------------------------------------------------------------------------------


@means(np.vstack, samples=(([VECTOR, VECTOR],), ((MATRIX, VECTOR),)))
def _vstack(tup: Any) -> Any:
    return np.concatenate([_as_2d(a) for a in tup], 0)


@means(np.hstack, samples=(([VECTOR, VECTOR[:2]],), ([MATRIX, MATRIX],), ([NUMBER, VECTOR],)))
def _hstack(tup: Any) -> Any:
    arrays = [_as_1d(a) for a in tup]
    return np.concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


@means(np.dstack, samples=(([VECTOR, VECTOR],), ([MATRIX, MATRIX],)))
def _dstack(tup: Any) -> Any:
    return np.concatenate([_as_3d(a) for a in tup], 2)


def _as_column(a: Any) -> Any:
    return np.expand_dims(_as_1d(a), 1) if np.ndim(a) < 2 else a


@means(np.column_stack, samples=(([VECTOR, VECTOR],), ([MATRIX, VECTOR[:2]],)))
def _column_stack(tup: Any) -> Any:
    return np.concatenate([_as_column(a) for a in tup], 1)


@means(np.append, samples=((VECTOR, 2.0), (VECTOR, MATRIX), (MATRIX, MATRIX, 1), (VECTOR, [1.0])))
def _append(arr: Any, values: Any, axis: Any = None) -> Any:
    if axis is not None:
        return np.concatenate([arr, values], axis)
    return np.concatenate([np.ravel(np.asarray(arr)), np.ravel(np.asarray(values))])


# -- splitting ------------------------------------------------------------------------------------


@compile_time
def along_axis(axis: int, rank: int, item: str) -> tuple[str, ...]:
    """The pattern of an index of one axis."""
    return (":",) * (axis % rank) + (item,)


def _pieces(ary: Any, bounds: Any, axis: int) -> Any:
    pattern = along_axis(axis, ary.ndim, "a:b")
    return [GETITEM(ary, pattern, bounds[k], bounds[k + 1]) for k in range(len(bounds) - 1)]


def _split(ary: Any, indices_or_sections: Any, axis: int) -> Any:
    """Parts of equal length; reshape raises where there are none."""
    if not isinstance(indices_or_sections, int):
        return _array_split(ary, indices_or_sections, axis)
    parts, shape = indices_or_sections, ary.shape
    k = axis if axis >= 0 else axis + ary.ndim
    stacked = ary.reshape(*shape[:k], parts, shape[k] // parts, *shape[k + 1 :])
    pattern = along_axis(k, ary.ndim, "int")
    return [GETITEM(stacked, pattern, n) for n in range(parts)]


@means(np.split, samples=((BOX, 2, 2), (VECTOR, 3), (VECTOR, [1, 2]), (MATRIX, (1,), 1)))
def _np_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return _split(ary, indices_or_sections, axis)


@means(np.array_split, samples=((VECTOR, 2), (BOX, 3, -1), (VECTOR, [1])))
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    n = ary.shape[axis]
    if not isinstance(indices_or_sections, int):
        return _pieces(ary, [0, *indices_or_sections, n], axis)
    parts = indices_or_sections
    longer = n % parts
    bounds = [k * (n // parts) + min(k, longer) for k in range(parts + 1)]
    return _pieces(ary, bounds, axis)


@means(np.hsplit, samples=((VECTOR, 3), (MATRIX, [1])))
def _hsplit(ary: Any, indices_or_sections: Any) -> Any:
    return _split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@means(np.vsplit, samples=((MATRIX, 2),))
def _vsplit(ary: Any, indices_or_sections: Any) -> Any:
    if ary.ndim < 2:
        raise TypeRefusal("np.vsplit of a vector", "use np.split")
    return _split(ary, indices_or_sections, 0)


@means(np.dsplit, samples=((BOX, 2),))
def _dsplit(ary: Any, indices_or_sections: Any) -> Any:
    if ary.ndim < 3:
        raise TypeRefusal("np.dsplit of less than three axes", "use np.split")
    return _split(ary, indices_or_sections, 2)


# -- grids ----------------------------------------------------------------------------------------


@means(
    np.broadcast_arrays,
    samples=((VECTOR, MATRIX), (NUMBER, VECTOR), (VECTOR.reshape(3, 1), VECTOR)),
)
def _broadcast_arrays(*args: Any) -> Any:
    common: Any = sum(np.zeros_like(a) for a in args)
    return tuple(np.broadcast_to(a, common.shape) for a in args)


@means(
    np.meshgrid,
    samples=((VECTOR, VECTOR[:2]), (VECTOR, VECTOR[:2], {"indexing": "ij"}),
             (VECTOR, VECTOR[:2], {"sparse": True}), (VECTOR,)),
)  # fmt: skip
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if not copy:
        raise TypeRefusal("np.meshgrid whose arrays share memory", "leave out copy=False")
    flat = [np.ravel(np.asarray(x)) for x in xi]
    count = len(flat)
    swap = indexing == "xy" and count > 1
    lengths = [flat[grid_axis(k, swap)].shape[0] for k in range(count)]
    made = [
        np.expand_dims(x, other_axes(grid_axis(k, swap), count)) if count > 1 else x
        for k, x in enumerate(flat)
    ]
    if sparse:
        return tuple(x.copy() for x in made)
    return tuple(np.broadcast_to(x, tuple(lengths)).copy() for x in made)


@compile_time
def grid_axis(k: int, swap: bool) -> int:
    """The axis of a grid along which its coordinate number k runs."""
    return 1 - k if swap and k < 2 else k


@compile_time
def other_axes(place: int, count: int) -> tuple[int, ...]:
    """All axes but one."""
    return tuple(k for k in range(count) if k != place)

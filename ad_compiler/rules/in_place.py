"""NumPy's functions that write into an array, as the assignments that they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import writes
from ad_compiler.rules.sorting import other_axes


@writes(np.copyto)
def _copyto(dst: Any, src: Any, where: Any = True) -> None:
    if isinstance(where, bool):
        dst[...] = src
    else:
        dst[...] = np.where(where, src, dst)


@writes(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    """Values that are fewer than the elements are repeated along all of them."""
    if np.ndim(values) == 0:
        a[...] = np.where(mask, values, a)
    else:
        a[...] = np.where(mask, np.resize(np.asarray(values), a.shape), a)


@writes(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    """The first values go where the mask is true, repeated if they are too few."""
    if np.ndim(vals) == 0:
        arr[mask] = vals
    else:
        arr[mask] = np.resize(np.asarray(vals), np.count_nonzero(mask))


@writes(np.ndarray.fill, method="fill")
def _fill(a: Any, value: Any, /) -> None:
    a[...] = value


@writes(np.ndarray.sort, method="sort")
def _sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> None:
    if axis is None:
        raise TypeRefusal("`.sort` of an array needs an axis", "sort `x.ravel()`")
    a[...] = np.sort(a, axis=axis, kind=kind, order=order, stable=stable)


@writes(np.ndarray.partition, method="partition")
def _partition(
    a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> None:
    a[...] = np.partition(a, kth, axis=axis, kind=kind, order=order)


@writes(np.ndarray.put, method="put")
@writes(np.put)
def _put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Places are counted along all elements; values that are too few are repeated."""
    places, values = np.asarray(ind).ravel(), np.asarray(v)
    if mode == "wrap":
        places = places % a.size
    elif mode == "clip":
        places = np.clip(places, 0, a.size - 1)
    filled = values if values.ndim == 0 else np.resize(values, places.size)
    if a.ndim == 1:
        a[places] = filled
    elif a.ndim == 2:
        a[places // a.shape[1], places % a.shape[1]] = filled
    else:
        raise TypeRefusal("np.put into more than two axes", "reshape before")


@writes(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Values that are too few are repeated along the diagonal."""
    if wrap or a.ndim != 2:
        raise TypeRefusal("np.fill_diagonal of what is no matrix, or with `wrap`", "loop")
    places = np.arange(min(a.shape[0], a.shape[1]))
    a[places, places] = val if np.ndim(val) == 0 else np.resize(np.asarray(val), places.size)


@writes(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    if axis is None:
        flat = arr.reshape(-1)
        flat[indices] = values
    elif arr.ndim == 1:
        arr[indices] = values
    elif arr.ndim == 2 and axis in (0, -2):
        arr[indices, np.expand_dims(np.arange(arr.shape[1]), other_axes(1, 2))] = values
    elif arr.ndim == 2:
        arr[np.expand_dims(np.arange(arr.shape[0]), other_axes(0, 2)), indices] = values
    else:
        raise TypeRefusal("np.put_along_axis in more than two axes", "loop over the first")

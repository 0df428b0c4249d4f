"""`np.pad` by statistics of the ends, and blocks of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ad_compiler.rules.indexing import GETITEM
from ad_compiler.rules.registry import compile_time
from ad_compiler.rules.repetition import pad_widths, pick_pattern

STATISTICS = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
BY_ENDS = (*STATISTICS, "linear_ramp")
"""The modes that compute what they put around an array."""


@compile_time
def statistic(mode: str) -> Any:
    """What a mode computes of the end of an axis."""
    return STATISTICS[mode]


@compile_time
def padded_axes(pad_width: Any, rank: int) -> tuple[tuple[int, int, int], ...]:
    """(axis, before, after) of the axes that become longer."""
    widths = pad_widths(pad_width, rank)
    return tuple((k, p, q) for k, (p, q) in enumerate(widths) if p + q > 0)


@compile_time
def on_both_sides(values: Any, axis: int, rank: int) -> tuple[Any, Any]:
    """What is given for the start and the end of an axis; None for all of it."""
    if values is None:
        return None, None
    start, end = np.broadcast_to(np.asarray(values), (rank, 2))[axis].tolist()
    return start, end


def _piece(x: Any, axis: int, item: str, bound: Any) -> Any:
    return GETITEM(x, pick_pattern(axis, x.ndim, item), bound)


def _ends(x: Any, axis: int, mode: str, lengths: Any) -> Any:
    """What stands before and after an axis."""
    of = statistic(mode)
    first, last = on_both_sides(lengths, axis, x.ndim)
    start = x if first is None else _piece(x, axis, ":b", min(first, x.shape[axis]))
    end = x if last is None else _piece(x, axis, "a:", x.shape[axis] - min(last, x.shape[axis]))
    return of(start, axis=axis, keepdims=True), of(end, axis=axis, keepdims=True)


def by_ends(
    array: Any, pad_width: Any, mode: Any, stat_length: Any = None, end_values: Any = 0
) -> Any:
    """`np.pad` in the modes that compute what they put around: axis by axis, as NumPy does."""
    x = np.asarray(array)
    for axis, before, after in padded_axes(pad_width, x.ndim):
        if mode == "linear_ramp":
            start, end = on_both_sides(end_values, axis, x.ndim)
            head = np.linspace(start, _piece(x, axis, "int", 0), before, endpoint=False, axis=axis)
            tail = np.linspace(end, _piece(x, axis, "int", -1), after, endpoint=False, axis=axis)
            parts = [head, x, np.flip(tail, axis)]
        else:
            first, last = _ends(x, axis, mode, stat_length)
            parts = [np.repeat(first, before, axis), x, np.repeat(last, after, axis)]
        x = np.concatenate(parts, axis)
    return x

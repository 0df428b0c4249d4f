"""What Python and NumPy do with the items of an iterable, in the accepted language."""

from __future__ import annotations

from typing import Any

import numpy as np


def best_by(items: Any, key: Any, beats: Any) -> Any:
    """`max(items, key=key)` or `min`: the first item whose key no other key beats."""
    xs = list(items)
    if len(xs) == 0:
        raise ValueError("max() or min() of an empty sequence")
    best = xs[0]
    top = key(best)
    for k, item in enumerate(xs):
        if k > 0:
            value = key(item)
            if beats(value, top):
                best, top = item, value
    return best


def best_by_or(items: Any, key: Any, beats: Any, default: Any) -> Any:
    """The same with a `default`."""
    xs = list(items)
    return best_by(xs, key, beats) if len(xs) > 0 else default


def extreme_or(items: Any, extreme: Any, default: Any) -> Any:
    """`max(items, default=default)` or `min`."""
    xs = list(items)
    return extreme(xs) if len(xs) > 0 else default


def kept(test: Any, items: Any) -> Any:
    """`list(filter(test, items))`."""
    if test is None:
        return [item for item in items if item]
    return [item for item in items if test(item)]


def all_true(items: Any) -> Any:
    """`all(items)`."""
    return all(item for item in items)


def any_true(items: Any) -> Any:
    """`any(items)`."""
    return any(item for item in items)


def star_mapped(function: Any, rows: Any) -> Any:
    """`list(itertools.starmap(function, rows))`."""
    return [function(*row) for row in rows]


def accumulated(items: Any, combine: Any) -> Any:
    """`list(itertools.accumulate(items, combine))`."""
    xs, made = list(items), []
    if len(xs) > 0:
        total = xs[0]
        made.append(total)
        for k, item in enumerate(xs):
            if k > 0:
                total = combine(total, item)
                made.append(total)
    return made


def accumulated_from(first: Any, items: Any, combine: Any) -> Any:
    """`list(itertools.accumulate(items, combine, initial=first))`."""
    total = first
    made = [total]
    for item in items:
        total = combine(total, item)
        made.append(total)
    return made


def cut_out(items: Any, start: Any, stop: Any, step: Any) -> Any:
    """`list(itertools.islice(items, start, stop, step))`."""
    xs = list(items)
    end = len(xs) if stop is None else min(stop, len(xs))
    return [xs[k] for k in range(start, end, step)]


def first_of(items: Any, count: Any) -> Any:
    """The items that `np.fromiter(items, dtype, count)` takes."""
    if count < 0:
        return items
    if len(items) < count:
        raise ValueError("iterator too short")
    return items[:count]


def each(function: Any, args: Any) -> Any:
    """What `np.vectorize(function)(*args)` computes, in a list."""
    columns = [a.ravel().tolist() for a in np.broadcast_arrays(*args)]
    return [function(*row) for row in zip(*columns, strict=True)]


def in_shape(made: Any, args: Any) -> Any:
    """The array of a list of results, in the shape of the arguments."""
    if len(made) == 0:
        raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
    return np.array(made).reshape(np.broadcast_arrays(*args)[0].shape)


def _order(keys: Any, reverse: bool) -> Any:
    """The places of keys in their order, of rows by their first number, then by the next."""
    if np.any(np.isnan(keys)):
        raise ValueError("sorted() of NaN")
    if reverse:
        keys = -keys
    if keys.ndim == 1:
        return np.argsort(keys, kind="stable")
    order = np.arange(len(keys))
    for column in range(keys.shape[1] - 1, -1, -1):
        order = order[np.argsort(keys[order, column], kind="stable")]
    return order


def sorted_by(items: Any, key: Any, reverse: bool) -> Any:
    """`sorted(items, key=key, reverse=reverse)`, of keys that are numbers or tuples of them."""
    xs = list(items)
    keys = [key(item) for item in xs]
    return [xs[k] for k in _order(np.array(keys), reverse)]


def sorted_rows(items: Any, reverse: bool) -> Any:
    """`sorted(items, reverse=reverse)` of tuples of numbers."""
    xs = list(items)
    return [xs[k] for k in _order(np.array(xs), reverse)]

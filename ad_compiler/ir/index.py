"""How an index expression is held: a static pattern, and operands for its dynamic parts.

A pattern is a tuple of items: `int` (one operand), `new` (np.newaxis), `...`, `array` (an integer
array operand), `mask` (a bool array operand), or a slice, written with a letter for each bound
that is given: `:`, `a:`, `:b`, `a:b`, `::c`, …  Each letter takes one operand. So `x[i, 1:n]` is
`getitem x ("int", "a:b") i 1 n`.

A place in a view is written by a chain: `>` ends a view and begins what is taken of it, so
`x[1:-1][k]` is `("a:b", ">", "int")`. Besides an index, a view can be `T`, `transpose(1, 0, 2)`,
or `reshape(2)`, which takes as many lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Pattern = tuple[str, ...]

THEN = ">"
"""Ends a view in a chain."""

WHOLE: Pattern = ("...",)
"""All of an array."""


def is_slice(item: str) -> bool:
    """Whether an item of a pattern is a slice."""
    return ":" in item


def operand_count(item: str) -> int:
    """How many operands an item of a pattern takes."""
    if is_slice(item):
        return sum(c.isalpha() for c in item)
    if item.startswith("reshape"):
        return int(item[len("reshape(") : -1])
    return 1 if item in ("int", "array", "mask") else 0


def split_operands(pattern: Pattern, operands: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Each item of a pattern with its own operands."""
    at = 0
    for item in pattern:
        count = operand_count(item)
        yield item, list(operands[at : at + count])
        at += count


def slice_bounds(item: str, operands: Sequence[Any]) -> tuple[Any, Any, Any]:
    """(start, stop, step) of a slice item; None for a bound that is not given."""
    rest = iter(operands)
    bounds = {letter: next(rest) for letter in "abc" if letter in item}
    return bounds.get("a"), bounds.get("b"), bounds.get("c")


def concrete(pattern: Pattern, operands: Sequence[Any]) -> Any:
    """The Python index that a pattern with concrete operands stands for."""
    parts: list[Any] = []
    for item, own in split_operands(pattern, operands):
        if is_slice(item):
            parts.append(slice(*slice_bounds(item, own)))
        elif item == "new":
            parts.append(None)
        elif item == "...":
            parts.append(Ellipsis)
        else:
            parts.append(own[0])
    return parts[0] if len(parts) == 1 else tuple(parts)


Segment = tuple[Pattern, list[Any]]


def segments(pattern: Pattern, operands: Sequence[Any]) -> list[Segment]:
    """The views of a chain and, last, what is taken of them; each with its own operands."""
    found: list[Segment] = [((), [])]
    for item, own in split_operands(pattern, operands):
        if item == THEN:
            found.append(((), []))
        else:
            items, values = found[-1]
            found[-1] = ((*items, item), [*values, *own])
    return found


def axes_order(item: str) -> tuple[int, ...]:
    """The axes in `transpose(1, 0)`."""
    return tuple(map(int, item[len("transpose(") : -1].split(",")))


def view(x: Any, segment: Segment) -> Any:
    """One view of a chain, of a concrete array."""
    (first, *_), operands = segment
    if first == "T":
        return x.T
    if first.startswith("transpose"):
        return np.transpose(x, axes_order(first))
    if first.startswith("reshape"):
        return x.reshape(*operands)
    return x[concrete(*segment)]


def located(x: Any, pattern: Pattern, operands: Sequence[Any]) -> tuple[Any, Any]:
    """The view that a chain leads to, and the index into it."""
    *views, last = segments(pattern, operands)
    for segment in views:
        x = view(x, segment)
    return x, concrete(*last)


def composed(outer: Pattern, inner: Pattern) -> Pattern:
    """The pattern of what `inner` takes of the view `outer`; operands follow in order."""
    if outer == WHOLE:
        return inner
    inner = inner or WHOLE  # v[()] takes all of a view
    if all(item == "int" for item in outer) and not _apart(inner) and _begins_as_index(inner):
        return outer if inner == WHOLE else (*outer, *inner)
    return outer if inner == WHOLE and is_index(outer) else (*outer, THEN, *inner)


def _apart(pattern: Pattern) -> bool:
    """Whether arrays of indices stand behind a slice: an integer before would move their axes."""
    arrays = not {"array", "mask"}.isdisjoint(pattern)
    return arrays and pattern[0] not in ("int", "array", "mask")


def _begins_as_index(pattern: Pattern) -> bool:
    """Whether the first part of a chain is an index, or takes all."""
    return not pattern or is_index(pattern[:1])


def is_index(pattern: Pattern) -> bool:
    """Whether the last part of a chain is an index, so that it can be assigned to."""
    last = pattern[-1]
    return last != "T" and not last.startswith(("transpose", "reshape"))


def is_whole(pattern: Pattern) -> bool:
    """Whether an index takes all of an array."""
    return all(item in ("...", ":") for item in pattern)

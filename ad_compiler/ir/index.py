"""How an index expression is held: a static pattern, and operands for its dynamic parts.

A pattern is a tuple of items: `int` (one operand), `new` (np.newaxis), `...`, `array` (an integer
array operand), `mask` (a bool array operand), or a slice, written with a letter for each bound
that is given: `:`, `a:`, `:b`, `a:b`, `::c`, …  Each letter takes one operand. So `x[i, 1:n]` is
`getitem x ("int", "a:b") i 1 n`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Pattern = tuple[str, ...]


def is_slice(item: str) -> bool:
    """Whether an item of a pattern is a slice."""
    return ":" in item


def operand_count(item: str) -> int:
    """How many operands an item of a pattern takes."""
    if is_slice(item):
        return sum(c.isalpha() for c in item)
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

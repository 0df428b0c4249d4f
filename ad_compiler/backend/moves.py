"""Parallel copies: assignments that all read before any of them writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """`target = source`, along an edge of the program."""

    target: str
    source: str
    is_name: bool


def ordered(moves: Sequence[Move]) -> list[str]:
    """Single assignments, in an order in which none overwrites what a later one reads.

    Only a true cycle needs `a, b = b, a`.
    """
    lines: list[str] = []
    readers: dict[str, int] = {}
    for move in moves:
        if move.is_name:
            readers[move.source] = readers.get(move.source, 0) + 1
    waiting = {move.target: move for move in moves}
    ready = [m for m in moves if readers.get(m.target, 0) == 0]
    while waiting:
        while ready:
            move = ready.pop(0)
            del waiting[move.target]
            lines.append(f"{move.target} = {move.source}")
            if not move.is_name:
                continue
            readers[move.source] -= 1
            if readers[move.source] == 0 and move.source in waiting:
                ready.append(waiting[move.source])
        if waiting:
            ready = _rotate(waiting, readers, lines)
    return lines


def _rotate(waiting: dict[str, Move], readers: dict[str, int], lines: list[str]) -> list[Move]:
    """Print one cycle as a tuple assignment; gives the moves that became possible."""
    cycle = [next(iter(waiting.values()))]
    while cycle[-1].source != cycle[0].target:
        cycle.append(waiting[cycle[-1].source])
    for move in cycle:
        del waiting[move.target]
        readers[move.source] -= 1
    targets = ", ".join(move.target for move in cycle)
    sources = ", ".join(move.source for move in cycle)
    lines.append(f"{targets} = {sources}")
    return [m for m in waiting.values() if readers.get(m.target, 0) == 0]

"""What the backward sweep of a block is given: values that are stored, and how to compute the rest.

    e = exp x                    stored: e
    p = add e 1        ⇒         again:  p = add e 1
    q = sub e 1                          q = sub e 1

A minimal cut. The source leads to the values that cannot be computed again, those that are needed
to the sink; a value may be cut at the price of its size (as in Enzyme; Moses and Churavy, 2020).
Of cuts of one price that nearest to what is needed is taken, since it leaves least to do again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod

from ad_compiler.ir.nodes import Atom, Let, Var, const
from ad_compiler.ir.types import Array, Int, Tape, Type, is_number

CHEAP = frozenset(
    {"add", "sub", "mul", "truediv", "neg", "abs", "lt", "le", "gt", "ge", "eq", "ne"}
)
"""Operators that are computed again rather than stored."""
CHEAP_NUMBERS = frozenset({"mod", "floordiv", "not"})
"""Operators on numbers that are: what colours a grid, and finds a parent in a tree."""
SMALL_POWERS = (-4, -3, -2, -1, 2, 3, 4)
"""Exponents with which a power of a number is: Numba multiplies."""
LOADS = frozenset({"getitem", "tape_get", "list_get", "list_item_get", "dim", "size"})
"""Operations that read what is stored elsewhere."""
LENGTH = 1000
"""How long an axis is taken to be."""
ITEM = {"bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4}
"""The bytes of an element, where they are not eight."""

Ways = Callable[[Var], list[Let]]
"""The statements that give a value again, best first; none for what must be stored."""


def is_cheap(let: Let) -> bool:
    """Whether a statement is run again rather than its value stored.

    What may raise may run again: with the same operands it did not raise the first time.
    """
    if let.prim.name in CHEAP_NUMBERS:
        return is_number(let.targets[0].type)
    if let.prim.name == "pow":
        powers = SMALL_POWERS if is_number(let.targets[0].type) else (2,)
        return any(let.args[1] == const(power) for power in powers)
    return let.prim.name in CHEAP or let.prim.name in LOADS


def _is_index(let: Let) -> bool:
    """Whether a statement loads, or computes with indices: that is never stored."""
    return let.prim.name in LOADS or (is_cheap(let) and isinstance(let.targets[0].type, Int))


def _is_pure(let: Let) -> bool:
    """Whether a statement computes a value, and makes no storage to be written to."""
    prim = let.prim
    return len(let.targets) == 1 and not (prim.allocates or prim.in_place is not None)


RUNS_AGAIN: dict[str, Callable[[Let], bool]] = {
    "store": _is_index,
    "auto": is_cheap,
    "recompute": _is_pure,
}
"""By memory mode: which statements may be run again. The results are the same to the bit."""


@dataclass(slots=True)
class Region:
    """The values of a block, in the order in which they are defined, and how to have them again."""

    values: list[Var]
    at_hand: set[Var]
    changing: Collection[Atom]
    """The values whose storage is written to, so that what is stored is a copy."""
    ways: Ways
    way: dict[Var, Let | None] = field(default_factory=dict[Var, "Let | None"])
    """How each value is computed again; None for what must be stored."""
    free: set[Var] = field(default_factory=set[Var])
    """The values that take no storage, since they follow from what is at hand."""

    def __post_init__(self) -> None:
        offered = {value: self.ways(value) for value in self.values}
        todo, count = self.values, -1
        while len(todo) != count:  # a load may read an index that is computed after the value
            count = len(todo)
            todo = [v for v in todo if not self._is_free(v, offered)]
        place = {value: k for k, value in enumerate(self.values)}
        for value in todo:
            self.way[value] = next(
                (let for let in offered[value] if _reads_back(let, place, value)), None
            )

    def _is_free(self, value: Var, offered: Mapping[Var, list[Let]]) -> bool:
        """Whether all that one of the ways reads is at hand, or free."""
        for let in offered[value]:
            inside = (a for a in let.args if isinstance(a, Var) and a in offered)
            if all(a in self.free or a in self.at_hand for a in inside):
                self.free.add(value)
                self.way[value] = let
                return True
        return False

    def sources(self, value: Var) -> Iterator[Var]:
        """The values of the region that its way reads."""
        let = self.way[value]
        return (a for a in (let.args if let else ()) if isinstance(a, Var) and a in self.way)


def plan(region: Region, needed: list[Var]) -> tuple[list[Var], list[Let]]:
    """Which values to store, and which statements to run again, for all that is needed."""
    dear = {v for v in needed if v not in region.at_hand and v not in region.free}
    stored = cut(region, dear) if any(region.way[v] for v in dear) else dear
    return [v for v in region.values if v in stored], _run(region, needed, stored)


def _run(region: Region, needed: list[Var], stored: set[Var]) -> list[Let]:
    """The statements for what is needed and not stored, each behind those that it reads."""
    known = stored | region.at_hand
    again: list[Let] = []
    todo = needed[::-1]
    while todo:
        value = todo[-1]
        missing = [] if value in known else [a for a in region.sources(value) if a not in known]
        if missing:
            todo += missing
            continue
        todo.pop()
        if value not in known:
            let = region.way[value]
            assert let is not None, f"{value} is neither stored nor computed"
            known.add(value)
            again.append(let)
    return again


def _reads_back(let: Let, place: Mapping[Var, int], value: Var) -> bool:
    """Whether a statement reads only what is defined before a value."""
    return all(place.get(a, -1) < place[value] for a in let.args if isinstance(a, Var))


def price(value: Var, *, copied: bool) -> int:
    """The bytes that a value takes, which a copy also has to write."""
    return _size(value.type) * (2 if copied and isinstance(value.type, Array) else 1)


def _size(type_: Type) -> int:
    match type_:
        case Array(dtype, dims):
            return ITEM.get(dtype, 8) * prod(d if isinstance(d, int) else LENGTH for d in dims)
        case Tape(element):
            return LENGTH * _size(element)
        case _:
            return 8


def cut(region: Region, needed: set[Var]) -> set[Var]:
    """The cheapest values from which those that are needed can be computed.

    Each value is an edge from its way in to its way out; Ford and Fulkerson (1956).
    """
    flow = _Flow()
    todo, seen = list(needed), set(needed)
    for value in needed:
        flow.connect((value, OUT), SINK)
    while todo:
        value = todo.pop()
        flow.connect((value, IN), (value, OUT), price(value, copied=value in region.changing))
        if region.way[value] is None:
            flow.connect(SOURCE, (value, IN))
        for source in region.sources(value):
            if source in region.free or source in region.at_hand:
                continue
            flow.connect((source, OUT), (value, IN))
            if source not in seen:
                seen.add(source)
                todo.append(source)
    below = flow.below_the_cut()
    return {v for v in seen if (v, OUT) in below and (v, IN) not in below}


IN, OUT = 0, 1
Node = tuple[Var | None, int]
SOURCE: Node = (None, IN)
SINK: Node = (None, OUT)
ENDLESS = 10**30


class _Flow:
    """A network with the room that is left on each edge."""

    def __init__(self) -> None:
        self.room: dict[Node, dict[Node, int]] = {SOURCE: {}, SINK: {}}

    def connect(self, one: Node, other: Node, room: int = ENDLESS) -> None:
        self.room.setdefault(one, {})[other] = room
        self.room.setdefault(other, {}).setdefault(one, 0)

    def below_the_cut(self) -> set[Node]:
        """From where the sink can still be reached once the flow is as large as it can be."""
        while True:
            after = self.towards_the_sink()
            if SOURCE not in after:
                return set(after)
            path = [SOURCE]
            while path[-1] != SINK:
                path.append(after[path[-1]])
            edges = list(pairwise(path))
            least = min(self.room[a][b] for a, b in edges)
            for a, b in edges:
                self.room[a][b] -= least
                self.room[b][a] += least

    def towards_the_sink(self) -> dict[Node, Node]:
        """For each node from which there is room up to the sink, the next one on the way."""
        after: dict[Node, Node] = {SINK: SINK}
        todo = deque([SINK])
        while todo:
            node = todo.popleft()
            for before in self.room[node]:
                if before not in after and self.room[before][node] > 0:
                    after[before] = node
                    todo.append(before)
        return after

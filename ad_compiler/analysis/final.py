"""Elements of arrays that nothing overwrites any more.

    for t in range(n):                  backward, h[t] is what it was: it can be
        h[t + 1] = tanh(w * h[t])       read from the final h, and needs no tape

The value that a load gives is followed through all later stores, to the end of the outermost loop
that carries the array; each of them must be to another place on some axis. Places are compared
as linear forms of loop indices (`linear`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ad_compiler.ir.index import is_slice, slice_bounds, split_operands
from ad_compiler.ir.linear import Forms, Linear
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    blocks_of,
    defined_by,
)
from ad_compiler.ir.types import Array, Type, same_shape
from ad_compiler.rules.registry import PRIMITIVES

STORES = ("store", "add_at")
Env = Mapping[Var, "Linear | None"]
Interval = tuple["Linear | None", "Linear | None"]
"""The first and the last index on an axis, None for what cannot be told."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands."""

    stmt: Stmt
    position: int
    block: Block
    holder: Place | None
    """The statement that holds the block."""


class Index:
    """Where each value of a program is defined, and by which operation."""

    def __init__(self, block: Block) -> None:
        self.places: dict[Var, Place] = {}
        self.lets: dict[Var, Let] = {}
        self.stores: dict[Var, Let] = {}
        """The statement that stores each value."""
        self._note(block, None)

    def _note(self, block: Block, holder: Place | None) -> None:
        for position, stmt in enumerate(block.body):
            place = Place(stmt, position, block, holder)
            for target in defined_by(stmt):
                self.places[target] = place
            if isinstance(stmt, Let):
                self.lets.update(dict.fromkeys(stmt.targets, stmt))
                if stmt.prim.name == "store" and isinstance(stmt.args[2], Var):
                    self.stores[stmt.args[2]] = stmt
            for inner in blocks_of(stmt):
                self._note(inner, place)


class Final:
    """What of a program's arrays is final where it is read."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.reloads: dict[Var, Let | None] = {}

    @cached_property
    def index(self) -> Index:
        """Made when it is first asked for, since few programs ask."""
        return Index(self.function.block)

    def reload(self, value: Var) -> Let | None:
        """A load of the value from an array that outlives its loop; None if it is overwritten."""
        if value not in self.reloads:
            self.reloads[value] = self._reload(value)
        return self.reloads[value]

    def _reload(self, value: Var) -> Let | None:
        places = self.index.places
        let, store = self.index.lets.get(value), self.index.stores.get(value)
        found: Let | None = None
        if let is not None and let.prim.name == "getitem":
            array, pattern, *operands = let.args
            found = self._from(value, array, pattern, operands, places[value])
        if found is None and store is not None:
            place = places[store.targets[0]]
            if value in places and places[value].block is place.block:
                _, pattern, _, *operands = store.args
                found = self._from(value, store.targets[0], pattern, operands, place)
        return found

    def _from(
        self, value: Var, array: Atom, pattern: Atom, operands: list[Atom], place: Place
    ) -> Let | None:
        """The load of an element of an array, from what the array is in the end."""
        if not isinstance(array, Var):
            return None
        chase = Chase(self.index.lets, pattern, operands, place)
        end = chase.end(array)
        if end is None or end is array:
            return None
        getitem = PRIMITIVES["getitem"]
        args = (end, pattern, *operands)
        same = _same(getitem.infer(args), value.type)
        return Let((value,), getitem, args, place.stmt.at) if same else None


def _same(element: object, type_: Type) -> bool:
    """Whether an element is all of a value that was stored: not a copy in each of its places."""
    if isinstance(type_, Array) and isinstance(element, Array):
        return element.dtype == type_.dtype and same_shape(element.dims, type_.dims)
    return element == type_


class Chase:
    """Follows an array from where an element was read."""

    def __init__(
        self, lets: Mapping[Var, Let], pattern: Atom, operands: list[Atom], place: Place
    ) -> None:
        self.forms = Forms(lets)
        self.place = place
        for loop in reversed(list(loops_around(place))):
            self.forms.enter(loop, {}, loop.body.params[0])
        self.read = list(self.intervals(pattern, operands, {}))

    def end(self, array: Var) -> Var | None:
        """What the array is when it has outlived all loops; None if the element may change.

        Only where at least one loop was left: else there is nothing to gain.
        """
        now, place, left = array, self.place, False
        while True:
            found = self.through(now, place.block.body[place.position + 1 :], {})
            if found is None:
                return None
            now = found
            holder = place.holder
            if holder is None:
                return now if left else None
            stmt = holder.stmt
            assert not isinstance(stmt, Let | Effect)
            if now not in place.block.results:
                if now in _defined(place.block):
                    return now if left else None
            elif isinstance(stmt, For | While):
                carried = self.later_trips(stmt, place.block, now)
                if carried is None:
                    return None
                now, left = carried, True
            else:
                now = stmt.targets[place.block.results.index(now)]
            place = holder

    def later_trips(self, loop: For | While, block: Block, now: Var) -> Var | None:
        """Go through the trips after the one at hand, to the end of the loop."""
        if block is not loop.body:
            return None
        at = block.results.index(now)
        env: dict[Var, Linear | None] = dict.fromkeys(_defined(block))
        params = block.params
        if isinstance(loop, For):
            index, *rest = params
            env[index] = self.next_index(loop, index)
            params = tuple(rest)
        return loop.targets[at] if self.through(params[at], block.body, env) is now else None

    def next_index(self, loop: For, index: Var) -> Linear | None:
        """The index of a later trip: at least one step further."""
        if not isinstance(loop.step, Const):
            return None
        step = loop.step.value * (-1 if loop.descending else 1)
        further = Linear(((index, 1),), step)
        least, greatest = self.forms.bounds[index]
        if step > 0:
            return self.forms.some(further, greatest)
        return self.forms.some(least, further)

    def through(self, now: Var, body: Sequence[Stmt], env: Env) -> Var | None:
        """What becomes of the array in some statements, if they leave the element alone."""
        current: Var | None = now
        for stmt in body:
            if current is None:
                return None
            match stmt:
                case Let():
                    current = self.through_let(stmt, current, env)
                case If():
                    current = self.through_branch(stmt, current, env)
                case For() | While() if current in stmt.inits:
                    current = self.through_loop(stmt, current, env)
                case _:
                    current = self.through_other(stmt, current)
        return current

    def through_other(self, _stmt: Stmt, now: Var) -> Var | None:
        """A statement that does not carry the array."""
        return now

    def through_let(self, stmt: Let, now: Var, env: Env) -> Var | None:
        changes = stmt.prim.in_place is not None and stmt.args[stmt.prim.in_place] is now
        if not changes:
            return now
        return stmt.targets[0] if self.misses(stmt, env) else None

    def through_branch(self, stmt: If, now: Var, env: Env) -> Var | None:
        arms = (stmt.then, stmt.orelse)
        ends = [self.through(now, arm.body, env) for arm in arms]
        if None in ends:
            return None
        if all(end is now for end in ends):
            return now
        pairs = zip(stmt.targets, *(arm.results for arm in arms), strict=True)
        return next((t for t, a, b in pairs if a is ends[0] and b is ends[1]), None)

    def through_loop(self, loop: For | While, now: Var, env: Env) -> Var | None:
        at = loop.inits.index(now)
        inner = {**env, **dict.fromkeys(_defined(loop.body))}
        params = loop.body.params
        if isinstance(loop, For):
            index, *rest = params
            params = tuple(rest)
            fresh = Var(index.name, index.type)
            self.forms.enter(loop, env, fresh)
            inner[index] = Linear(((fresh, 1),))
        end = self.through(params[at], loop.body.body, inner)
        return loop.targets[at] if end is not None and end is loop.body.results[at] else None

    def misses(self, store: Let, env: Env) -> bool:
        """Whether a store goes to another place on some axis."""
        if store.prim.name not in STORES:
            return False
        _, pattern, _, *operands = store.args
        return self.elsewhere(pattern, operands, env)

    def elsewhere(self, pattern: Atom, operands: Sequence[Atom], env: Env) -> bool:
        """Whether an index is another place than the one followed, on some axis."""
        return any(map(self.apart, self.read, self.intervals(pattern, operands, env)))

    def apart(self, one: Interval, other: Interval) -> bool:
        """Whether two intervals have no index in common, none of them counted from the end."""
        return self.before(one, other) or self.before(other, one)

    def before(self, one: Interval, other: Interval) -> bool:
        (first, last), (later, _) = one, other
        if first is None or last is None or later is None:
            return False
        return self.forms.at_least(later.plus(last, -1), 1) and self.forms.at_least(first, 0)

    def intervals(self, pattern: Atom, operands: Sequence[Atom], env: Env) -> Iterator[Interval]:
        """What an index takes of each axis, as far as axes can be told."""
        assert isinstance(pattern, Const)
        for item, own in split_operands(pattern.value, operands):
            if item == "int":
                form = self.forms.form(own[0], env)
                yield form, form
            elif is_slice(item):
                yield self.slice(*slice_bounds(item, own), env)
            elif item == "array":
                yield None, None
            else:
                return

    def slice(self, start: Atom | None, stop: Atom | None, step: Atom | None, env: Env) -> Interval:
        """The interval that a slice lies in; bounds that may count from the end tell nothing."""
        if step is not None and not (isinstance(step, Const) and step.value > 0):
            return None, None
        first = Linear() if start is None else self.forms.form(start, env)
        after = None if stop is None else self.forms.form(stop, env)
        if not self.forms.at_least(first, 0):
            return None, None
        last = after.plus(Linear((), 1), -1) if after and self.forms.at_least(after, 0) else None
        return first, last


def loops_around(place: Place) -> Iterator[For]:
    """The loops with an index that a statement is in, innermost first."""
    holder = place.holder
    while holder is not None:
        if isinstance(holder.stmt, For):
            yield holder.stmt
        holder = holder.holder


def _defined(block: Block) -> Iterator[Var]:
    """All that is defined in a block, at any depth."""
    yield from block.params
    for stmt in block.body:
        yield from defined_by(stmt)
        for inner in blocks_of(stmt):
            yield from _defined(inner)


__all__ = ["Final"]

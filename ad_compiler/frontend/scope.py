"""The names of a function while it is lowered."""

from __future__ import annotations

import ast
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field

from ad_compiler.frontend import optional
from ad_compiler.frontend.flow import Flow
from ad_compiler.frontend.iterators import require_once
from ad_compiler.frontend.lifetimes import last_mentions
from ad_compiler.frontend.names import varying
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.slots import DELETED, Slot, new_slot, require_bound, store
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.values import (
    Environment,
    Partial,
    UserFunction,
    Value,
    leaves_of,
)
from ad_compiler.frontend.watching import REMEDY, Watch, is_computed, watch
from ad_compiler.ir.builder import Builder, Cell, Frame
from ad_compiler.ir.nodes import Const, const
from ad_compiler.ir.primitive import TypeRefusal


@dataclass(eq=False)
class Scope:
    """One call of a function: what its names are bound to.

    `result_name` is the name that a returned expression gets.
    """

    code: Code
    environment: Environment
    local: frozenset[str]
    result_name: str = ""
    slots: dict[str, Slot] = field(default_factory=dict[str, Slot])
    parked: dict[tuple[ast.AST, str], Slot] = field(
        default_factory=dict["tuple[ast.AST, str]", "Slot"]
    )
    """What names are inside of a loop, outside of it."""
    flow: Flow | None = None
    """Where jumps go."""
    result: Slot | None = None
    """What is returned, and whether it was."""
    returned: Cell | None = None
    outside: frozenset[str] = frozenset()
    """The names that the loops around here bind and that are read after one of them."""
    base: Frame | None = None
    """The frame around the outermost loop."""
    home: Frame | None = None
    """The frame that the names live in: that of the call."""
    outer: Scope | None = None
    """The scope around a comprehension, which has names of its own."""
    watches: dict[str, Watch] = field(default_factory=dict[str, "Watch"])
    """What the iterators that names are bound to were made of."""
    needed: frozenset[str] = frozenset()
    """The names that an arm mentions which is lowered later, though it stands earlier."""

    @property
    def names(self) -> frozenset[str]:
        """The names that are bound here and around here."""
        return self.local | (self.outer.names if self.outer else self.environment.names)

    def inner(self, names: frozenset[str]) -> Scope:
        """The scope of a comprehension with these names of its own."""
        return Scope(self.code, self.environment, names, outer=self)

    def bind(self, storage: Storage, name: str, value: Value) -> None:
        """Assign a name of the function."""
        if name not in self.local:
            self._bind_outside(storage, name, value)
            return
        require_once(storage, self.code, name, value)
        self.watches.pop(name, None)
        slot = self.slots.get(name)
        if slot is None:
            self.home = self.home or storage.builder.frame
            slot = self.slots[name] = new_slot(storage, name, self.home)
            slot.main.steady = name not in varying(self.code)
        if optional.bind(storage, self.code, slot, name, value):
            return
        builder = storage.builder
        base = self.base if name in self.outside else None
        if base is not None and builder.peek(slot.main) is None:
            slot.bound = slot.bound or Cell(f"{name}_bound", self.home or base)
            base.values[slot.bound] = const(False)
        store(storage, slot, value, base)
        if slot.bound is not None:
            builder.assign(slot.bound, const(True))

    def _bind_outside(self, storage: Storage, name: str, value: Value) -> None:
        """Assign a name of the function around."""
        if self.outer is not None:
            self.outer.bind(storage, name, value)
        elif self.environment.bind is not None:
            self.environment.bind(name, value)
        else:
            raise TypeRefusal(
                f"`{name}` is assigned, though what is around this function is constant here",
                "return the value instead",
            )

    def watch(self, storage: Storage, node: ast.AST, value: Value) -> Watch:
        """Watch what an iterator is made of."""
        computed = is_computed(storage, value)
        around = self.environment
        return watch(storage, self.slots, around, node, self.code.node, computed=computed)

    @contextmanager
    def looping(self, builder: Builder, names: frozenset[str]) -> Generator[None]:
        """A loop that binds names which are read after it, though it may have no trip."""
        outer = self.outside, self.base
        self.outside, self.base = self.outside | names, self.base or builder.frame
        try:
            yield
        finally:
            self.outside, self.base = outer

    def find(self, storage: Storage, name: str, *, free: bool = False) -> Value | None:
        """The value of a name that is read; None if there is no such name.

        `free`: it is read by a function inside.
        """
        if name not in self.local:
            outer = self.outer
            return outer.find(storage, name, free=free) if outer else self.environment.find(name)
        slot = self.slots.get(name)
        value = optional.loaded(storage, self.code, slot, name) if slot is not None else None
        if slot is None or value is None:
            raise NeedsStatic(frozenset(), Unbound(storage.builder, name, slot))
        assert not slot.ended, f"{name} is read after its end"
        watched = self.watches.get(name)
        if watched is not None and watched.has_changed(storage):
            raise TypeRefusal(f"what `{name}` goes through may have changed meanwhile", REMEDY)
        if isinstance(value, Const) and value.value is DELETED:
            raise TypeRefusal(f"`{name}` was deleted before", "delete it after its last use")
        if slot.bound is not None:
            require_bound(storage.builder, slot, free=free)
        if slot.has is None:
            return value
        found = optional.found(storage.builder, slot, value)
        if found is None:
            raise NeedsStatic(frozenset(), Unbound(storage.builder, name, slot))
        return found

    def forget(self, builder: Builder, result: Value) -> None:
        """This path returns: what it did to the names, nobody will see."""
        if builder.frame is self.home or _knows_names(result):
            return
        frame = builder.frame
        for slot in self.slots.values():
            for cell in (*slot.cells(), *((slot.bound,) if slot.bound else ())):
                if cell in frame.params:
                    frame.values[cell] = frame.params[cell]
                elif cell in frame.values and builder.outer(cell) is not None:
                    del frame.values[cell]

    def expire(self, storage: Storage, node: ast.AST) -> None:
        """Forget the names that are mentioned before a statement or call for the last time."""
        for name in last_mentions(self.code).get(node, ()):
            slot = self.slots.get(name)
            if slot is not None and name not in self.needed:
                slot.ended = True
                storage.release(slot.cells())

    @contextmanager
    def before(self, arm: Iterable[ast.stmt]) -> Generator[None]:
        """Statements that are lowered before an arm which they stand behind."""
        outer = self.needed
        mentioned = (node for stmt in arm for node in ast.walk(stmt))
        self.needed |= {node.id for node in mentioned if isinstance(node, ast.Name)}
        try:
            yield
        finally:
            self.needed = outer

    @contextmanager
    def confining(self, loop: ast.AST, names: Iterable[str]) -> Generator[None]:
        """Names are the loop's own: whatever is called so elsewhere is something else."""
        own = [(loop, name) for name in names]
        self.slots |= {key[1]: self.parked[key] for key in own if key in self.parked}
        try:
            yield
        finally:
            for key in own:
                if key[1] in self.slots:  # the loop may be built again
                    self.parked[key] = self.slots.pop(key[1])

    def leave(self, storage: Storage, result: Value) -> None:
        """The call is over: its names are gone, unless a function in the result knows them."""
        if not _knows_names(result):
            storage.release(cell for slot in self.slots.values() for cell in slot.cells())

    def cells(self, names: frozenset[str]) -> frozenset[Cell]:
        """The cells that some of the names have by now."""
        bound = [self.slots[name] for name in names if name in self.slots]
        return frozenset(cell for slot in bound for cell in slot.cells())


def _knows_names(result: Value) -> bool:
    """Whether a function in a result reads names of the call that it comes from."""
    return any(isinstance(leaf, UserFunction | Partial) for leaf in leaves_of(result))


class Unbound(TypeRefusal):
    """A name that is read where it has no value."""

    def __init__(self, builder: Builder, name: str, slot: Slot | None) -> None:
        if slot is not None and slot.main in builder.maybe_unbound:
            super().__init__(
                f"`{name}` is assigned on one path only, so it may have no value here",
                f"assign `{name}` before the branch or loop that assigns it",
            )
        else:
            super().__init__(
                f"`{name}` has no value here",
                f"assign `{name}` before this line: it is a local name",
            )
        self.name = name

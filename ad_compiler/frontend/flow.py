"""Where jumps go: `break`, `continue` and `return` as truth values.

A jump sets the flags of what it leaves. The statements after one run where the flag is not set:
they become the other arm of the branch that jumps, or are guarded by the flag.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ad_compiler.ir.builder import Builder, Cell
from ad_compiler.ir.nodes import Atom, const

TRUE, FALSE = const(True), const(False)


@dataclass(frozen=True, slots=True)
class Flow:
    """The flags of a trip of a loop, or of a whole function."""

    left: Cell
    """The rest of this trip, or function, does not run."""
    stop: Cell | None = None
    """There is no further trip; None in a function."""
    early: Cell | None = None
    """The loop was left by a jump, so that its `else` does not run; None if it has none."""

    def leave(self, builder: Builder, value: Atom = TRUE, *, trips: bool) -> None:
        """Leave this trip; and the loop, if `trips`."""
        builder.assign(self.left, value)
        if trips and self.stop is not None:
            builder.assign(self.stop, value)
            if self.early is not None:
                builder.assign(self.early, value)

    def end(self, builder: Builder) -> None:
        """End the loop as its condition does, before a trip."""
        builder.assign(self.left, TRUE)
        assert self.stop is not None
        builder.assign(self.stop, TRUE)


class HasFlow(Protocol):
    """A scope, of which only the flow matters here."""

    flow: Flow | None


@contextmanager
def entered(scope: HasFlow, flow: Flow) -> Generator[None]:
    """Jumps inside the `with` go where `flow` says."""
    outer, scope.flow = scope.flow, flow
    try:
        yield
    finally:
        scope.flow = outer


def flag(builder: Builder, cell: Cell | None) -> Atom:
    """The value of a flag."""
    value = None if cell is None else builder.read(cell)
    return FALSE if value is None else value

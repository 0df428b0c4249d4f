"""What the program must know at compile time, though it is a variable."""

from __future__ import annotations

from ad_compiler.errors import Span
from ad_compiler.ir.frames import Frame, JoinRefusal
from ad_compiler.ir.nodes import Var
from ad_compiler.ir.primitive import TypeRefusal


class NeedsStatic(Exception):
    """Integers that the program must know at compile time, though they are variables.

    Whoever made one of the variables may catch this, and lower again with its value.
    `avoidable`: the program may do without, at the price of a list that it looks into as it runs.
    """

    def __init__(
        self, needed: frozenset[Var], refusal: TypeRefusal, *, avoidable: bool = False
    ) -> None:
        super().__init__(refusal.reason)
        self.needed = needed
        self.avoidable = avoidable
        self.refusal = refusal
        self.optional: object = None
        """The name that is read where it may be None, if that is what is wrong."""
        self.at: Span | None = None
        self.text: str | None = None


class Ends(Exception):
    """An expression that raises whenever it is evaluated: the end of its path."""

    def __init__(self, frame: Frame, kind: str, message: str) -> None:
        super().__init__(message)
        self.frame = frame
        """Where it is evaluated."""
        self.kind = kind
        self.message = message


def differing(conflict: JoinRefusal) -> NeedsStatic:
    """What is raised where a name is read that differs too much between paths."""
    return NeedsStatic(conflict.needed, conflict)

"""What a forward statement yields beside its results, for the backward sweep.

if c:                       if c:
    t = sin(x)                  t = sin(x)
    y = t * t       ⇒           y = t * t
else:                       else:
    t = cos(x)                  t = cos(x)
    y = t + t                   y = t + t
=> y                        => y, t
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ad_compiler.ir.nodes import Var
from ad_compiler.ir.types import Type


@dataclass(slots=True)
class Extra:
    """What a statement additionally yields: for each value, the target it arrives in."""

    targets: dict[Var, Var] = field(default_factory=dict[Var, Var])
    count: Var | None = None
    """Behind the last trip: how often a loop ran, or where its index would go on."""
    lasts: dict[Var, Var] = field(default_factory=dict[Var, Var])
    """For values of a loop body, the targets that hold what they are in the last trip."""
    padded: set[Var] = field(default_factory=set[Var])
    """Values that go on a tape in each trip, also where they do not exist."""

    def shared(self, value: Var, arm: Collection[Var]) -> Var:
        """The target of a value of one arm of a branch: that of its namesake in the other arm."""
        taken = {self.targets[v] for v in arm if v in self.targets}
        alike = (
            target
            for target in self.targets.values()
            if target not in taken and (target.name, target.type) == (value.name, value.type)
        )
        return self.targets.setdefault(value, next(alike, None) or Var(value.name, value.type))

    def target(self, value: Var, name: str, type_: Type) -> Var:
        """The target of a value; the same one for every sweep that asks."""
        return self.targets.setdefault(value, Var(name, type_))

    def last(self, value: Var, name: str) -> Var:
        """The target of what a value is in the last trip."""
        return self.lasts.setdefault(value, Var(name, value.type))

    def all_targets(self) -> tuple[Var, ...]:
        count = (self.count,) if self.count else ()
        return (*dict.fromkeys(self.targets.values()), *self.lasts.values(), *count)

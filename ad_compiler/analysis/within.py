"""Which reads of elements certainly find one: loops go through arrays and lists by their lengths.

n = dim x 0
for k in range(n):
    v = getitem x k         # cannot raise
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ad_compiler.ir.nodes import Atom, Const, For, Let, Stmt, Var, const
from ad_compiler.ir.types import dims_of
from ad_compiler.rules.counts import counted


@dataclass(frozen=True, slots=True)
class Within:
    """The indices of the loops around here that count upwards from 0 or more, with their stops."""

    stops: Mapping[Var, Atom] = field(default_factory=dict[Var, Atom])
    lists: Mapping[Atom, Var] = field(default_factory=dict[Atom, Var])
    """The lists that integers are the lengths of, or a little less."""

    def after(self, body: Iterable[Stmt]) -> Within:
        """With what the statements of a block make known of lengths."""
        lists = dict(self.lists)
        for stmt in body:
            match stmt:
                case Let((target,), prim, (Var() as xs,)) if prim.name == "list_len":
                    lists[target] = xs
                case Let((target,), prim, (less, Const(value=by))) if prim.name == "sub":
                    if less in lists and isinstance(by, int) and by >= 0:
                        lists[target] = lists[less]
                case _:
                    pass
        return replace(self, lists=lists)

    def inside(self, loop: For) -> Within:
        """In the body of a loop."""
        upwards = isinstance(loop.start, Const) and loop.start.value >= 0 and loop.step == const(1)
        stops = {**self.stops, loop.body.params[0]: loop.stop} if upwards else self.stops
        return Within(stops, self.lists)

    def finds(self, let: Let) -> bool:
        """Whether an operation reads elements that are there."""
        match let.prim.name, let.args:
            case "list_get", (xs, Var() as k):
                return k in self.stops and self.lists.get(self.stops[k]) is xs
            case "getitem", (a, Const(value=pattern), *index) if set(pattern) == {"int"}:
                pairs = zip(dims_of(a.type), index, strict=False)
                return all(
                    isinstance(k, Var) and k in self.stops and counted(self.stops[k].type) == dim
                    for dim, k in pairs
                )
            case _:
                return False

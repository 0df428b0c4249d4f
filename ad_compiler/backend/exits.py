"""Which truth values are printed as `break` instead of being computed.

    s1 = If c:                          if c:
        x1 = neg x                          x = -x
        True                    ⇒           break
    else:                               x = math.sin(x)
        x2 = sin x
        False
    stop s1

The `stop` of a loop needs no name where the last statement of the body decides it: each arm either
leaves the loop or does not. An arm that leaves is followed by the rest of the other one. A *guard*
is a branch that only skips the rest of a trip which is over: it is not printed at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ad_compiler.ir.nodes import Atom, Block, Const, For, If, Stmt, Undef, Var, While, const, walk

TRUE = const(True)


@dataclass(slots=True)
class Exits:
    """The branches around `break`, by identity, and the truth values that have no name."""

    silent: set[Var] = field(default_factory=set[Var])
    branches: set[int] = field(default_factory=set[int])
    guards: set[int] = field(default_factory=set[int])

    def add(self, other: Exits) -> None:
        """Take over what was found elsewhere."""
        self.silent |= other.silent
        self.branches |= other.branches
        self.guards |= other.guards


def find_exits(block: Block, counts: Counter[Var]) -> Exits:
    """The exits of all loops of a function. `counts` says how often each variable is read."""
    exits = Exits()
    for stmt in walk(block):
        if isinstance(stmt, For | While):
            stop = stmt.body.stop
            found = Exits()
            if isinstance(stop, Var) and _follow(stmt.body.body, stop, counts, found):
                exits.add(found)
    return exits


def _follow(body: Sequence[Stmt], stop: Atom, counts: Counter[Var], exits: Exits) -> bool:
    """Whether statements decide by their branches alone whether the loop is left after them."""
    if isinstance(stop, Const | Undef):
        return True
    last = body[-1] if body else None
    if not isinstance(last, If) or stop not in last.targets or counts[stop] != 1:
        return False
    exits.silent.add(stop)
    exits.branches.add(id(last))
    position = last.targets.index(stop)
    if _is_guard(body, last, position, counts):
        before = Exits(guards={id(last)})
        if _follow(body[:-1], last.test, counts, before):
            exits.add(before)
    arms = (last.then, last.orelse)
    return all(_follow(arm.body, arm.results[position], counts, exits) for arm in arms)


def _is_guard(body: Sequence[Stmt], last: If, position: int, counts: Counter[Var]) -> bool:
    """Whether a branch skips the rest of a trip after a branch that may have left the loop."""
    before = body[-2] if len(body) > 1 else None
    return (
        isinstance(before, If)
        and last.test in before.targets
        and counts[last.test] == 1
        and not last.then.body
        and last.then.results[position] == TRUE
    )

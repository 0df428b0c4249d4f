"""Stores to elements that nobody reads any more.

for t in reversed(range(n)):        the zero in h_bar[t + 1] is never read:
    g = h_bar[t + 1]                later trips read at most h_bar[t]
    h_bar[t + 1] = 0.0
    h_bar[t] += w * g
"""

from __future__ import annotations

from ad_compiler.analysis.final import Chase, Env, Index
from ad_compiler.ir.nodes import (
    Block,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    blocks_of,
    free_vars,
    read_by,
)
from ad_compiler.rules.registry import SHAPE_ONLY


def is_unread(index: Index, store: Let) -> bool:
    """Whether no program could tell if the value of a store were another one."""
    _, pattern, _, *operands = store.args
    place = index.places[store.targets[0]]
    return Unread(index.lets, pattern, operands, place).is_lost(store.targets[0])


class Unread(Chase):
    """Follows a stored element: it may be overwritten, but not read."""

    def is_lost(self, array: Var) -> bool:
        """Whether nobody reads the element, to the end of the program."""
        now, place = array, self.place
        while True:
            found = self.through(now, place.block.body[place.position + 1 :], {})
            if found is None or place.block.yielded.count(found) > 1:
                return False
            now = found
            holder = place.holder
            if holder is None or now not in place.block.results:
                return now not in place.block.results
            at = place.block.results.index(now)
            match holder.stmt:
                case If(targets=targets):
                    now = targets[at]
                case For() | While() as loop:
                    carried = self.later_trips(loop, place.block, now)
                    if carried is None or (isinstance(loop, While) and not _blind(loop, at)):
                        return False
                    now = carried
                case _:
                    return False
            place = holder

    def through_let(self, stmt: Let, now: Var, env: Env) -> Var | None:
        reads = [k for k, arg in enumerate(stmt.args) if arg is now]
        if not reads:
            return now
        if reads != [0]:
            return None
        name = stmt.prim.name
        if name in SHAPE_ONLY:
            return now
        if name == "getitem":
            _, pattern, *operands = stmt.args
            return now if self.elsewhere(pattern, operands, env) else None
        if name == "store":
            return stmt.targets[0]
        return stmt.targets[0] if name == "add_at" and self.misses(stmt, env) else None

    def through_branch(self, stmt: If, now: Var, env: Env) -> Var | None:
        arms = (stmt.then, stmt.orelse)
        if stmt.test is now:
            return None
        ends = [self.through(now, arm.body, env) for arm in arms]
        one, other = ends
        if one is None or other is None:
            return None
        given = [k for k, pair in enumerate(zip(*(arm.results for arm in arms), strict=True))
                 if pair[0] is one or pair[1] is other]  # fmt: skip
        if not given:
            return now if one is now and other is now else None
        (at, *more) = given
        both = stmt.then.results[at] is one and stmt.orelse.results[at] is other
        return stmt.targets[at] if both and not more else None

    def through_loop(self, loop: For | While, now: Var, env: Env) -> Var | None:
        at = loop.inits.index(now)
        if loop.inits.count(now) > 1 or any(now in free_vars(inner) for inner in blocks_of(loop)):
            return None
        if loop.body.results.count(loop.body.results[at]) > 1:
            return None
        if isinstance(loop, While) and not _blind(loop, at):
            return None
        return super().through_loop(loop, now, env)

    def through_other(self, stmt: Stmt, now: Var) -> Var | None:
        """A loop that does not carry the array, or an effect, must not read it."""
        if isinstance(stmt, For | While):
            return None if now in read_by(stmt) else now
        return None if now in getattr(stmt, "args", ()) else now


def _blind(loop: While, at: int) -> bool:
    """Whether the condition of a loop does not look at a carried value."""
    cond = loop.cond
    return cond.params[at] not in free_vars(Block((), cond.body, cond.results))

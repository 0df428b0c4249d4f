"""Where tangents are zero because something else was chosen, in forward mode.

    y = np.zeros(n)                     y_dot is zero in y[0], whatever x is,
    y[1:] = x                 ⇒         and stays so though the slope of sqrt is infinite there:
    z = np.sqrt(y)                      z_dot = np.where(moving, 0.5 * y_dot / z, 0)

A mask says where a tangent is not zero by choice. Masks are only made on the way to an infinite
slope; loops lose them. Where an arm of a branch sets a number to what does not vary, it is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ad_compiler.analysis.singular import MOVING, is_infinite, is_real
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Const, If, Let, Var, const
from ad_compiler.ir.types import PY_BOOL, Array, Float, dims_of, rank
from ad_compiler.rules.registry import (
    FUNCTIONS,
    OPERATORS,
    PRIMITIVES,
    RULES,
    SAME,
    Linear,
    Partials,
)
from ad_compiler.transform.partials import Splice, parsed
from ad_compiler.transform.shapes import Shapes, chosen_or_zero, zeros


@dataclass(slots=True)
class Choices:
    """The masks of values, by primal."""

    builder: Builder
    shapes: Shapes
    leading: set[Var]
    masks: dict[Atom, Atom] = field(default_factory=dict[Atom, Atom])

    def unit(self, primal: Var, tangent: Atom) -> None:
        """But for one element, a unit vector is zero by choice."""
        if primal in self.leading and isinstance(tangent.type, Array):
            self.masks[primal] = self.builder.emit(OPERATORS["!="], tangent, const(0.0))

    def partial(self, let: Let, position: int, value: Atom | None) -> Atom | None:
        """What an operand adds to a tangent, where an infinite slope must not meet its zeros."""
        mask = self.masks.get(let.args[position])
        if mask is None or value is None or not is_infinite(let):
            return value
        if not (isinstance(mask.type, Array) or isinstance(value.type, Array)):
            return chosen_or_zero(self.builder, mask, value)
        where = FUNCTIONS["where"][1]
        assert where is not None
        return self.builder.emit(where, mask, value, const(0.0))

    def enter(self, let: Let, positions: list[int]) -> None:
        """Find the mask of a result, given the operands that vary."""
        target = let.targets[0]
        if target not in self.leading or not is_real(target.type):
            return
        rule = RULES[let.prim]
        mask = None
        if let.prim.name == "store":
            mask = self.stored(let, positions)
        elif isinstance(rule, Partials):
            mask = self.elementwise(let, rule, positions)
        elif let.prim.name in (*MOVING, "getitem") and isinstance(rule, Linear):
            mask = self.moved(let, rule)
        if mask is not None:
            self.masks[target] = mask

    def elementwise(self, let: Let, rule: Partials, positions: list[int]) -> Atom | None:
        """A result varies where one of its operands does, and is chosen."""
        splice = Splice(self.builder, rule, let)
        found: Atom | None = None
        for k in positions:
            text = rule.texts(let.args)[k]
            if text is None:
                continue
            mask = self.masks.get(let.args[k])
            _, chosen = splice.selection(parsed(text))
            if chosen is not None:
                mask = chosen if mask is None else splice.both(mask, chosen)
            if mask is None:
                return None
            found = mask if found is None else splice.either(found, mask)
        return found

    def branch(self, stmt: If, moving: Sequence[tuple[int, bool, bool]]) -> If:
        """Find the masks of the numbers that come out of a branch, which may have to yield them.

        `moving` are the positions of those that vary, and whether they do in either arm.
        """
        for k, then, orelse in moving:
            target = stmt.targets[k]
            if target not in self.leading or not isinstance(target.type, Float):
                continue
            one = self.arm(stmt.then.results[k], moving=then)
            other = self.arm(stmt.orelse.results[k], moving=orelse)
            if one == other == const(True):
                continue
            if isinstance(one, Const) and isinstance(other, Const):
                negate = OPERATORS["not"]
                chosen = one == const(True)
                mask = stmt.test if chosen else self.builder.emit(negate, stmt.test)
            else:
                mask = Var(f"{target.name}_varies", PY_BOOL)
                stmt = replace(
                    stmt,
                    targets=(*stmt.targets, mask),
                    then=replace(stmt.then, results=(*stmt.then.results, one)),
                    orelse=replace(stmt.orelse, results=(*stmt.orelse.results, other)),
                )
            self.masks[target] = mask
        return stmt

    def arm(self, result: Atom, *, moving: bool) -> Atom:
        """Where a number that an arm yields is not zero by choice."""
        return self.masks.get(result, const(True)) if moving else const(False)

    def moved(self, let: Let, rule: Linear) -> Atom | None:
        """Where elements go, their mask goes."""
        mask = self.whole(let.args[0])
        if mask is None or rule.jvps.get(let.prim.params[0]) is not SAME:
            return None
        return self.builder.emit(let.prim, mask, *let.args[1:])

    def whole(self, primal: Atom) -> Atom | None:
        """The mask of a value in the shape of that: it may be one for all rows, or elements."""
        mask = self.masks.get(primal)
        if mask is None or dims_of(mask.type) == dims_of(primal.type):
            return mask
        return self.builder.emit(PRIMITIVES["broadcast_like"], mask, primal)

    def stored(self, let: Let, positions: list[int]) -> Atom | None:
        """What does not vary, or is overwritten by what does not, is zero by choice."""
        x, pattern, value, *operands = let.args
        base, part = self.whole(x), self.masks.get(value)
        if 0 in positions and 2 in positions and base is None and part is None:
            return None
        if base is None:
            base = self.everywhere(let.targets[0], moving=0 in positions)
        if part is None or dims_of(part.type) != dims_of(value.type):
            part = const(2 in positions)
        return self.builder.emit(PRIMITIVES["store"], base, pattern, part, *operands)

    def everywhere(self, primal: Var, *, moving: bool) -> Atom:
        """A mask that is the same for all elements."""
        lengths = [self.shapes.length(self.builder, primal, k) for k in range(rank(primal.type))]
        nowhere = zeros(self.builder, lengths, "bool")
        if not moving:
            return nowhere
        negate = FUNCTIONS["logical_not"][1]
        assert negate is not None
        return self.builder.emit(negate, nowhere)

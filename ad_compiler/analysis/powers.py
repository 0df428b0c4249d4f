"""Powers that are written as products: `x * x * x`, which people derive as `3 * (x * x)`.

By the rule for products, the derivative of `a * x` with `a = x * x` would be `a + 2 * x * x`.
And squares of what is not smooth but has a smooth square: `np.linalg.norm(x) ** 2`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ad_compiler.ir.nodes import Atom, Const, Function, Let, Var, walk
from ad_compiler.ir.types import FLOAT_DTYPES, PY_FLOAT, dtype_of
from ad_compiler.rules.registry import Linear, Partials
from ad_compiler.rules.squares import SQUARED


@dataclass(frozen=True, slots=True)
class Power:
    """A product of a variable and one power less of it."""

    exponent: int
    position: int
    """Which operand is the variable."""

    @property
    def rule(self) -> Partials:
        """The derivative by the variable, where the other operand is at hand."""
        texts: list[str | None] = [f"{self.exponent} * y", f"{self.exponent} * x"]
        texts[1 - self.position] = None
        return Partials(("x", "y"), "x * y", tuple(texts))


def powers(function: Function) -> dict[Var, Power]:
    """The third and higher powers among the products of a program, by their targets."""
    found: dict[Var, Power] = {}
    known: dict[Var, tuple[Var, int]] = {}
    for stmt in walk(function.block):
        if not isinstance(stmt, Let) or stmt.prim.name != "mul" or not _is_float(stmt.targets[0]):
            continue
        for position, base in enumerate(stmt.args):
            rest = stmt.args[1 - position]
            if not isinstance(base, Var) or not isinstance(rest, Var) or base.type != rest.type:
                continue
            of, exponent = known.get(rest, (rest, 1))
            if of is base:
                known[stmt.targets[0]] = base, exponent + 1
                if exponent > 1:
                    found[stmt.targets[0]] = Power(exponent + 1, position)
                break
    return found


@dataclass(frozen=True, slots=True)
class Square:
    """The square of what an operation gives: as one operation, and its rule."""

    let: Let
    rule: Linear | Partials


def squares(function: Function) -> dict[Var, Square]:
    """The squares in a program that are smooth though what is squared is not, by their targets."""
    made: dict[Atom, Let] = {}
    found: dict[Var, Square] = {}
    for stmt in walk(function.block):
        if not isinstance(stmt, Let):
            continue
        if stmt.prim.name in SQUARED:
            made[stmt.targets[0]] = stmt
        base = _squared(stmt)
        of = None if base is None else made.get(base)
        if of is not None and SQUARED[of.prim.name][0](of.args):
            let = Let(stmt.targets, of.prim, of.args, stmt.at)
            found[stmt.targets[0]] = Square(let, SQUARED[of.prim.name][1])
    return found


def _squared(let: Let) -> Atom | None:
    """What an operation squares."""
    match let.prim.name, let.args:
        case ("pow" | "np.power", (base, Const(value=2 | 2.0))):
            return base
        case "mul", (base, other) if base is other:
            return base
        case "np.square", (base,):
            return base
        case _:
            return None


def _is_float(var: Var) -> bool:
    return var.type == PY_FLOAT or dtype_of(var.type) in FLOAT_DTYPES

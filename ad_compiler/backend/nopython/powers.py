"""Powers of integers, which are integers of 64 bits for Numba, also where they do not fit.

weight = 2**k               weight = 2.0**k
total += weight * x   ⇒     total += weight * x
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ad_compiler.backend.nopython.site import Respelling, Site
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Let,
    Stmt,
    Var,
    const,
    readings,
    substitute,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import PY, PY_FLOAT, Float, Int, is_differentiable
from ad_compiler.rules.powers import WHOLE_POWER
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

ARITHMETIC = tuple(OPERATORS[symbol] for symbol in "+-*/")


def with_real_powers(block: Block) -> Block:
    """Let powers of integers be floats where nothing but arithmetic of floats reads them."""
    lets = [stmt for stmt in walk(block) if isinstance(stmt, Let)]
    powers = {let.targets[0] for let in lets if let.prim is WHOLE_POWER}
    if not powers:
        return block
    reals = Counter(a for let in lets if _is_real(let) for a in let.args if isinstance(a, Var))
    real = {var for var, count in Counter(readings(block)).items() if reals[var] == count}
    env: dict[Var, Atom] = {
        var: Var(var.name, PY_FLOAT, var.temp) for var in powers.intersection(real)
    }
    return substitute(_changed(block, env), env)


def _is_real(let: Let) -> bool:
    return let.prim in ARITHMETIC and is_differentiable(let.targets[0].type)


def _changed(block: Block, env: dict[Var, Atom]) -> Block:
    def one(stmt: Stmt) -> Iterator[Stmt]:
        made = env.get(stmt.targets[0]) if isinstance(stmt, Let) else None
        if isinstance(stmt, Let) and isinstance(made, Var):
            yield from _real(replace(stmt, targets=(made,)))
        else:
            yield with_blocks(stmt, lambda inner: _changed(inner, env))

    return replace(block, body=tuple(new for stmt in block.body for new in one(stmt)))


def _real(let: Let) -> Iterator[Let]:
    """The power of the base as a float."""
    base, power = let.args
    if isinstance(base, Const):
        yield replace(let, prim=OPERATORS["**"], args=(const(float(base.value)), power))
        return
    converted = Var(let.targets[0].name, PY_FLOAT, temp=True)
    yield Let((converted,), PRIMITIVES["float"], (base,), let.at)
    yield replace(let, prim=OPERATORS["**"], args=(converted, power))


def _power(site: Site) -> None:
    """An integer to a power that may be negative is a float then."""
    integers = all(isinstance(a.type, Int) and a.type.kind == PY for a in site.args)
    if integers and isinstance(site.type, Float):
        site.made.extend(_real(site.let))


TABLE: dict[str, Respelling] = {"pow": _power}

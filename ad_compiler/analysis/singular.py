"""Arrays whose elements are taken one by one although their derivative may be infinite.

`r = np.sqrt(x); return r[1]` has derivative 0 in x[0], also where x[0] is 0: nobody took that
element. Its cotangent is a zero of selection, which an infinite slope must not turn into NaN.
"""

from __future__ import annotations

from ad_compiler.ir.nodes import Block, Function, Let, Var, atoms_of, blocks_of
from ad_compiler.ir.types import Array
from ad_compiler.rules.registry import RULES, Partials


def singular_sources(function: Function) -> frozenset[Var]:
    """Arrays made by functions with infinite slopes and read by indexing alone."""
    made: set[Var] = set()
    otherwise: set[Var] = set()
    indexed: set[Var] = set()
    _collect(function.block, made, indexed, otherwise)
    return frozenset((made & indexed) - otherwise)


def _collect(block: Block, made: set[Var], indexed: set[Var], otherwise: set[Var]) -> None:
    for stmt in block.body:
        read = [a for a in atoms_of(stmt) if isinstance(a, Var)]
        if isinstance(stmt, Let) and stmt.prim.name == "getitem":
            indexed.update(read[:1])
            read = read[1:]
        elif isinstance(stmt, Let) and stmt.prim.name in ("dim", "size", "zeros_like"):
            continue
        otherwise.update(read)
        if isinstance(stmt, Let) and is_singular(stmt):
            made.update(stmt.targets)
        for inner in blocks_of(stmt):
            _collect(inner, made, indexed, otherwise)
    otherwise.update(a for a in block.results if isinstance(a, Var))


def is_singular(let: Let) -> bool:
    """Whether a partial of an elementwise operation on arrays is infinite at regular points."""
    rule = RULES[let.prim]
    if not isinstance(rule, Partials) or not isinstance(let.targets[0].type, Array):
        return False
    texts = [text for text in rule.texts(let.args) if text is not None]
    return let.prim.name == "np.log" or any("quiet_div" in text for text in texts)

"""Operands of operations on elements need no leading axes of length 1: broadcasting adds them.

g = np.expand_dims(total_bar, 0)
exp * g                              exp * total_bar
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import Atom, Const, Let, Var, sweep_of
from ad_compiler.ir.types import rank
from ad_compiler.rules.fits import is_elementwise
from ad_compiler.transform.identities import Definitions


def without_leading(let: Let, defs: Definitions) -> Let:
    """An operation of a backward sweep, on operands without axes that it would add anyway."""
    wide = max((rank(arg.type) for arg in let.args), default=0)
    if len(let.args) < 2 or wide < 2 or not sweep_of(let) or not is_elementwise(let.prim):
        return let
    lean = tuple(_lean(arg, defs) for arg in let.args)
    if all(rank(arg.type) < wide for arg in lean):
        return let  # one operand has to have them
    return replace(let, args=lean)


def _lean(atom: Atom, defs: Definitions) -> Atom:
    """What an operand is, but for axes that a sweep put in front of it."""
    let = defs.get(atom) if isinstance(atom, Var) else None
    if let is None or let.prim.name != "np.expand_dims" or not sweep_of(let):
        return atom
    x, axis = let.args
    assert isinstance(axis, Const)
    axes = axis.value if isinstance(axis.value, tuple) else (axis.value,)
    added = {a % rank(atom.type) for a in axes}
    return x if added == set(range(len(added))) else atom

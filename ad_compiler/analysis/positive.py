"""Numbers that are never zero, by how they are computed: `1.0 + math.exp(x)`.

A NaN counts as positive here: dividing by it does not raise.
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_compiler.ir.nodes import Atom, Const, Let, Var
from ad_compiler.ir.types import is_complex

NONNEGATIVE = frozenset(
    f"{module}{name}"
    for module in ("math.", "np.", "")
    for name in ("exp", "exp2", "cosh", "sqrt", "abs", "fabs", "absolute", "square", "hypot")
) | {"np.var", "np.std", "np.linalg.norm"}
EXACT = frozenset(["np.max", "np.min", "math.sqrt", "np.sqrt", "identity"])
"""What gives nothing negative of what is not negative, and zero only of zero."""
KEEPING = EXACT | {"np.sum", "np.mean"}


def is_positive(atom: Atom, lets: Mapping[Var, Let]) -> bool:
    """Whether a float is surely more than zero, also after rounding."""
    if isinstance(atom, Const):
        return isinstance(atom.value, int | float) and atom.value > 0
    match lets.get(atom) if isinstance(atom, Var) else None:
        case Let(prim=prim, args=(one, other)) if prim.name == "add":
            signs = (is_positive(one, lets), is_positive(other, lets))
            return any(signs) and is_nonnegative(one, lets) and is_nonnegative(other, lets)
        case Let(prim=prim, args=(one, *_)) if prim.name in EXACT:
            return is_positive(one, lets)
        case _:
            return False


def is_nonnegative(atom: Atom, lets: Mapping[Var, Let]) -> bool:
    """Whether a float is surely not less than zero."""
    if isinstance(atom, Const):
        return isinstance(atom.value, int | float) and atom.value >= 0
    match lets.get(atom) if isinstance(atom, Var) else None:
        case Let(prim=prim, args=(one, other)) if prim.name == "mul":
            both = is_nonnegative(one, lets) and is_nonnegative(other, lets)
            return both or (one is other and not is_complex(one.type))
        case Let(prim=prim, args=(one, other)) if prim.name in ("add", "truediv"):
            return is_nonnegative(one, lets) and is_nonnegative(other, lets)
        case Let(prim=prim, args=(one, Const(value=int() as power))) if prim.name == "pow":
            return power % 2 == 0 and not is_complex(one.type)
        case Let(prim=prim, args=(one, *_)) if prim.name in KEEPING:
            return is_nonnegative(one, lets)
        case Let(prim=prim) if prim.name in NONNEGATIVE:
            return True
        case _:
            return is_positive(atom, lets)


__all__ = ["is_nonnegative", "is_positive"]

"""Numbers that are never zero, by how they are computed: `1.0 + math.exp(x)`.

A NaN counts as positive here: dividing by it does not raise.
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_compiler.ir.nodes import Atom, Const, Let, Var

NONNEGATIVE = frozenset(
    f"{module}{name}"
    for module in ("math.", "np.", "")
    for name in ("exp", "exp2", "cosh", "sqrt", "abs", "fabs", "absolute", "square")
)


def is_positive(atom: Atom, lets: Mapping[Var, Let]) -> bool:
    """Whether a float is surely more than zero, also after rounding."""
    if isinstance(atom, Const):
        return isinstance(atom.value, int | float) and atom.value > 0
    match lets.get(atom) if isinstance(atom, Var) else None:
        case Let(prim=prim, args=(one, other)) if prim.name == "add":
            signs = (is_positive(one, lets), is_positive(other, lets))
            return any(signs) and is_nonnegative(one, lets) and is_nonnegative(other, lets)
        case Let(prim=prim, args=(one,)) if prim.name in ("math.sqrt", "np.sqrt", "identity"):
            return is_positive(one, lets)
        case _:
            return False


def is_nonnegative(atom: Atom, lets: Mapping[Var, Let]) -> bool:
    """Whether a float is surely not less than zero."""
    if isinstance(atom, Const):
        return isinstance(atom.value, int | float) and atom.value >= 0
    match lets.get(atom) if isinstance(atom, Var) else None:
        case Let(prim=prim, args=(one, other)) if prim.name == "mul":
            return one is other
        case Let(prim=prim, args=(one, other)) if prim.name == "add":
            return is_nonnegative(one, lets) and is_nonnegative(other, lets)
        case Let(prim=prim) if prim.name in NONNEGATIVE:
            return True
        case _:
            return is_positive(atom, lets)


__all__ = ["is_nonnegative", "is_positive"]

"""Numbers that are never zero, by how they are computed: `1.0 + math.exp(x)`.

A NaN counts as positive here: dividing by it does not raise.
"""

from __future__ import annotations

from collections.abc import Mapping

from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import is_complex

NONNEGATIVE = frozenset(
    f"{module}{name}"
    for module in ("math.", "np.", "")
    for name in ("exp", "exp2", "cosh", "sqrt", "abs", "fabs", "absolute", "square", "hypot")
) | {"np.var", "np.std", "np.linalg.norm"}
MOVING = ("reshape", "transpose", "swapaxes", "expand_dims", "squeeze", "copy", "flip", "sort")
EXACT = frozenset(f"np.{name}" for name in ("max", "min", "sqrt", *MOVING)) | {
    "math.sqrt", "identity", "T", "copy", "getitem",
}  # fmt: skip
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
        case Let(prim=prim, args=(one, axis, *_)) if prim.name == "np.sum":
            return _has_a_one(one, axis, lets)
        case _:
            return False


def _has_a_one(values: Atom, axis: Atom, lets: Mapping[Var, Let]) -> bool:
    """Whether values are `exp(x - max(x))` along an axis, so that one of them is exp(0)."""
    shifted = _made_by("exp", values, lets)
    difference = _made_by("sub", shifted.args[0], lets) if shifted else None
    if difference is None:
        return False
    x, most = difference.args
    view = _made_by("getitem", most, lets)
    largest = _made_by("max", view.args[0] if view else most, lets)
    if largest is None or largest.args[0] is not x or largest.args[1] != axis:
        return False
    if view is None:
        return axis == const(None) or largest.args[2] == const(True)
    return _puts_back(view.args[1], axis, largest.args[2])


def _puts_back(pattern: Atom, axis: Atom, keepdims: Atom) -> bool:
    """Whether an index gives a result along an axis that axis again: `x.max(axis=1)[:, None]`."""
    items = pattern.value if isinstance(pattern, Const) else ()
    place = axis.value if isinstance(axis, Const) else None
    if keepdims == const(True) or not isinstance(place, int):
        return False
    around = [":"] * (len(items) - 1)
    at = place % len(items)
    return tuple(items) == (*around[:at], "new", *around[at:])


def _made_by(name: str, atom: Atom, lets: Mapping[Var, Let]) -> Let | None:
    """The operation of a name that makes a value, whether Python's or NumPy's."""
    let = lets.get(atom) if isinstance(atom, Var) else None
    return let if let is not None and let.prim.name.removeprefix("np.") == name else None


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

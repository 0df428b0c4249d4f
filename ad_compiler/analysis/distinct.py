"""Arrays of integers that hold none twice, so that no element is written twice by them.

x[np.arange(n), labels]     is n different elements, whatever the labels are
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ad_compiler.ir.index import Pattern, split_operands
from ad_compiler.ir.nodes import Atom, Function, Let, Var, const, walk
from ad_compiler.ir.types import dims_of, rank

PLACES = frozenset({"np.argsort", "np.flatnonzero"})
"""Operations that give places of a vector, each at most once."""


def distinct(function: Function) -> frozenset[Var]:
    """The vectors of a program whose elements differ, and are not less than zero."""
    return frozenset(
        stmt.targets[0] for stmt in walk(function.block) if isinstance(stmt, Let) and _is_one(stmt)
    )


def _is_one(let: Let) -> bool:
    if let.prim.name == "np.arange":
        return len(let.args) == 1 or (len(let.args) == 2 and let.args[0] == const(0))
    return let.prim.name in PLACES and rank(let.targets[0].type) == 1


def takes_once(pattern: Pattern, operands: Sequence[Atom], known: Collection[Atom]) -> bool:
    """Whether an index takes each element at most once."""
    arrays = [own[0] for item, own in split_operands(pattern, operands) if item == "array"]
    vectors = all(rank(array.type) == 1 for array in arrays)
    alike = len({dims_of(array.type) for array in arrays}) <= 1
    return not arrays or (vectors and alike and any(array in known for array in arrays))

"""What blocks carry and yield: picked, compared, and settled by the test of a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from ad_compiler.ir.nodes import Atom, Block, Const, Let, Var, const
from ad_compiler.ir.types import PY, PY_BOOL, RAGGED, Int, Sym, Trim, dims_of
from ad_compiler.rules.registry import PRIMITIVES

Key = tuple[object, ...]


def atom_key(atom: Atom) -> object:
    """Equal for equal operands."""
    return atom.key if isinstance(atom, Const) else atom


def alike(one: Atom, other: Atom) -> bool:
    """Whether an operation has the same type for one operand as for the other."""
    if one is other:
        return True
    if not (isinstance(one, Var) and isinstance(other, Var)):
        return False
    return one.type is other.type or one.type == other.type


def value_key(let: Let) -> Key:
    """What two operations have in common that give the same value: equal lengths are one."""
    if let.prim.name == "dim" and isinstance(let.targets[0].type, Int):
        length = let.targets[0].type.length
        if isinstance(length, Sym | Trim) and length != RAGGED:
            return (let.prim, length)
    return (let.prim, *map(atom_key, let.args))


def lengths_made(let: Let) -> dict[Key, tuple[Var, ...]]:
    """The lengths that an array is made with, as values of `dim`: none was negative."""
    if let.prim.name not in ("np.zeros", "np.ones", "np.empty"):
        return {}
    return {
        (PRIMITIVES["dim"], dim): (n,)
        for dim, n in zip(dims_of(let.targets[0].type), let.args, strict=False)
        if isinstance(n, Var) and isinstance(n.type, Int) and n.type.kind == PY
    }


def same_flags(params: Sequence[Var], inits: tuple[Atom, ...]) -> dict[int, int]:
    """Carried truth values that begin alike, each with the first of its kind."""
    first: dict[Key, int] = {}
    flags = [k for k, i in enumerate(inits) if isinstance(i, Const) and params[k].type == PY_BOOL]
    pairs = [(k, first.setdefault((atom_key(inits[k]),), k)) for k in flags]
    return {k: j for k, j in pairs if k != j}


def stays(param: Var, init: Atom, result: Atom) -> bool:
    """Whether a carried value is in every trip what it was before the loop."""
    if init.type != param.type:
        return False
    return result is param or (isinstance(init, Const) and result == init)


T = TypeVar("T")


def picked(items: Sequence[T], kept: list[int]) -> tuple[T, ...]:
    """Some of the carried values."""
    return tuple(items[k] for k in kept)


def narrowed(block: Block, kept: list[int], params: tuple[Var, ...] = ()) -> Block:
    """A block with some of its results. One that never stops has no `stop`."""
    stop = None if block.stop == const(False) else block.stop
    return Block(params, block.body, picked(block.results, kept), stop)


def settled(arm: Block, test: Atom, truth: bool) -> Block:
    """An arm of a branch; where it yields the test itself, it yields what that is there."""
    if test.type != PY_BOOL:
        return arm
    results = tuple(const(truth) if result is test else result for result in arm.results)
    return replace(arm, results=results)


def no_trips(bounds: tuple[Atom, ...]) -> bool:
    """Whether a loop over constant bounds never runs."""
    values = [b.value for b in bounds if isinstance(b, Const)]
    return len(values) == 3 and len(range(*values)) == 0

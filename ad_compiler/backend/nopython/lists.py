"""Lists under Numba, which wants to know the type of each one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ad_compiler.analysis.ownership import KEEPING
from ad_compiler.backend.nopython.site import Respelling, Site, function_text
from ad_compiler.errors import Unsupported
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    For,
    If,
    Let,
    Stmt,
    Var,
    While,
    const,
    walk,
    with_blocks,
)
from ad_compiler.ir.types import Array, Bool, Float, Int, Tape, Type
from ad_compiler.rules.registry import PRIMITIVES

EMPTY = "tape_new(typed)"
"""An empty list whose type nothing tells that is appended to it."""
TYPED = replace(PRIMITIVES["tape_new"], name=EMPTY)


def _typed(site: Site) -> None:
    assert isinstance(site.type, Tape)
    element = site.type.element
    name, item = _sample(element)
    doc = "An empty list, for items of this kind."
    text = function_text(f"{name}()", doc, [f"return [{item} for _ in range(0)]"])
    site.call(name, text)


def _sample(element: Type) -> tuple[str, str]:
    """What an empty list is called, and an item that it might have."""
    if isinstance(element, Array):
        axes = len(element.dims)
        return f"no_arrays_of_{axes}_axes", f"np.empty({(0,) * axes})"
    return ("no_integers", "0") if isinstance(element, Int) else ("no_numbers", "0.0")


def typed(block: Block, *, arm: bool = False) -> Block:
    """A block in which empty lists are of a type that an arm of a branch hands on, that a loop
    replaces by others, or that are items of a list.
    """
    handed = set(block.results) if arm else set[Atom]()
    for stmt in block.body:
        if isinstance(stmt, Let) and stmt.prim.name in KEEPING:
            handed.add(stmt.args[-1])
        if isinstance(stmt, For | While):
            params = stmt.body.params[1:] if isinstance(stmt, For) else stmt.body.params
            pairs = zip(stmt.inits, params, strict=True)
            handed |= {init for init, param in pairs if not _grows(param, stmt.body)}

    def one(stmt: Stmt) -> Stmt:
        _refuse_change_of_kind(stmt)
        if isinstance(stmt, If):
            return with_blocks(stmt, lambda inner: typed(inner, arm=True))
        if not isinstance(stmt, Let):
            return with_blocks(stmt, typed)
        if stmt.prim.name == "tape_new" and stmt.targets[0] in handed:
            return Let(stmt.targets, TYPED, stmt.args, stmt.at)
        return stmt

    return Block(block.params, tuple(map(one, block.body)), block.results, block.stop)


def _grows(xs: Var, block: Block) -> bool:
    """Whether a block may append to a list."""
    for stmt in walk(block):
        match stmt:
            case Let(prim=prim, args=args):
                if prim.in_place is not None and args[prim.in_place] is xs:
                    return True
            case For() | While():
                if xs in stmt.inits:
                    return True
            case _:
                pass
    return False


def _refuse_change_of_kind(stmt: Stmt) -> None:
    """Refuse a list of integers that floats are written to later: Numba would cut these off."""
    match stmt:
        case For() | While():
            pairs = [*zip(stmt.inits, stmt.targets, strict=True)]
        case Let(args=(first, *_), targets=(target,)):
            pairs = [(first, target)]
        case _:
            return
    for before, after in pairs:
        if _holds(before, Int | Bool) and _holds(after, Float):
            what = "a list of integers that floats are written to later cannot be compiled by Numba"
            raise Unsupported(what, stmt.at, "begin with 0.0")


def _holds(xs: Atom, kind: Any) -> bool:
    return isinstance(xs.type, Tape) and isinstance(xs.type.element, kind)


def _as_float(site: Site) -> None:
    """An integer in a list that holds floats too: a list of Numba's is of its first item's type."""
    xs, *between, value = site.args
    assert isinstance(xs.type, Tape)
    if not isinstance(xs.type.element, Float) or not isinstance(value.type, Int | Bool):
        return
    known = isinstance(value, Const)
    number = const(float(value.value)) if known else site.temp("float", Float(), value)
    site.say(site.let.prim, xs, *between, number)


TABLE: dict[str, Respelling] = {
    EMPTY: _typed,
    "list_append": _as_float,
    "list_put_first": _as_float,
    "list_set": _as_float,
}

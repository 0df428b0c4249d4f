"""Takes an item off a list where it is read, so that `item = xs.pop()` does both.

item = list_get xs -1              item = list_get xs -1
items = tape_put items k item  ⇒   xs2 = list_pop xs
xs2 = list_pop xs                  items = tape_put items k item
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import (
    Block,
    Const,
    Function,
    Let,
    Stmt,
    Var,
    const,
    read_by,
    with_blocks,
)


def gather_pops(function: Function) -> Function:
    """Move each `list_pop` to where the item that it takes off is read."""
    return function.with_block(_block(function.block))


def _block(block: Block) -> Block:
    body: list[Stmt] = []
    for one in block.body:
        stmt = with_blocks(one, _block)
        taken = popped(stmt)
        if taken is not None:
            _own_copy(body, *taken)
        place = len(body) if taken is None else _reading(body, *taken)
        body.insert(place, stmt)
    return replace(block, body=tuple(body))


ENDS = {"list_pop": const(-1), "list_pop_first": const(0)}
"""Where an item is taken off."""


def popped(stmt: Stmt) -> tuple[Var, Const] | None:
    """The list that a statement takes an item off, and the place of the item."""
    match stmt:
        case Let(prim=prim, args=(Var() as xs,)) if prim.name in ENDS:
            return xs, ENDS[prim.name]
        case _:
            return None


def reads(stmt: Stmt, xs: Var, place: Const) -> bool:
    """Whether a statement reads a certain item of a list."""
    return isinstance(stmt, Let) and stmt.prim.name == "list_get" and stmt.args == (xs, place)


def _own_copy(body: list[Stmt], xs: Var, place: Const) -> None:
    """Read an item of a list off the copy that it is taken off."""
    match body:
        case [*_, Let() as read, Let(targets=(made,), prim=copy, args=(Var() as old,))]:
            if made is xs and copy.name == "copy" and reads(read, old, place):
                body[-2:] = [body[-1], replace(read, args=(xs, place))]
        case _:
            pass


def _reading(body: list[Stmt], xs: Var, place: Const) -> int:
    """The place behind the statement that reads an item, if nothing reads the list since."""
    for k in reversed(range(len(body))):
        if reads(body[k], xs, place):
            return k + 1
        if xs in read_by(body[k]) or xs in getattr(body[k], "targets", ()):
            break
    return len(body)

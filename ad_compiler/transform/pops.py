"""Takes an item off a list where it is read, so that `item = xs.pop()` does both.

item = list_get xs -1              item = list_get xs -1
items = tape_put items k item  ⇒   xs2 = list_pop xs
xs2 = list_pop xs                  items = tape_put items k item
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.ir.nodes import (
    Block,
    Function,
    Let,
    Stmt,
    Var,
    const,
    read_by,
    with_blocks,
)


def gather_pops(function: Function) -> Function:
    """Move each `list_pop` to where the last item of its list is read."""
    return function.with_block(_block(function.block))


def _block(block: Block) -> Block:
    body: list[Stmt] = []
    for one in block.body:
        stmt = with_blocks(one, _block)
        xs = popped(stmt)
        if xs is not None:
            _own_copy(body, xs)
        place = len(body) if xs is None else _reading(body, xs)
        body.insert(place, stmt)
    return replace(block, body=tuple(body))


def popped(stmt: Stmt) -> Var | None:
    """The list that a statement takes the last item off."""
    match stmt:
        case Let(prim=prim, args=(Var() as xs,)) if prim.name == "list_pop":
            return xs
        case _:
            return None


def reads_last(stmt: Stmt, xs: Var) -> bool:
    """Whether a statement reads the last item of a list."""
    return isinstance(stmt, Let) and stmt.prim.name == "list_get" and stmt.args == (xs, const(-1))


def _own_copy(body: list[Stmt], xs: Var) -> None:
    """Read the last item of a list off the copy that it is taken off."""
    match body:
        case [*_, Let() as read, Let(targets=(made,), prim=copy, args=(Var() as old,))]:
            if made is xs and copy.name == "copy" and reads_last(read, old):
                body[-2:] = [body[-1], replace(read, args=(xs, const(-1)))]
        case _:
            pass


def _reading(body: list[Stmt], xs: Var) -> int:
    """The place behind the statement that reads the last item, if nothing reads the list since."""
    for k in reversed(range(len(body))):
        if reads_last(body[k], xs):
            return k + 1
        if xs in read_by(body[k]) or xs in getattr(body[k], "targets", ()):
            break
    return len(body)

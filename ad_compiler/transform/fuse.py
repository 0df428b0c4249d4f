"""The backward loop of a sum joins the forward loop.

    for i in range(n):                      for i in range(n):
        e = x[i] - m                            e = x[i] - m
        e_tape.append(e)            ⇒           total += e * e
        total += e * e                          x_bar[i] += 2 * e
    for i in range(n):
        x_bar[i] += 2 * e_tape[i]

Where the backward loop runs upwards over the same range and reads nothing of the forward loop
but what that put on tapes in the same trip. No tape is left then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ad_compiler.ir.nodes import (
    Atom,
    Block,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    blocks_of,
    const,
    defined_by,
    free_vars,
    read_by,
    substitute,
    sweep_of,
    with_blocks,
)
from ad_compiler.ir.types import Tape
from ad_compiler.rules.registry import SHAPE_ONLY

Raises = Callable[[Let], bool]


def may_raise(let: Let) -> bool:
    """Whether an operation may raise in Python. Those of backward sweeps do not."""
    return not sweep_of(let) and let.prim.raises(let.args)


def fuse(function: Function, raises: Raises = may_raise) -> Function:
    """Join the loops that may be, in every block. `raises` says which operations may."""
    results = {r for r in function.results if isinstance(r, Var)}
    return function.with_block(_inside(function.block, results, raises))


def _inside(block: Block, read_after: set[Var], raises: Raises) -> Block:
    """A block whose values `read_after` are wanted behind it."""
    after = read_after | {a for a in block.yielded if isinstance(a, Var)}
    body = [with_blocks(stmt, lambda inner: _inside(inner, set(), raises)) for stmt in block.body]
    at = 0
    while at < len(body):
        joined = _joined(body, at, after, raises)
        if joined is None:
            at += 1
        else:
            body = joined
    return replace(block, body=tuple(body))


def _joined(body: list[Stmt], at: int, after: set[Var], raises: Raises) -> list[Stmt] | None:
    """The statements with the loop at a position joined by its backward loop; None if by none."""
    forward = body[at]
    if not isinstance(forward, For) or forward.descending or forward.body.stop is not None:
        return None
    for position in range(at + 1, len(body)):
        backward = body[position]
        if isinstance(backward, For) and _matches(forward, backward, body):
            return _join(body, at, position, after, raises)
    return None


def _matches(forward: For, backward: For, body: Sequence[Stmt]) -> bool:
    lets = {t: s for s in body if isinstance(s, Let) for t in s.targets}
    pairs = zip(_bounds(forward), _bounds(backward), strict=True)
    same = all(_same(one, other, lets) for one, other in pairs)
    reverses = sweep_of(backward) > sweep_of(forward)
    return same and reverses and not backward.descending and backward.body.stop is None


def _bounds(loop: For) -> tuple[Atom, Atom, Atom]:
    return loop.start, loop.stop, loop.step


def _same(one: Atom, other: Atom, lets: dict[Var, Let]) -> bool:
    """Whether two numbers are the same, or computed in the same way."""
    if one is other or one == other:
        return True
    if not (isinstance(one, Var) and isinstance(other, Var)):
        return False
    first, second = lets.get(one), lets.get(other)
    if first is None or second is None or first.prim is not second.prim:
        return False
    pairs = list(zip(first.args, second.args, strict=False))
    alike = len(pairs) == len(first.args) == len(second.args)
    return alike and all(_same(a, b, lets) for a, b in pairs)


def _join(
    body: list[Stmt], at: int, position: int, after: set[Var], raises: Raises
) -> list[Stmt] | None:
    forward, backward = body[at], body[position]
    assert isinstance(forward, For)
    assert isinstance(backward, For)
    loads = _loads(forward, backward)
    if loads is None:
        return None
    between = body[at + 1 : position]
    needed = {*free_vars(backward.body), *(a for a in backward.inits if isinstance(a, Var))}
    if needed & set(forward.targets) - _tapes(forward):
        return None
    between = [_of_shape(stmt, forward) for stmt in between]
    before, later = _sorted(between, set(forward.targets), needed, raises)
    if needed & {target for stmt in later for target in defined_by(stmt)}:
        return None
    rest = [*later, *body[position + 1 :]]
    tapes = _tapes(forward)
    if tapes & ({a for stmt in rest for a in read_by(stmt)} | after):
        return None
    both = with_blocks(
        _both(forward, backward, loads, tapes), lambda inner: _inside(inner, set(), raises)
    )
    return [*body[:at], *before, both, *rest]


def _tapes(loop: For) -> set[Var]:
    return {target for target in loop.targets if isinstance(target.type, Tape)}


def _of_shape(stmt: Stmt, loop: For) -> Stmt:
    """A statement that only looks at the shape of an array, which is the same before the loop."""
    if isinstance(stmt, Let) and stmt.prim.name in SHAPE_ONLY and stmt.args[0] in loop.targets:
        array = stmt.args[0]
        init = loop.inits[loop.targets.index(array)]
        if init.type == array.type:
            return replace(stmt, args=(init, *stmt.args[1:]))
    return stmt


def _sorted(
    stmts: Sequence[Stmt], tainted: set[Var], needed: set[Var], raises: Raises
) -> tuple[list[Stmt], list[Stmt]]:
    """The statements that need nothing of the forward loop, and those that do, or may stay.

    Loops and branches only go before it if what they give is `needed` there.
    """
    wanted = set(needed)
    for stmt in reversed(stmts):
        if not wanted.isdisjoint(defined_by(stmt)):
            wanted |= read_by(stmt)
    before: list[Stmt] = []
    later: list[Stmt] = []
    for stmt in stmts:
        moves = isinstance(stmt, Let) or not wanted.isdisjoint(defined_by(stmt))
        if moves and _moves(stmt, raises) and tainted.isdisjoint(read_by(stmt)):
            before.append(stmt)
        else:
            later.append(stmt)
            tainted.update(defined_by(stmt))
    return before, later


def _moves(stmt: Stmt, raises: Raises) -> bool:
    """Whether a statement may run before others."""
    match stmt:
        case Let():
            return not raises(stmt)
        case For() | If():
            return all(_moves(inner, raises) for b in blocks_of(stmt) for inner in b.body)
        case _:
            return False


def _loads(forward: For, backward: For) -> dict[Var, Atom] | None:
    """What the backward loop loads from tapes, as the values that the forward loop has.

    None if it reads a tape in another way than at the trip at hand.
    """
    back = backward.body.params[0]
    stored: dict[Var, Atom] = {}
    for target, param, result in zip(
        forward.targets, forward.body.params[1:], forward.body.results, strict=True
    ):
        put = next(
            (s for s in forward.body.body if isinstance(s, Let) and s.targets[0] is result), None
        )
        if isinstance(target.type, Tape):
            if put is None or put.prim.name != "tape_put" or put.args[0] is not param:
                return None
            stored[target] = put.args[2]
    counts = (forward.start, forward.step) == (const(0), const(1))
    if stored and not counts:
        return None  # tapes are read at another number than the index
    loads: dict[Var, Atom] = {}
    for stmt in backward.body.body:
        match stmt:
            case Let((target,), prim, (Var() as tape, at)) if prim.name == "tape_get":
                if tape not in stored:
                    continue
                if at is not back:
                    return None
                loads[target] = stored[tape]
            case _:
                if read_by(stmt) & stored.keys():
                    return None
    return loads


def _both(forward: For, backward: For, loads: dict[Var, Atom], tapes: set[Var]) -> For:
    """One loop that does what both do."""
    kept = [k for k, target in enumerate(forward.targets) if target not in tapes]
    puts = {forward.body.results[k] for k, t in enumerate(forward.targets) if t in tapes}
    own = [s for s in forward.body.body if puts.isdisjoint(defined_by(s))]
    index, *params = forward.body.params
    env: dict[Var, Atom] = {backward.body.params[0]: index, **loads}
    others = [s for s in backward.body.body if loads.keys().isdisjoint(defined_by(s))]
    back = substitute(replace(backward.body, body=tuple(others)), env)
    return For(
        (*(forward.targets[k] for k in kept), *backward.targets),
        forward.start,
        forward.stop,
        forward.step,
        (*(forward.inits[k] for k in kept), *backward.inits),
        Block(
            (index, *(params[k] for k in kept), *backward.body.params[1:]),
            (*own, *back.body),
            (*(forward.body.results[k] for k in kept), *back.results),
        ),
        at=forward.at,
    )

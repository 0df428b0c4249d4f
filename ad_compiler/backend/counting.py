"""The `range` of a loop, forwards and backwards."""

from __future__ import annotations

from ad_compiler.backend.expressions import Renderer, operator
from ad_compiler.backend.text import ADD, ATOM, Text, literal
from ad_compiler.ir.nodes import Atom, Const, For, Let, Var, const


def range_of(stmt: For, to: Renderer, *, reversible: bool) -> str:
    """What a loop runs over. `reversible`: `reversed(range(...))` may be said."""
    simple = stmt.start == const(0) and stmt.step == const(1)
    call = to.resolve("range")
    if stmt.descending and simple:
        return f"{call}({_before(to, stmt.stop)}, -1, -1)"
    if stmt.descending and stmt.step == const(-1):
        return _ascending(to, call, stmt)
    if stmt.descending and not reversible:
        return _backwards(to, call, stmt)
    bounds = [stmt.start, stmt.stop, stmt.step]
    if stmt.step == const(1):
        bounds = [stmt.stop] if simple else bounds[:2]
    text = f"{call}({', '.join(to.atom(b).text for b in bounds)})"
    return f"{to.resolve('reversed')}({text})" if stmt.descending else text


def _ascending(to: Renderer, call: str, stmt: For) -> str:
    """The trips of `range(start, stop, -1)` from the last to the first."""
    first, end = _after(to, stmt.stop), _after(to, stmt.start)
    return f"{call}({end})" if first == "0" else f"{call}({first}, {end})"


def _backwards(to: Renderer, call: str, stmt: For) -> str:
    """The same trips in the other order, counted downwards, or upwards if the step is negative."""
    start, stop, step = stmt.start, stmt.stop, stmt.step
    if step == const(1):
        return f"{call}({_before(to, stop)}, {_before(to, start)}, -1)"
    first, width = to.atom(start), to.atom(step)
    span = operator("-", [to.atom(stop), first])
    past = _past(width, step)
    steps = operator("//", [operator("-", [span, past]), width])
    last = operator("+", [first, operator("*", [steps, width])])
    end = operator("-", [first, width])
    return f"{call}({last.text}, {end.text}, {operator('-', [width]).text})"


def _past(width: Text, step: Atom) -> Text:
    """What `stop` is beyond the last index at the least."""
    if isinstance(step, Const):
        return Text("1" if step.value > 0 else "-1", ATOM)
    return Text(f"(1 if {width.text} > 0 else -1)", ATOM)


def _after(to: Renderer, bound: Atom) -> str:
    """`bound + 1`."""
    return _shifted(to, bound, 1)


def _before(to: Renderer, bound: Atom) -> str:
    """`bound - 1`."""
    return _shifted(to, bound, -1)


def _shifted(to: Renderer, bound: Atom, by: int) -> str:
    """`bound + by`, where `n - 2 + 1` is `n - 1`."""
    if isinstance(bound, Const) and isinstance(bound.value, int):
        return literal(bound.value + by, to.resolve).text
    made = to.folded.get(bound) if isinstance(bound, Var) else None
    if isinstance(made, Let) and made.prim.name in ("add", "sub"):
        base, offset = made.args
        if isinstance(offset, Const) and type(offset.value) is int and offset.spelling is None:
            bound, by = base, by + (offset.value if made.prim.name == "add" else -offset.value)
    text = to.atom(bound)
    return f"{text.at_least(ADD)} {'+' if by > 0 else '-'} {abs(by)}" if by else text.text

"""Operations in place: the line that changes an array or a tape.

Each function gets the renderer, the name that is changed, and the operands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ad_compiler.backend.expressions import Renderer
from ad_compiler.backend.tapes import sum_of_tapes
from ad_compiler.ir.index import WHOLE, segments
from ad_compiler.ir.nodes import Atom, Const, Let, Var
from ad_compiler.ir.types import Array, Tape, dtype_of, is_differentiable, rank
from ad_compiler.rules.registry import OPERATORS
from ad_compiler.transform.augment import AUGMENTED, SYMBOLS

Change = Callable[[Renderer, str, Sequence[Atom]], str]


def _store(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{part_of(to, target, args)} = {to.atom(args[2]).text}"


def _add_at(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    pattern = args[1]
    assert isinstance(pattern, Const)
    if "array" in pattern.value:  # an index may occur twice, and both must count
        *views, (last, own) = segments(pattern.value, args[3:])
        for items, operands in views:
            target = to.part(target, items, operands)
        index = to.index(last, own)
        key = f"{to.resolve('np.s_')}[{index}]" if len(last) > 1 else index
        return f"{to.resolve('np.add')}.at({target}, {key}, {to.atom(args[2]).text})"
    whole = pattern.value == WHOLE and bool(rank(args[0].type))
    return step(to, target if whole else part_of(to, target, args), "+", args[2])


def _augmented(symbol: str) -> Change:
    """`x[i] *= v`."""

    def change(to: Renderer, target: str, args: Sequence[Atom]) -> str:
        pattern = args[1]
        assert isinstance(pattern, Const)
        whole = pattern.value == WHOLE and bool(rank(args[0].type))
        place = target if whole else part_of(to, target, args)
        return f"{place} {symbol}= {to.atom(args[2]).text}"

    return change


def part_of(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    """The part of an array that is written; all of it is `x[:]`, as people write it."""
    array, pattern = args[0].type, args[1]
    assert isinstance(pattern, Const)
    if pattern.value == WHOLE and isinstance(array, Array) and array.dims:
        return f"{target}[:]"
    return to.part(target, pattern.value, args[3:])


def _add_into(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return step(to, target, "+", args[1])


def _sub_into(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return step(to, target, "-", args[1])


def _tape_put(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}.append({to.atom(args[2]).text})"


def _list_pop(_to: Renderer, target: str, _args: Sequence[Atom]) -> str:
    return f"{target}.pop()"


def _list_append(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}.append({to.atom(args[1]).text})"


def _list_pop_first(_to: Renderer, target: str, _args: Sequence[Atom]) -> str:
    return f"{target}.pop(0)"


def _list_put_first(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}.insert(0, {to.atom(args[1]).text})"


def _list_set(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}[{to.atom(args[1]).text}] = {to.atom(args[2]).text}"


def _tape_add(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    place = f"{target}[{to.atom(args[1]).text}]"
    if isinstance(args[2].type, Tape):
        return f"{place} = {sum_of_tapes(to, place, to.atom(args[2]).text, args[2].type)}"
    if isinstance(args[2].type, Array):  # an element may be shared: it is replaced, not changed
        return f"{place} = {place} + {to.atom(args[2]).at_least(11)}"
    return step(to, place, "+", args[2])


def _item_place(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    """`xs[k][j]`."""
    return f"{target}[{to.atom(args[1]).text}][{to.atom(args[2]).text}]"


def _item_set(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{_item_place(to, target, args)} = {to.atom(args[3]).text}"


def _item_add(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return step(to, _item_place(to, target, args), "+", args[3])


def _item_append(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}[{to.atom(args[1]).text}].append({to.atom(args[2]).text})"


def _item_pop(to: Renderer, target: str, args: Sequence[Atom]) -> str:
    return f"{target}[{to.atom(args[1]).text}].pop()"


def _is_float(value: Var, target: str) -> bool:
    adjoint = "_bar" in target or "_dot" in target
    surely = isinstance(value.type, Array) or dtype_of(value.type) is not None
    return is_differentiable(value.type) and (adjoint or surely)


CHANGES: Mapping[str, Change] = {
    "store": _store,
    "add_at": _add_at,
    "add_into": _add_into,
    "sub_into": _sub_into,
    "tape_put": _tape_put,
    "tape_add": _tape_add,
    "list_append": _list_append,
    "list_pop": _list_pop,
    "list_pop_first": _list_pop_first,
    "list_put_first": _list_put_first,
    "list_set": _list_set,
    "list_item_set": _item_set,
    "list_item_add": _item_add,
    "list_item_append": _item_append,
    "list_item_pop": _item_pop,
    **{AUGMENTED[OPERATORS[symbol]].name: _augmented(symbol) for symbol in SYMBOLS},
}
"""The line of each primitive that works in place."""


def step(to: Renderer, target: str, symbol: str, value: Atom) -> str:
    """`target += value`, or `-=` where the value is a folded negation.

    Of floats only: with integers `-0.0 + -0` is 0.0, but `-0.0 - 0` is not. A number may be an
    int where a float is expected (`s = 0` before a loop), but not if it is an adjoint.
    """
    if symbol == "+" and isinstance(value, Var) and _is_float(value, target):
        made = to.folded.get(value)
        if isinstance(made, Let) and made.prim.name == "neg":
            symbol, value = "-", made.args[0]
    return f"{target} {symbol}= {to.atom(value).text}"

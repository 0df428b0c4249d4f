"""How the printed form of an operation evaluates its operands.

Python evaluates `a[i] = v` from `v` over `a` to `i`, and only one side of `a if c else b`. Folding
an operation into such a place must respect that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ad_compiler.frozen import frozen
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Call, Primitive, Special
from ad_compiler.ir.types import Array
from ad_compiler.transform.augment import AUGMENTED


@frozen
class Operand:
    """A place of an expression where an operand is evaluated."""

    atom: Atom
    lazy: bool = False
    """Evaluated on some paths only, or not in order: nothing that may raise goes here."""
    named: bool = False
    """Evaluated more than once, or changed: must be a name."""


Layout = Callable[[Sequence[Atom]], list[Operand]]


def _in_order(args: Sequence[Atom]) -> list[Operand]:
    return [Operand(atom) for atom in args]


def _store(args: Sequence[Atom]) -> list[Operand]:
    array, _, value, *index = args
    return [Operand(value), Operand(array, named=True), *map(Operand, index)]


def _add_at(args: Sequence[Atom]) -> list[Operand]:
    array, _, value, *index = args
    return [
        Operand(array, named=True),
        *(Operand(atom, lazy=True) for atom in index),
        Operand(value),  # after the element was read, as Python does it
    ]


def _into(args: Sequence[Atom]) -> list[Operand]:
    target, value = args
    return [Operand(target, named=True), Operand(value)]


def _tape_put(args: Sequence[Atom]) -> list[Operand]:
    tape, _, value = args
    return [Operand(tape, named=True), Operand(value)]


def _list_append(args: Sequence[Atom]) -> list[Operand]:
    xs, value = args
    return [Operand(xs, named=True), Operand(value)]


def _list_pop(args: Sequence[Atom]) -> list[Operand]:
    return [Operand(args[0], named=True)]


def _list_set(args: Sequence[Atom]) -> list[Operand]:
    xs, index, value = args
    return [Operand(value), Operand(xs, named=True), Operand(index)]


def _item_set(args: Sequence[Atom]) -> list[Operand]:
    xs, *indices, value = args
    return [Operand(value), Operand(xs, named=True), *map(Operand, indices)]


def _item_add(args: Sequence[Atom]) -> list[Operand]:
    xs, *indices, value = args
    unordered = [Operand(atom, lazy=True) for atom in indices]
    return [Operand(xs, named=True), *unordered, Operand(value)]


def _item_append(args: Sequence[Atom]) -> list[Operand]:
    xs, index, value = args
    return [Operand(xs, named=True), Operand(index), Operand(value)]


def _item_pop(args: Sequence[Atom]) -> list[Operand]:
    xs, index = args
    return [Operand(xs, named=True), Operand(index)]


def _tape_add(args: Sequence[Atom]) -> list[Operand]:
    tape, index, value = args
    return [Operand(tape, named=True), Operand(index, named=True), Operand(value, lazy=True)]


def _select(args: Sequence[Atom]) -> list[Operand]:
    test, one, other = args
    return [Operand(test), Operand(one, lazy=True), Operand(other, lazy=True)]


def _quiet_div(args: Sequence[Atom]) -> list[Operand]:
    if any(isinstance(a.type, Array) for a in args):
        return _in_order(args)
    return [Operand(a, named=True) for a in args]  # the guarded form says each twice


LAYOUTS: dict[str, Layout] = {
    "store": _store,
    "add_at": _add_at,
    "add_into": _into,
    "sub_into": _into,
    "tape_put": _tape_put,
    "tape_add": _tape_add,
    "list_append": _list_append,
    "list_pop": _list_pop,
    "list_pop_first": _list_pop,
    "list_put_first": _list_append,
    "list_set": _list_set,
    "list_item_set": _item_set,
    "list_item_add": _item_add,
    "list_item_append": _item_append,
    "list_item_pop": _item_pop,
    **{prim.name: _add_at for prim in AUGMENTED.values()},
    "select": _select,
    "quiet_div": _quiet_div,
}
"""The special primitives whose operands are not simply evaluated once, in order."""


def operands_of(prim: Primitive, args: Sequence[Atom]) -> list[Operand]:
    """The operands of a printed operation in the order in which Python evaluates them."""
    if isinstance(prim.spelling, Special) and prim.name in LAYOUTS:
        return LAYOUTS[prim.name](args)
    if isinstance(prim.spelling, Call) and prim.in_place is not None:
        return [Operand(atom, named=k == prim.in_place) for k, atom in enumerate(args)]
    return _in_order(args)

"""The spelling of tapes, and of lists that grow while a program runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ad_compiler.backend.expressions import Printer, Renderer, operator
from ad_compiler.backend.text import Text
from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.types import Array, Int, Tape, Type, dtype_of, is_number, rank


def sum_of_tapes(to: Renderer, one: str, other: str, type_: Tape) -> str:
    """Two tapes added element by element, at all depths.

    The zero of an array that there never was has no axes: it stays what it is.
    """
    inner = "a + b"
    if isinstance(type_.element, Tape):
        inner = sum_of_tapes(to, "a", "b", type_.element)
    elif rank(type_.element):
        inner = "a + b if a.ndim else a"
    return f"[{inner} for a, b in {to.resolve('zip')}({one}, {other})]"


def _tape_new(_to: Renderer, _args: Sequence[Atom]) -> Text:
    return Text("[]")


def _tape_get(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"{to.receiver(args[0])}[{to.atom(args[1]).text}]")


def _list_rows(to: Renderer, args: Sequence[Atom]) -> Text:
    array = to.atom(args[0]).text
    if rank(args[0].type) == 1:
        return Text(f"{to.resolve('list')}({array})")
    return Text(f"[row.copy() for row in {array}]")


def _list_lists(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"[{to.resolve('list')}(row) for row in {to.atom(args[0]).text}]")


def _list_array(to: Renderer, args: Sequence[Atom]) -> Text:
    (rows,) = args
    assert isinstance(rows.type, Tape)
    return _array_of(to, rows, rows.type.element if is_number(rows.type.element) else None)


def _list_like(to: Renderer, args: Sequence[Atom]) -> Text:
    rows, model = args
    made = _array_of(to, rows, model.type).text
    return Text(made if rank(model.type) == 1 else f"{made}.reshape({to.receiver(model)}.shape)")


def _array_of(to: Renderer, rows: Atom, kind: Type | None) -> Text:
    """`np.array(xs)`; with the dtype where what is in the list need not tell it.

    A zero among derivatives in single precision may be a Python float, and integers may be none.
    """
    dtype = ""
    if kind is not None and dtype_of(kind) == "f32":
        dtype = "np.float32"
    elif isinstance(kind, Int):
        dtype = "np.int64"
    given = f", {to.resolve(dtype)}" if dtype else ""
    return Text(f"{to.resolve('np.array')}({to.atom(rows).text}{given})")


def _list_sum(to: Renderer, args: Sequence[Atom]) -> Text:
    one, other = (to.receiver(a) for a in args)
    assert isinstance(args[0].type, Tape)
    return Text(sum_of_tapes(to, one, other, args[0].type))


def _tape_zeros_like(to: Renderer, args: Sequence[Atom]) -> Text:
    assert isinstance(args[0].type, Tape)
    return _zeros_for(to, to.receiver(args[0]), args[0].type.element)


def _zeros_for(to: Renderer, tape: str, element: Type) -> Text:
    match element:
        case Array():
            return Text(f"[{to.resolve('np.zeros_like')}(element) for element in {tape}]")
        case Tape(inner):
            return Text(f"[{_zeros_for(to, 'element', inner).text} for element in {tape}]")
        case _:
            return operator("*", [Text("[0.0]"), Text(f"{to.resolve('len')}({tape})")])


def _item_get(to: Renderer, args: Sequence[Atom]) -> Text:
    xs, k, j = args
    return Text(f"{to.receiver(xs)}[{to.atom(k).text}][{to.atom(j).text}]")


def _copy_rows(to: Renderer, args: Sequence[Atom]) -> Text:
    return Text(f"[row.copy() for row in {to.atom(args[0]).text}]")


PRINTERS: Mapping[str, Printer] = {
    "tape_new": _tape_new,
    "tape_get": _tape_get,
    "tape_zeros_like": _tape_zeros_like,
    "list_get": _tape_get,
    "list_item_get": _item_get,
    "list_copy_rows": _copy_rows,
    "list_rows": _list_rows,
    "list_lists": _list_lists,
    "list_array": _list_array,
    "list_like": _list_like,
    "list_sum": _list_sum,
}
"""How each of them prints as an expression."""

PATHS: Mapping[str, tuple[str, ...]] = {
    "tape_zeros_like": ("np.zeros_like", "len"),
    "tape_add": ("zip",),
    "list_rows": ("list",),
    "list_lists": ("list",),
    "list_sum": ("zip",),
    **dict.fromkeys(("list_array", "list_like"), ("np.array", "np.float32", "np.int64")),
}
"""The dotted paths that each of them mentions."""

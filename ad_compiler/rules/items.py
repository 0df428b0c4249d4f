"""Items of lists in lists: `xs[k][j] = v`, `xs[k].append(v)`, where no two rows are one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ad_compiler.ir.nodes import Atom
from ad_compiler.ir.primitive import Primitive, Special, TypeRefusal
from ad_compiler.ir.types import RAGGED, Tape, Type, join
from ad_compiler.rules.lists import always, is_single
from ad_compiler.rules.registry import SAME, Linear, register

ROWS = ([[1.0, -2.0], [3.0, 0.5, 2.0]], 1)


def _row(args: Sequence[Atom]) -> Tape:
    outer = args[0].type
    assert isinstance(outer, Tape)
    if not isinstance(outer.element, Tape):
        raise TypeRefusal(f"a subscript of {outer.element} in a list", "let its items be lists")
    return outer.element


def _copied(xs: list[list[Any]]) -> list[list[Any]]:
    return [[*row] for row in xs]


def _same(args: Sequence[Atom]) -> Type:
    return args[0].type


register(
    Primitive("list_copy_rows", _copied, _same, Special(), ("xs",), noun="copied", allocates=True),
    Linear({"xs": SAME}, joint=True, samples=(ROWS[:1],)),
)


def _item(args: Sequence[Atom]) -> Type:
    return _row(args).element


def _joined(args: Sequence[Atom]) -> Type:
    """The type of lists one of which gets one more value."""
    own, value = _item(args), args[-1].type
    common = join(own, value, RAGGED)
    if common is None:
        raise TypeRefusal(
            f"a {value} in a list of lists of {own}", "let all elements be of one kind"
        )
    return Tape(Tape(common))


def _changed(xs: list[Any], k: int, row: list[Any]) -> list[Any]:
    out = [*xs]
    out[k] = row
    return out


def _get(xs: list[Any], k: int, j: int) -> Any:
    return xs[k][j]


def _get_xs(xs: Any, k: int, j: int, *, xs_dot: Any) -> Any:
    return GET(xs_dot, k, j)


GET = register(
    Primitive(
        "list_item_get", _get, _item, Special(), ("xs", "k", "j"), raises=always, noun="item"
    ),
    Linear({"xs": _get_xs}, joint=True, samples=((*ROWS, 2),)),
)


def _set(xs: list[Any], k: int, j: int, value: Any) -> list[Any]:
    row = [*xs[k]]
    row[j] = value
    return _changed(xs, k, row)


def _set_xs(xs: Any, k: int, j: int, value: Any, *, xs_dot: Any) -> Any:
    return SET(xs_dot, k, j, np.float32(0.0) if is_single(value) else 0.0)


def _set_value(xs: Any, k: int, j: int, value: Any, *, value_dot: Any) -> Any:
    return SET(xs, k, j, value_dot)


SET = register(
    Primitive(
        "list_item_set", _set, _joined, Special(), ("xs", "k", "j", "value"),
        raises=always, in_place=0, noun="xs",
    ),
    Linear({"xs": _set_xs, "value": _set_value}, joint=True, samples=((*ROWS, 2, 4.0),)),
)  # fmt: skip


def _add(xs: list[Any], k: int, j: int, value: Any) -> list[Any]:
    return _set(xs, k, j, xs[k][j] + value)


def _add_xs(xs: Any, k: int, j: int, value: Any, *, xs_dot: Any) -> Any:
    return xs_dot


def _add_value(xs: Any, k: int, j: int, value: Any, *, value_dot: Any) -> Any:
    return ADD(xs, k, j, value_dot)


ADD = register(
    Primitive(
        "list_item_add", _add, _same, Special(), ("xs", "k", "j", "value"), in_place=0, noun="xs"
    ),
    Linear({"xs": _add_xs, "value": _add_value}, joint=True, samples=((*ROWS, 2, 4.0),)),
)


def _append(xs: list[Any], k: int, value: Any) -> list[Any]:
    return _changed(xs, k, [*xs[k], value])


def _append_xs(xs: Any, k: int, value: Any, *, xs_dot: Any) -> Any:
    return APPEND(xs_dot, k, np.float32(0.0) if is_single(value) else 0.0)


def _append_value(xs: Any, k: int, value: Any, *, value_dot: Any) -> Any:
    return APPEND(xs, k, value_dot)


APPEND = register(
    Primitive(
        "list_item_append", _append, _joined, Special(), ("xs", "k", "value"),
        raises=always, in_place=0, noun="xs",
    ),
    Linear({"xs": _append_xs, "value": _append_value}, joint=True, samples=((*ROWS, 4.0),)),
)  # fmt: skip


def _pop(xs: list[Any], k: int) -> list[Any]:
    return _changed(xs, k, xs[k][:-1])


def _pop_xs(xs: Any, k: int, *, xs_dot: Any) -> Any:
    return POP(xs_dot, k)


POP = register(
    Primitive(
        "list_item_pop", _pop, _same, Special(), ("xs", "k"), raises=always, in_place=0, noun="xs"
    ),
    Linear({"xs": _pop_xs}, joint=True, samples=(ROWS,)),
)

"""Lists and dicts that change: every name that holds one sees the change.

A list or dict exists at compile time only. Changing it means storing another structure under its
identity in every name that holds it, also inside other containers.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from ad_compiler.frontend import arguments, growing, iterables, turning
from ad_compiler.frontend.context import Context, array_of, raise_needs
from ad_compiler.frontend.lengthening import as_list, begin_to_grow, concatenated, lengthen
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import Ends
from ad_compiler.frontend.slots import Slot, current, holders, load, put
from ad_compiler.frontend.sorting import in_order
from ad_compiler.frontend.turning import substituted
from ad_compiler.frontend.values import (
    Backwards,
    Growing,
    Structure,
    Value,
    constant_of,
    static,
)
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Int

NEW = {
    "list": "[*xs, x]", "dict": "{**d, key: value}", "dataclass": "dataclasses.replace(p, w=w)",
}  # fmt: skip
"""How a changed copy is made."""


def change(ctx: Context, old: Structure, items: Sequence[Value], keys: Sequence[Any] = ()) -> None:
    """Give a list or dict other items."""
    identity = old.identity
    assert identity is not None
    if identity.frozen:
        raise TypeRefusal(
            f"this {old.kind} cannot be changed here: {identity.frozen}",
            f"make a new one, e.g. {NEW[old.kind]}",
        )
    ctx.changed(identity)
    new = Structure(old.kind, tuple(keys), tuple(items), identity, old.record)
    rooted = ctx.storage.rooted(new)
    wholes = [(slot, load(ctx.storage, slot)) for slot in holders(ctx.storage, identity)]
    for slot, whole in wholes:
        assert isinstance(whole, Structure)
        put(ctx.storage, slot, substituted(whole, identity, rooted))


def set_item(ctx: Context, container: Structure, index: Value, value: Value) -> None:
    """`container[index] = value`."""
    container = current(ctx.storage, container)
    constant = constant_of(index)
    key: Any = None if constant is None else constant.value
    if container.record is not None:
        raise TypeRefusal(f"{describe(container)} has no items", "assign its fields by name")
    if container.kind == "tuple":
        raise TypeRefusal("a tuple cannot be changed", "use a list")
    if constant is None and not isinstance(index, Structure):
        refusal = TypeRefusal(
            f"the index of a {container.kind} must be known at compile time",
            "write into an array instead",
        )
        _set_picked(ctx, container, index, value, refusal)
        return
    if container.kind == "dict":
        items = dict(zip(container.keys, container.items, strict=True))
        items[arguments.dict_key(ctx, index)] = value
        change(ctx, container, list(items.values()), list(items))
        return
    length = len(container.items)
    if type(key) is not int or not -length <= key < length:
        raise TypeRefusal(f"the list of length {length} has no element {key!r}", "append to it")
    changed = [*container.items]
    changed[key] = value
    change(ctx, container, changed)


def _set_picked(
    ctx: Context, container: Structure, index: Value, value: Value, refusal: TypeRefusal
) -> None:
    """An item is set: its index becomes known, if it can; else the list is one that grows."""
    at = index if isinstance(index, Var) and isinstance(index.type, Int) else None
    if at is None or container.kind != "list":
        raise_needs(ctx, [index], refusal)
        raise refusal
    if ctx.picks and turning.place(ctx, container, at, value):
        return
    raise_needs(ctx, [index], refusal, avoidable=True)
    if not turning.place(ctx, container, at, value):
        raise refusal


def set_field(ctx: Context, container: Structure, name: str, value: Value) -> None:
    """`container.name = value`."""
    record = container.record
    if record is None:
        raise TypeRefusal(
            f"{describe(container)} has no attributes to assign", "use a dict, or a dataclass"
        )
    if record.frozen:
        how = "p._replace" if record.is_tuple else "dataclasses.replace"
        raise TypeRefusal(
            f"a `{record.short}` is {'a tuple' if record.is_tuple else 'frozen'}, so that its "
            f"field `{name}` cannot be assigned",
            f"make a new one with {how}",
        )
    if name not in record.fields:
        raise TypeRefusal(
            f"`{name}` is no field of the dataclass `{record.short}`",
            f"its fields are {', '.join(record.fields) or 'none'}",
        )
    container = current(ctx.storage, container)
    items = container.named() | {name: value}
    change(ctx, container, list(items.values()), record.fields)


def is_held_by(ctx: Context, value: Value, slot: Slot) -> bool:
    """Whether a value is a list that one name holds, and nothing else."""
    if not (isinstance(value, Growing) or (isinstance(value, Structure) and value.kind == "list")):
        return False
    whole, own = load(ctx.storage, slot), value.identity
    if own is None or own.frozen or own.lent or not isinstance(whole, Growing | Structure):
        return False
    return whole.identity is own and holders(ctx.storage, own) == [slot]


def extend(ctx: Context, op: ast.operator, old: Value, value: Value) -> bool:
    """`xs += items` on a list, which changes it; whether that is what it was.

    With an array it is a sum of arrays.
    """
    if array_of(ctx, value) is not None:
        return False
    if isinstance(op, ast.Add) and isinstance(old, Growing):
        lengthen(ctx, old, value)
        return True
    if not (isinstance(op, ast.Add) and isinstance(old, Structure) and old.kind == "list"):
        return False
    _extend(ctx, current(ctx.storage, old), [value])
    return True


def put_first(ctx: Context, xs: Value, items: Value) -> bool:
    """`xs[:0] = items`; False if these are no lists."""
    if isinstance(xs, Growing) and isinstance(items, Structure):
        growing.replaced(ctx, xs, concatenated(ctx, items, xs))
    elif isinstance(xs, Structure) and isinstance(items, Structure):
        change(ctx, xs, [*items.items, *current(ctx.storage, xs).items])
    else:
        return False
    return True


def call_method(
    ctx: Context, container: Structure, method: str, args: Sequence[Value], kw: dict[str, Value]
) -> Value | None:
    """A method that changes its container; None if it is none."""
    act = METHODS.get((container.kind, method))
    if (container.kind, method) == ("dict", "update") and kw:
        args, kw = [*args, Structure("dict", tuple(kw), tuple(kw.values()))], {}
    _without_keywords(method, kw)
    return None if act is None else act(ctx, current(ctx.storage, container), list(args))


def _without_keywords(method: str, kw: dict[str, Value]) -> None:
    """Methods of lists and dicts take no keywords in Python."""
    if kw:
        raise TypeRefusal(f"`.{method}()` takes no keyword arguments", "give the values alone")


def sort(
    ctx: Context, container: Structure, args: Sequence[Value], kw: dict[str, Value], call: Any
) -> Value:
    """`xs.sort()` of a list whose length is known."""
    if args:
        raise TypeRefusal("`.sort()` takes its arguments by name", "write `key=` or `reverse=`")
    xs = current(ctx.storage, container)
    found = in_order(ctx, xs, kw, call)
    if isinstance(found, Growing):
        change(ctx, xs, [growing.item(ctx, found, const(k)) for k in range(len(xs.items))])
    else:
        change(ctx, xs, [*found.items])
    return static(None)


def call_growing(
    ctx: Context, xs: Growing, method: str, args: Sequence[Value], kw: dict[str, Value], call: Any
) -> Value:
    """A method of a list that grows."""
    if method != "sort":
        _without_keywords(method, kw)
    match method, args:
        case "sort", ():
            found = in_order(ctx, xs, kw, call)
            growing.replaced(ctx, xs, found if isinstance(found, Growing) else None)
        case "append", (value,):
            growing.append(ctx, xs, value)
        case "extend", (items,):
            lengthen(ctx, xs, items)
        case "pop", ():
            return growing.pop(ctx, xs)
        case "copy", ():
            return as_list(ctx, xs)
        case "insert", (Const(value=0), value):
            growing.put_first(ctx, xs, value)
        case "pop", (Const(value=0),):
            return growing.pop_first(ctx, xs)
        case "pop", (Const(value=-1),):
            return growing.pop(ctx, xs)
        case "insert", _:
            raise TypeRefusal("insert() in the middle of a growing list", "insert at an end")
        case "reverse", ():
            growing.replaced(ctx, xs, as_list(ctx, Backwards(as_list(ctx, xs))))
        case "pop", _:
            raise TypeRefusal("pop() from the middle of a growing list", "pop from one of its ends")
        case _:
            raise TypeRefusal(f"{method}() of a growing list with {len(args)} arguments")
    return static(None)


def _append(ctx: Context, xs: Structure, args: list[Value]) -> Value:
    (item,) = args
    change(ctx, xs, [*xs.items, item])
    return static(None)


def _extend(ctx: Context, xs: Structure, args: list[Value]) -> Value:
    more = args[0]
    if iterables.known_items(ctx, more) is None and not isinstance(more, Structure):
        begin_to_grow(ctx, xs, more)
    else:
        change(ctx, xs, [*xs.items, *_items(ctx, more)])
    return static(None)


def _insert(ctx: Context, xs: Structure, args: list[Value]) -> Value:
    at, item = _integer(args[0]), args[1]
    items = [*xs.items]
    items.insert(at, item)
    change(ctx, xs, items)
    return static(None)


def _pop(ctx: Context, xs: Structure, args: list[Value]) -> Value:
    items = [*xs.items]
    at = _integer(args[0]) if args else -1
    if not items:
        raise Ends(ctx.builder.frame, "IndexError", "pop from empty list")
    if not -len(items) <= at < len(items):
        raise TypeRefusal(f"pop from a list of length {len(items)}", "test its length first")
    taken = items.pop(at)
    change(ctx, xs, items)
    return taken


def _reverse(ctx: Context, xs: Structure, _args: list[Value]) -> Value:
    change(ctx, xs, xs.items[::-1])
    return static(None)


def _clear(ctx: Context, container: Structure, _args: list[Value]) -> Value:
    change(ctx, container, [])
    return static(None)


def _update(ctx: Context, d: Structure, args: list[Value]) -> Value:
    items = dict(zip(d.keys, d.items, strict=True))
    for other in args:
        if not (isinstance(other, Structure) and other.kind == "dict"):
            raise TypeRefusal("update() takes a dict here", "write the items out")
        items.update(zip(other.keys, other.items, strict=True))
    change(ctx, d, list(items.values()), list(items))
    return static(None)


def _set_default(ctx: Context, d: Structure, args: list[Value]) -> Value:
    key = arguments.dict_key(ctx, args[0])
    if key not in d.keys:
        set_item(ctx, d, args[0], args[1] if len(args) > 1 else static(None))
        return args[1] if len(args) > 1 else static(None)
    return d.items[d.keys.index(key)]


def _pop_key(ctx: Context, d: Structure, args: list[Value]) -> Value:
    key = arguments.dict_key(ctx, args[0])
    if key not in d.keys:
        if len(args) > 1:
            return args[1]
        raise TypeRefusal(f"the dict has no key {key!r}", "give a default")
    items = dict(zip(d.keys, d.items, strict=True))
    taken = items.pop(key)
    change(ctx, d, list(items.values()), list(items))
    return taken


def _copy(_ctx: Context, container: Structure, _args: list[Value]) -> Value:
    return Structure(container.kind, container.keys, container.items)


METHODS: dict[tuple[str, str], Callable[[Context, Structure, list[Value]], Value]] = {
    ("list", "append"): _append,
    ("list", "extend"): _extend,
    ("list", "insert"): _insert,
    ("list", "pop"): _pop,
    ("list", "reverse"): _reverse,
    ("list", "clear"): _clear,
    ("list", "copy"): _copy,
    ("dict", "update"): _update,
    ("dict", "setdefault"): _set_default,
    ("dict", "pop"): _pop_key,
    ("dict", "clear"): _clear,
    ("dict", "copy"): _copy,
}
"""Methods by kind of container and name."""


def _items(ctx: Context, value: Value) -> list[Value]:
    items = iterables.known_items(ctx, value)
    if items is None:
        raise TypeRefusal(
            f"the length of {describe(value)} is not known at compile time",
            "append its items in a loop",
        )
    return items


def _integer(value: Value) -> int:
    constant = constant_of(value)
    if constant is None or type(constant.value) is not int:
        raise TypeRefusal("the index must be known at compile time", "write a literal integer")
    return constant.value

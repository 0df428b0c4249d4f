"""The adjoints of operations on storage: reading and writing parts of arrays, and tapes.

r = store(a, i, v)      v_bar += r_bar[i]           what was written
                        r_bar[i] = 0                the rest is the cotangent of a
v = a[i]                a_bar[i] += v_bar           one accumulator for all loads
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ad_compiler.analysis.distinct import takes_once
from ad_compiler.ir.index import THEN, WHOLE, Pattern, axes_order, composed, segments
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.types import Array, Static, Tape, dims_of
from ad_compiler.rules.registry import PRIMITIVES
from ad_compiler.transform.adjoints import Adjoints, Selected, adjoint_name
from ad_compiler.transform.scaling import outside
from ad_compiler.transform.shapes import fitted as settled
from ad_compiler.transform.shapes import reduce_to, zero


def getitem(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """Element cotangents gather in one accumulator: `x_bar[i] += z_bar`."""
    x, pattern, *operands = let.args
    builder = adjoints.builder
    assert isinstance(x, Var)
    assert isinstance(pattern, Const)
    if pattern.value and set(pattern.value) <= {"new", ":", "..."}:
        value = without_new(adjoints, z_bar, pattern.value)
        part = adjoints.selection(let.targets[0], z_bar)
        if part is not None and x in adjoints.exposed.values:
            mask = without_new(adjoints, part.mask, pattern.value)
            adjoints.selected[value] = Selected(value, mask)
        adjoints.add(x, value)
        return
    if x in adjoints.parts and x not in adjoints.exposed.watched:
        whole, row, *index = adjoints.parts[x].args
        assert isinstance(row, Const)
        path = composed(row.value, pattern.value)
        if THEN not in path:  # row[j] of row = x[i] is x[i, j]
            item = replace(let, args=(whole, const(path), *index, *operands))
            getitem(adjoints, item, z_bar)
            return
    adjoints.mark_taken(let.targets[0], x, pattern, operands, z_bar)
    cell = adjoints.cell(x)
    before = builder.read_or_zero(cell)
    made = before is None
    base = adjoints.full(x, before)
    unique = made and takes_once(pattern.value, operands, adjoints.distinct)
    prim = PRIMITIVES["store" if unique else "add_at"]
    name = adjoint_name(x)
    builder.assign(cell, builder.emit(prim, base, pattern, z_bar, *operands, hint=name))


def is_part(let: Let) -> bool:
    """Whether this reads a row: an array at a place that only integers tell."""
    if let.prim.name != "getitem" or not isinstance(let.targets[0].type, Array):
        return False
    pattern = let.args[1]
    return isinstance(pattern, Const) and set(pattern.value) == {"int"}


def without_new(adjoints: Adjoints, z_bar: Atom, pattern: Pattern) -> Atom:
    """The cotangent of x, given that of `x[:, np.newaxis]`: its new axes taken out again."""
    items = tuple("int" if item == "new" else item for item in pattern)
    zeros = [const(0)] * items.count("int")
    builder, prim = adjoints.builder, PRIMITIVES["getitem"]
    value = outside(builder, z_bar, lambda g: builder.emit(prim, g, const(items), *zeros))
    assert value is not None
    return value


def store(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """`r = store(a, i, v)`: v gets what was written, a gets the rest, and nothing where v is."""
    a, pattern, v, *operands = let.args
    assert isinstance(pattern, Const)
    builder = adjoints.builder
    if v in adjoints.active:
        part = part_of(adjoints, z_bar, pattern.value, operands)
        if "array" in pattern.value:  # of values written to one place, the last one counts
            wins = builder.emit(PRIMITIVES["last_writes"], z_bar, pattern, *operands)
            part = adjoints.mask(part, wins)
        adjoints.add(v, fitted(adjoints, part, v))
    if pattern.value != WHOLE:
        rest = builder.emit(PRIMITIVES["store"], z_bar, pattern, const(0.0), *operands)
        if a in adjoints.exposed.values and not any(frame.is_loop for frame in builder.frames):
            assert isinstance(a, Var)
            before = adjoints.selection(let.targets[0], z_bar)
            kept = adjoints.everything(a) if before is None else before.mask
            mask = builder.emit(PRIMITIVES["store"], kept, pattern, const(False), *operands)
            adjoints.selected[rest] = Selected(rest, mask)
        adjoints.add(a, rest)


def add_at(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """`r = add_at(a, i, v)`: v gets what was added to, a gets all."""
    a, pattern, v, *operands = let.args
    assert isinstance(pattern, Const)
    if v in adjoints.active:
        part = part_of(adjoints, z_bar, pattern.value, operands)
        adjoints.add(v, fitted(adjoints, part, v))
    adjoints.add(a, z_bar)


def part_of(adjoints: Adjoints, array: Atom, pattern: Pattern, operands: Sequence[Atom]) -> Atom:
    """What a chain of views takes of an array, one operation a view."""
    builder = adjoints.builder
    for items, own in segments(pattern, operands):
        if items in (WHOLE, ()):  # all of an array; the element of one without axes
            continue
        if items == ("T",):
            array = builder.emit(PRIMITIVES["T"], array)
        elif items[0].startswith("transpose"):
            order = Const(axes_order(items[0]), Static())
            array = builder.emit(PRIMITIVES["np.transpose"], array, order)
        elif items[0].startswith("reshape"):
            array = builder.emit(PRIMITIVES["np.reshape"], array, *own)
        else:
            array = builder.emit(PRIMITIVES["getitem"], array, Const(items, Static()), *own)
    return array


def fitted(adjoints: Adjoints, part: Atom, value: Atom) -> Atom:
    """The cotangent of a value that was broadcast into a part of an array, or cast for it."""
    if dims_of(value.type) != dims_of(part.type):
        assert isinstance(part, Var)
        part = reduce_to(adjoints.builder, part, part, value, adjoints.shapes)
    return settled(adjoints.builder, part, value.type)


def tape_put(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """An element is written once, so its cotangent needs no reset."""
    tape, k, value = let.args
    adjoints.add(value, adjoints.builder.emit(PRIMITIVES["tape_get"], z_bar, k))
    adjoints.add(tape, z_bar)


def tape_get(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """The cotangent of a tape is a tape that is added to."""
    tape, *places = let.args
    assert isinstance(tape, Var)
    builder = adjoints.builder
    cell = adjoints.cell(tape)
    base = adjoints.full(tape, builder.read_or_zero(cell))
    builder.assign(cell, base)
    add = PRIMITIVES["tape_add" if len(places) == 1 else "list_item_add"]
    adjoints.presence.do(
        let.targets[0],
        lambda: builder.assign(cell, builder.emit(add, base, *places, z_bar)),
    )


def list_append(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """What was appended last has the last cotangent."""
    xs, value = let.args
    builder = adjoints.builder
    adjoints.add(value, builder.emit(PRIMITIVES["list_get"], z_bar, const(-1)))
    adjoints.add(xs, builder.emit(PRIMITIVES["list_pop"], z_bar))


def list_pop(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """What was taken off has no cotangent."""
    (xs,) = let.args
    nothing = _nothing(adjoints, xs, const(-1))
    adjoints.add(xs, adjoints.builder.emit(PRIMITIVES["list_append"], z_bar, nothing))


def list_put_first(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """As `list_append`, at the other end."""
    xs, value = let.args
    builder = adjoints.builder
    adjoints.add(value, builder.emit(PRIMITIVES["list_get"], z_bar, const(0)))
    adjoints.add(xs, builder.emit(PRIMITIVES["list_pop_first"], z_bar))


def list_pop_first(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """As `list_pop`, at the other end."""
    (xs,) = let.args
    nothing = _nothing(adjoints, xs, const(0))
    adjoints.add(xs, adjoints.builder.emit(PRIMITIVES["list_put_first"], z_bar, nothing))


def list_set(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """As `store`."""
    xs, k, value = let.args
    builder = adjoints.builder
    adjoints.add(value, builder.emit(PRIMITIVES["list_get"], z_bar, k))
    nothing = _nothing(adjoints, xs, k)
    adjoints.add(xs, builder.emit(PRIMITIVES["list_set"], z_bar, k, nothing))


def item_append(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """As `list_append`, for the items of one item."""
    xs, k, value = let.args
    builder = adjoints.builder
    adjoints.add(value, builder.emit(PRIMITIVES["list_item_get"], z_bar, k, const(-1)))
    adjoints.add(xs, builder.emit(PRIMITIVES["list_item_pop"], z_bar, k))


def item_pop(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """What was taken off has no cotangent."""
    xs, k = let.args
    adjoints.add(xs, adjoints.builder.emit(PRIMITIVES["list_item_append"], z_bar, k, const(0.0)))


def item_set(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """As `store`."""
    xs, k, j, value = let.args
    builder = adjoints.builder
    adjoints.add(value, builder.emit(PRIMITIVES["list_item_get"], z_bar, k, j))
    adjoints.add(xs, builder.emit(PRIMITIVES["list_item_set"], z_bar, k, j, const(0.0)))


def item_add(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """What was added to keeps its cotangent."""
    xs, k, j, value = let.args
    adjoints.add(value, adjoints.builder.emit(PRIMITIVES["list_item_get"], z_bar, k, j))
    adjoints.add(xs, z_bar)


def _nothing(adjoints: Adjoints, xs: Atom, k: Atom) -> Atom:
    """A zero in the shape of an element of a list."""
    assert isinstance(xs.type, Tape)
    if not isinstance(xs.type.element, Array | Tape):
        return const(0.0)
    element = adjoints.builder.emit(PRIMITIVES["list_get"], xs, k)
    assert isinstance(element, Var)
    return zero(adjoints.builder, element, adjoints.shapes)


def list_array(adjoints: Adjoints, let: Let, z_bar: Atom) -> None:
    """Each element has its row, as an array or as a list."""
    (xs,) = let.args
    assert isinstance(xs.type, Tape)
    kind = "list_lists" if isinstance(xs.type.element, Tape) else "list_rows"
    adjoints.add(xs, adjoints.builder.emit(PRIMITIVES[kind], z_bar))


SPECIAL: dict[str, Callable[[Adjoints, Let, Atom], None]] = {
    "getitem": getitem,
    "store": store,
    "add_at": add_at,
    "tape_put": tape_put,
    "tape_get": tape_get,
    "tape_add": tape_put,
    "list_append": list_append,
    "list_pop": list_pop,
    "list_put_first": list_put_first,
    "list_pop_first": list_pop_first,
    "list_get": tape_get,
    "list_set": list_set,
    "list_item_get": tape_get,
    "list_item_set": item_set,
    "list_item_add": item_add,
    "list_item_append": item_append,
    "list_item_pop": item_pop,
    "list_array": list_array,
}
"""The operations that are not left to their rules."""

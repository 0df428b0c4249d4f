"""Names that are None on some paths, where only the program knows which path it takes.

best = None                              Where it is None, the name lacks a value, and the
for v in x:                              truth value `has_best` says so. What it is once it
    if best is None or v < best:         has a value is known from a first attempt to lower
        best = v                         the function, which fails where the paths meet.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from ad_compiler.frontend.names import around
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.slots import Slot, lack, load, store
from ad_compiler.frontend.source import Code, children
from ad_compiler.frontend.values import Loose, Maybe, Place, Structure, Value, static
from ad_compiler.ir.builder import Builder, Cell, Frame, JoinRefusal
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Static
from ad_compiler.rules.effects import RAISE, VALUE

NONE = const(None)
COMPUTING = frozenset({"np", "numpy", "math", "abs", "float", "int", "min", "max", "sum", "round"})
"""What functions that take no None are called, and what modules of them."""
RESULT = "return"
"""What stands for the name of what a function returns, which no name can be."""


def is_none(value: Value) -> bool:
    """Whether a value is None."""
    return isinstance(value, Const) and value.value is None


def sometimes(code: Code) -> frozenset[str]:
    """The names that a function gives None or tests for it; its result too, if it mentions None."""
    known = code.source.optional
    if code.node not in known:
        names = {RESULT, *_met_with_none(code.node)} if "None" in code.text else set[str]()
        known[code.node] = frozenset(names)
    return known[code.node]


def _met_with_none(root: ast.AST) -> Iterator[str]:
    stack = [root]
    while stack:
        node = stack.pop()
        stack += children(node)
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    yield from _pairs(target, value)
            case ast.Compare(left=ast.Name(id=name)) if asks(node):
                yield name
            case _:
                pass


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[str]:
    match target, value:
        case (ast.Tuple(elts=targets), ast.Tuple(elts=values)) if len(targets) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from _pairs(one, other)
        case ast.Name(id=name), ast.Constant(value=None):
            yield name
        case ast.Name(id=name), ast.IfExp(body=body, orelse=orelse):
            if _says_none(body) or _says_none(orelse):
                yield name
        case _:
            pass


def _says_none(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def sample(storage: Storage, cell: Cell, value: Value) -> Value | None:
    """A value of the type of another, for paths that lack one; None where none can stand for it."""
    match value:
        case Place():
            return storage.like(cell, value)
        case Loose(atom):
            return atom
        case Maybe(_, there):
            return sample(storage, cell, there)
        case Structure(identity=None):
            items = [sample(storage, cell, item) for item in value.items]
            found = tuple(item for item in items if item is not None)
            whole = len(found) == len(items)
            return Structure(value.kind, value.keys, found, None, value.record) if whole else None
        case Var() | Const() if not isinstance(value.type, Static):
            return value
        case _:
            return None


def bind(
    storage: Storage, code: Code, slot: Slot, name: str, value: Value, base: Frame | None = None
) -> bool:
    """Bind a name if it is one that may be None; whether it is.

    If it had no value yet, it lacks one on other paths from the frame `base` on.
    """
    key = (code.key, name)
    if name in sometimes(code) or isinstance(value, Maybe):
        like = sample(storage, slot.main, value)
        if like is not None:
            storage.samples[key] = like
    like = storage.optional.get(key)
    if like is None:
        if isinstance(value, Maybe):
            raise _unexpected(key, known=key in storage.samples)
        return False
    builder = storage.builder
    has = slot.has = slot.has or Cell(f"has_{slot.name}", slot.main.home)
    if base is not None:
        base.values.setdefault(has, const(False))
    if is_none(value):
        if builder.peek(slot.main) is None:
            lack(storage, slot, like, base or builder.frame)
        builder.assign(has, const(False))
        return True
    present = const(True)
    if isinstance(value, Maybe):
        value, present = value.value, value.has
    store(storage, slot, value, base)
    builder.assign(has, present)
    return True


def _unexpected(key: tuple[object, str], *, known: bool) -> NeedsStatic:
    """What is raised where a name gets what may be None, and nobody expected it."""
    refusal = TypeRefusal(f"`{key[1]}` may be None here", f"test `{key[1]} is not None` first")
    needs = NeedsStatic(frozenset(), refusal)
    needs.optional = key if known else None
    return needs


def keep_result(storage: Storage, code: Code, slot: Slot, value: Value, base: Frame | None) -> None:
    """Note what a function returns on a path."""
    if not bind(storage, code, slot, RESULT, value, base):
        store(storage, slot, value, base)


def result(storage: Storage, code: Code, slot: Slot) -> Value:
    """What a function returns, if not None on all paths that return."""
    value = loaded(storage, code, slot, RESULT)
    storage.release(slot.cells())
    assert value is not None
    there = value if slot.has is None else found(storage.builder, slot, value)
    assert there is not None
    return there


def loaded(storage: Storage, code: Code, slot: Slot, name: str) -> Value | None:
    """What a name is bound to; where it is also None on a path, that can be tried again."""
    try:
        return load(storage, slot)
    except NeedsStatic as needs:
        key = (code.key, name)
        if isinstance(needs.refusal, JoinRefusal) and key in storage.samples:
            needs.optional = key
        raise


def arms(node: ast.Assign) -> ast.If | None:
    """`y = a if c else None` as a branch that assigns one or the other."""
    if not (isinstance(node.value, ast.IfExp) and any(_pairs(node.targets[0], node.value))):
        return None
    one, other = (
        ast.copy_location(ast.Assign(node.targets, arm), node)
        for arm in (node.value.body, node.value.orelse)
    )
    return ast.copy_location(ast.If(node.value.test, [one], [other]), node)


def found(builder: Builder, slot: Slot, value: Value) -> Value | None:
    """What a name that may be None is, as far as that is known here; None if it is not bound."""
    assert slot.has is not None
    has = builder.read(slot.has)
    if has is None:
        return None
    if has == const(False):
        return NONE
    if has == const(True) or any(has in frame.true for frame in builder.frames):
        return value
    return Maybe(has, value)


def assume(builder: Builder, slots: Mapping[str, Slot], test: ast.expr, *, truth: bool) -> None:
    """Note which names are not None from here on, in this frame, since a test has a truth value."""
    for name in _told(test, truth=truth):
        slot = slots.get(name)
        has = None if slot is None or slot.has is None else builder.read(slot.has)
        if slot is not None and slot.has is not None and isinstance(has, Var):
            builder.frame.true.add(has)
            if not builder.frame.is_loop:
                builder.frame.values[slot.has] = const(True)
                builder.frame.assumed[slot.has] = has


def asks(node: ast.Compare) -> bool:
    """Whether a comparison is `… is None` or `… is not None`."""
    is_one = len(node.ops) == 1 and isinstance(node.ops[0], ast.Is | ast.IsNot)
    return is_one and _says_none(node.comparators[0])


def _told(test: ast.expr, *, truth: bool) -> Iterator[str]:
    """The names that are not None where a test is true, or false."""
    match test:
        case ast.Compare(ast.Name(id=name), [op], [ast.Constant(value=None)]):
            if isinstance(op, ast.IsNot if truth else ast.Is):
                yield name
        case ast.UnaryOp(ast.Not(), operand):
            yield from _told(operand, truth=not truth)
        case ast.BoolOp(op, values) if isinstance(op, ast.And if truth else ast.Or):
            for value in values:
                yield from _told(value, truth=truth)
        case _:
            pass


def given(builder: Builder, code: Code, node: ast.expr, maybe: Maybe, *, outermost: bool) -> Value:
    """The value of an expression that may be None, where None would raise a TypeError anyhow.

    So it would where a function that has a derivative returns it, which is the `outermost`.
    """
    text = ast.unparse(node)
    if not _is_operand(code, node, outermost=outermost):
        raise TypeRefusal(f"`{text}` may be None here", f"test `{text} is not None` first")

    def fail() -> None:
        what = static("TypeError"), static((VALUE,)), static(f"`{text}` is None")
        builder.effect(RAISE, *what)
        builder.frame.dead = True

    builder.if_(maybe.has, lambda: None, fail)
    builder.frame.true.add(maybe.has)
    return maybe.value


def _is_operand(code: Code, node: ast.AST, *, outermost: bool) -> bool:
    """Whether Python raises a TypeError if an expression is None, since it computes with it."""
    outer = around(code)
    match outer.get(node):
        case ast.BinOp() | ast.Subscript() | ast.Attribute() | ast.AugAssign() | ast.For() | None:
            return True
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            return True
        case ast.UnaryOp(op=op):
            return not isinstance(op, ast.Not)
        case ast.Compare(ops=ops):
            return all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in ops)
        case ast.Call(func=func):
            return ast.unparse(func).partition(".")[0] in COMPUTING
        case ast.Tuple() | ast.List() | ast.Dict() as display:
            return outermost and isinstance(outer[display], ast.Return)
        case ast.Return():
            return outermost
        case _:
            return False

"""What is shared by everything that is lowered into one program."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ad_compiler.errors import Unsupported
from ad_compiler.frontend.captures import Captures
from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.joining import Joining
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.slots import Slot, load, new_slot, store_outside
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.values import Growing, Loose, Place, Structure, Text, Value, mapped
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.linear import Forms
from ad_compiler.ir.nodes import Atom, Const, Let, Undef, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.types import PY, Array, Bool, Float, Int, Static, Type, is_number, shown
from ad_compiler.rules import registry
from ad_compiler.rules.describe import described
from ad_compiler.rules.fits import equate
from ad_compiler.rules.infer import NeedsArray

MAX_BITS = 4096
"""The size of the integers that are computed at compile time."""

RunBody = Callable[["Context", Scope, list[ast.stmt]], Value | None]


@dataclass(eq=False)
class Context:
    """One program under construction.

    `origins` are the integers that can be made constants on demand: parameters, captured
    numbers, indices of loops that can be unrolled.
    """

    builder: Builder
    captures: Captures
    run: RunBody
    origins: set[Var] = field(default_factory=set[Var])
    active: list[tuple[Code, object]] = field(default_factory=list[tuple[Code, object]])
    """The calls that are being written out: of which function, what is known of the arguments."""
    recursive: int = 0
    """How many calls of a function by itself were written out."""
    codes: dict[Code, None] = field(default_factory=dict[Code, None])
    """The functions whose source went into the program, in order."""
    quiet: dict[str, None] = field(default_factory=dict[str, None])
    """The kinds of floating-point errors that some `with np.errstate` ignores."""
    storage: Storage = field(init=False)
    joining: Joining = field(init=False)
    apart: list[ast.AST] = field(default_factory=list[ast.AST])
    """The loops whose first trip is being written out."""
    changes: int = 0
    """How often a list or dict was changed."""
    changes_given: bool = False
    """Whether an argument, or something in it, was."""
    picks: bool = False
    """Whether lists of known items are looked into at run time, and no loop written out for it."""
    captured: dict[Identity, Slot] = field(default_factory=dict["Identity", "Slot"])
    """The captured lists and dicts, each as its own name."""
    forms: Forms = field(init=False)
    """What integers are in terms of others, and the bounds of indices of loops."""

    def __post_init__(self) -> None:
        self.forms = Forms(self.builder.made)
        self.storage = Storage(self.builder)
        self.joining = Joining(self.storage)
        self.builder.junctions = self.joining

    def changed(self, identity: Identity) -> None:
        """Note that a list, dict or dataclass is changed."""
        self.changes += 1
        self.changes_given |= identity.given


def atom_of(ctx: Context, value: Value) -> Atom:
    """The value as an operand: a number, an array as it is now, or a constant."""
    match value:
        case Var() | Const() | Undef():
            return value
        case Place():
            return ctx.storage.read(value)
        case Loose(atom):
            return atom
        case _:
            pass
    raise TypeRefusal(
        f"{describe(value)} stands where a number or an array is needed",
        "pass its elements, or make an array of them with np.array",
    )


def apply(ctx: Context, primitive: Primitive, args: Sequence[Atom], name: str = "") -> Value:
    """Append an operation, or compute it now if it is one of small integers."""
    builder = ctx.builder
    folded = _folded(primitive, args)
    if folded is not None:
        return folded
    try:
        type_ = _typed(primitive, args)
    except NeedsArray:
        raise  # whose value it is does not matter
    except TypeRefusal as refusal:
        raise_needs(ctx, args, refusal)
        raise
    if not ctx.captures.inline and any(isinstance(arg.type, Array) for arg in args):
        equate(builder, primitive, args)
        if not isinstance(type_, tuple):
            type_ = builder.lengths_named(type_)
    if not isinstance(type_, tuple):
        target = Var(name or described(primitive, args), type_, temp=not name)
        let = builder.made[target] = Let((target,), primitive, tuple(args), builder.at)
        builder.append(let)
        return target
    targets = builder.emit_many(primitive, *args)
    fields = primitive.results if primitive.name in registry.NAMED_TUPLES else ()
    return Structure("tuple", fields, targets)


def _typed(primitive: Primitive, args: Sequence[Atom]) -> Type | tuple[Type, ...]:
    """The type of what an operation gives; a refusal where a constant is none that it takes."""
    others = [arg for arg in args if isinstance(arg, Const) and isinstance(arg.type, Static)]
    for arg in others:
        if callable(arg.value) and not isinstance(arg.value, type):
            raise TypeRefusal(
                f"{describe(arg)} stands where a number or an array is needed",
                "call it, and pass what it gives",
            )
    try:
        return primitive.type_of(args)
    except (TypeError, ValueError, IndexError) as error:
        if not others:
            raise
        reason = f"`{primitive.name}` does not take these arguments: {error}"
        raise TypeRefusal(reason, "pass what NumPy takes there") from error


def atoms_of(ctx: Context, values: Iterable[Value]) -> list[Atom]:
    """Values as operands."""
    return [atom_of(ctx, value) for value in values]


def array_of(ctx: Context, value: Value) -> Atom | None:
    """The value as an array, None if it is none."""
    match value:
        case Place() | Loose():
            return atom_of(ctx, value)
        case Var(type=Array()) | Const(type=Array()):
            return value
        case _:
            return None


def from_outside(ctx: Context, value: Value) -> Value:
    """A captured value: what can change of it is shared by all its users."""
    if isinstance(value, Structure) and value.identity is not None:
        slot = ctx.captured.get(value.identity)
        if slot is None or ctx.builder.peek(slot.main) is None:
            slot = ctx.captured[value.identity] = new_slot(
                ctx.storage, value.kind, ctx.builder.frames[0]
            )
            store_outside(ctx.storage, slot, _shared(ctx, value))
        found = load(ctx.storage, slot)
        assert found is not None
        return found
    return _shared(ctx, value)


def _shared(ctx: Context, value: Value) -> Value:
    """A captured value whose arrays are the places that all its users share."""

    def leaf(one: Value) -> Value:
        is_array = isinstance(one, Var) and isinstance(one.type, Array)
        if is_array and one in ctx.captures.hidden:
            place = ctx.storage.outside(one)
            place.root.captured = True
            return place
        return one

    return mapped(value, leaf)


class Snapshot:
    """A point that a program under construction can go back to."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.frames = [
            (
                frame,
                len(frame.stmts),
                dict(frame.values),
                dict(frame.params),
                dict(frame.lengths),
                set(frame.true),
            )
            for frame in builder.frames
        ]
        self.unbound = set(builder.maybe_unbound)

    def restore(self) -> None:
        """Undo all that was built since."""
        self.builder.frames[:] = [frame for frame, *_ in self.frames]
        for frame, count, values, params, lengths, true in self.frames:
            del frame.stmts[count:]
            frame.values = values
            frame.params = params
            frame.lengths = lengths
            frame.true = true
        self.builder.maybe_unbound = self.unbound


def raise_needs(
    ctx: Context, args: Iterable[Value], refusal: TypeRefusal, *, avoidable: bool = False
) -> None:
    """Ask for the values of integer operands, if they can be had; else return."""
    needed = needed_for(ctx, args)
    if needed:
        raise NeedsStatic(frozenset(needed), refusal, avoidable=avoidable) from refusal


def needed_for(ctx: Context, args: Iterable[Value]) -> set[Var]:
    """The integers that some operands are computed from, as far as these can be constants."""
    needed: set[Var] = set()
    for arg in args:
        for one in _parts(arg):
            if isinstance(one, Var) and is_number(one.type):
                needed |= _origins(ctx, one) or set()
    return needed


def _parts(value: Value) -> tuple[Value, ...]:
    """What a text, or the key of a dict, is made of."""
    match value:
        case Text(operands=parts) | Structure("tuple", items=parts):
            return tuple(parts)
        case _:
            return (value,)


def _origins(ctx: Context, var: Var) -> set[Var] | None:
    """The integers that an integer is computed from; None if not from them alone.

    What a loop carries is one: written out, the loop may know it.
    """
    definitions: dict[Var, Let] = {}
    carried = {p for frame in ctx.builder.frames if frame.is_loop for p in frame.params.values()}
    for frame in ctx.builder.frames:
        definitions.update((s.targets[0], s) for s in frame.stmts if isinstance(s, Let))
    found: set[Var] = set()
    stack = [var]
    while stack:
        one = stack.pop()
        if one in ctx.origins or one in carried or ctx.captures.key_of(one) is not None:
            found.add(one)
        elif one in definitions:
            stack.extend(a for a in definitions[one].args if isinstance(a, Var))
        else:
            return None
    return found


_INTEGER_OPERATIONS = frozenset(
    [
        "add",
        "sub",
        "mul",
        "floordiv",
        "mod",
        "pow",
        "neg",
        "pos",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
        "invert",
        "abs",
        "max",
        "min",
        "int",
    ]
)
_TESTS = frozenset(["lt", "le", "gt", "ge", "eq", "ne", "not", "bool"])


def _folded(primitive: Primitive, args: Sequence[Atom]) -> Const | None:
    """The result of an operation on constants, where it is an integer or a truth value."""
    if not all(isinstance(arg, Const) for arg in args):
        return None
    wanted: tuple[type, ...] = (Int, Bool)
    if primitive.name in _TESTS:
        wanted = (Int, Bool, Float)
    elif primitive.name not in _INTEGER_OPERATIONS:
        return None
    values: list[Any] = [arg.value for arg in args if isinstance(arg, Const)]
    if not args or not all(isinstance(a.type, wanted) and a.type.kind == PY for a in args):
        return None
    if primitive.name in ("pow", "lshift") and not _is_small(values):
        return None
    return _evaluated(primitive, values)


def _is_small(values: list[Any]) -> bool:
    base, by = values
    return 0 <= by <= MAX_BITS and abs(base).bit_length() * max(by, 1) <= MAX_BITS


def _evaluated(primitive: Primitive, values: list[Any]) -> Const | None:
    try:
        result = primitive.evaluate(*values)
    except (ArithmeticError, ValueError):
        return None  # it raises when the program runs
    if isinstance(result, int) and result.bit_length() <= MAX_BITS:
        return const(result)
    return None


def truth_of(value: Value) -> bool | None:
    """The truth value of what is known at compile time; None if it is not known."""
    match value:
        case Const(type=Array()) | Var() | Undef() | Place() | Loose() | Growing():
            return None
        case Const():
            return bool(value.value)
        case Structure(items=items):
            return bool(items)
        case _:
            return True


def test_of(ctx: Context, value: Value) -> Atom:
    """The truth value of a number that is only known at run time, or of a list that grows."""
    if isinstance(value, Growing):
        xs = ctx.builder.read(value.root.cell)
        assert xs is not None
        length = atom_of(ctx, apply(ctx, registry.PRIMITIVES["list_len"], (xs,)))
        return atom_of(ctx, apply(ctx, registry.OPERATORS[">"], (length, const(0))))
    atom = atom_of(ctx, value)
    if isinstance(atom.type, Bool):
        return atom
    if not is_number(atom.type):
        raise TypeRefusal(
            f"the truth value of an array ({shown(atom.type)}) is ambiguous",
            "use np.any(...) or np.all(...)",
        )
    return atom_of(ctx, apply(ctx, primitive_of(bool), (atom,)))


def primitive_of(thing: object) -> Primitive:
    """The primitive that a builtin of Python stands for."""
    from_table = registry.meaning(thing)
    assert from_table is not None, thing
    return from_table


def with_place(scope: Scope, node: ast.AST, refusal: TypeRefusal) -> Unsupported:
    """The refusal, pointing at a node."""
    return scope.code.source.refuse(node, refusal.reason, refusal.remedy)


def placed(code: Code, node: ast.AST, problem: TypeRefusal | NeedsStatic) -> Exception:
    """What is refused, or asked for, with the place of a node."""
    if isinstance(problem, TypeRefusal):
        return code.source.refuse(node, problem.reason, problem.remedy)
    if problem.at is None:
        problem.at = code.source.span(node)
        problem.text = code.source.line(problem.at.line) + "\n"
    return problem


def place(ctx: Context, scope: Scope, node: ast.AST) -> None:
    """Give the statements that come next the place of a node; those of rules keep their user's."""
    if not ctx.captures.inline or ctx.captures.written:
        ctx.builder.at = scope.code.source.span(node)

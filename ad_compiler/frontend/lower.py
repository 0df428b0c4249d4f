"""From a Python function and the types of its parameters to a program."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from ad_compiler.errors import Span, Unsupported, UsageError
from ad_compiler.frontend import calls, inline, recursion, statements
from ad_compiler.frontend.captures import Capture, Captures, Key
from ad_compiler.frontend.context import Context, atom_of, placed
from ad_compiler.frontend.declared import lengths_check
from ad_compiler.frontend.indexing import SLICE
from ad_compiler.frontend.lookups import Guard, Trail
from ad_compiler.frontend.names import locals_of
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.refusals import syntax
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.turning import Lists
from ad_compiler.frontend.values import (
    Loose,
    Place,
    Structure,
    UserFunction,
    Value,
    from_tree,
    identities_in,
    is_atom,
    leaves_of,
    mapped,
    static,
)
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.depth import with_room
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Const,
    Effect,
    Function,
    Parameter,
    Stmt,
    Tree,
    Var,
    const,
    free_vars,
    leaves,
    map_tree,
    records_in,
)
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Array, Bool, Int, Static, is_complex
from ad_compiler.rules.allocation import CHECK_APART
from ad_compiler.rules.custom import WATCHERS


@dataclass(frozen=True)
class Lowered:
    """A program, what it captures, and what must not change while it is used.

    `fixed` are the parameters' integers that it is specialised for: the path of each leaf among
    all leaves, and its value.
    """

    function: Function
    captures: tuple[Capture, ...]
    guards: tuple[Guard, ...]
    fixed: tuple[tuple[int, Any], ...]
    codes: tuple[Code, ...]
    trail: Trail
    """What was looked up for it."""
    changes: bool = False
    """Whether it changes a list, dict or dataclass that it is given."""


def lower(
    function: FunctionType,
    parameters: Sequence[Parameter],
    values: Mapping[Var, Any] | None = None,
    *,
    inline: bool = False,
    outputs: tuple[str, ...] | str = (),
) -> Lowered:
    """The program of a live function.

    `values` are those of the parameters' variables, in case the program is only possible for some
    of them: an axis, a length. `outputs` are arguments whose final state is the value, instead of
    what the function returns; a tuple of names gives a tuple. Raises Unsupported for what is
    outside the accepted language.
    """

    def root(captures: Captures, ctx: Context) -> UserFunction:
        captures.inline = captures.arrays = inline
        captures.trail.begin(function)
        return calls.user_function(ctx, function)

    code = function.__code__
    at = Span(code.co_filename, code.co_firstlineno, 0, code.co_firstlineno, 0)
    return with_room(lambda: specialised(root, parameters, values or {}, outputs), at)


def specialised(
    root: Any,
    parameters: Sequence[Parameter],
    values: Mapping[Var, Any],
    outputs: tuple[str, ...] | str = (),
) -> Lowered:
    """Lower; where integers must be known at compile time, again with their values."""
    known: dict[Var, Any] = {}
    fixed: frozenset[Key] = frozenset()
    optional: dict[object, Value] = {}
    picks = False
    while True:
        captures = Captures(fixed=fixed)
        ctx = Context(Builder(), captures, statements.run, picks=picks)
        ctx.storage.optional = optional
        try:
            return _lowered(ctx, root, parameters, known, outputs)
        except NeedsStatic as needs:
            keys = {captures.key_of(var) for var in needs.needed} - {None}
            found = {var: values[var] for var in needs.needed if var in values}
            if not keys and not found and needs.optional not in (None, *optional):
                optional = {**optional, needs.optional: ctx.storage.samples[needs.optional]}
                continue
            if not keys and not found and needs.avoidable and not picks:
                picks = True
                continue
            if not keys and not found:
                reason, remedy = needs.refusal.reason, needs.refusal.remedy
                raise Unsupported(reason, needs.at, remedy, needs.text) from None
            known |= found
            fixed |= {key for key in keys if key is not None}


def _lowered(
    ctx: Context,
    root: Any,
    parameters: Sequence[Parameter],
    known: Mapping[Var, Any],
    outputs: tuple[str, ...] | str,
) -> Lowered:
    builder, captures = ctx.builder, ctx.captures
    ctx.joining.lists = Lists(ctx)
    user: UserFunction = root(captures, ctx)

    def settled(leaf: Tree) -> Tree:
        return const(known[leaf]) if isinstance(leaf, Var) and leaf in known else leaf

    fixed = tuple(
        (k, known[leaf])
        for k, leaf in enumerate(leaf for p in parameters for leaf in leaves(p.tree))
        if isinstance(leaf, Var) and leaf in known
    )
    parameters = [replace(p, tree=map_tree(p.tree, settled)) for p in parameters]
    params = tuple(v for p in parameters for v in leaves(p.tree) if isinstance(v, Var))
    ctx.origins.update(v for v in params if isinstance(v.type, Int | Bool))
    for var in params:
        if isinstance(var.type, Array):
            ctx.storage.outside(var)
    state = _state(ctx, user.code, parameters, outputs) if outputs else None
    value = _body(ctx, user, parameters)
    if builder.frame.dead:
        raise user.code.source.refuse(
            user.code.node, f"`{user.code.name}` raises on every path", "return a value on one"
        )
    value = value if state is None else state
    output, results = _output(ctx, user.code, value)
    builder.frame.stmts[:0] = [*lengths_check(params), *_apart(ctx)]
    used = free_vars(Block((), tuple(builder.frame.stmts), results))
    hidden = captures.inputs(used)
    taken = {p.name for p in parameters}
    extra = [Parameter(_unused(capture.name, taken), var, hidden=True) for var, capture in hidden]
    classes = _classes(user.code, captures, parameters, output)
    extra += [
        Parameter(_unused(capture.name, taken), static(cls), hidden=True)
        for cls, capture in classes.items()
    ]
    block = Block((*params, *(var for var, _ in hidden)), tuple(builder.frame.stmts), results)
    code = user.code
    made = Function(
        _name(code), (*parameters, *extra), block, output, at=code.source.span(code.node),
        quiet=tuple(ctx.quiet),
    )  # fmt: skip
    return Lowered(
        made,
        (*(c for _, c in hidden), *classes.values()),
        tuple(captures.guards),
        fixed,
        tuple(ctx.codes),
        captures.trail,
        ctx.changes_given,
    )


def _state(
    ctx: Context, code: Code, parameters: Sequence[Parameter], outputs: tuple[str, ...] | str
) -> Value:
    """The places of the arguments whose final state is asked for."""
    trees = {p.name: p.tree for p in parameters}
    names = (outputs,) if isinstance(outputs, str) else outputs
    for name in names:
        if name not in trees:
            raise UsageError(f"outputs={name!r}: `{code.name}` has no such argument")
    places = [from_tree(trees[name]) for name in names]
    watched: set[Var] = set()

    def place_of(leaf: Value) -> Value:
        if not (isinstance(leaf, Var) and isinstance(leaf.type, Array)):
            raise UsageError(f"outputs={outputs!r}: only arrays can be written to")
        watched.add(leaf)
        return ctx.storage.outside(leaf)

    made = [mapped(place, place_of) for place in places]
    ctx.storage.watched = frozenset(watched)
    return made[0] if isinstance(outputs, str) else Structure("tuple", (), tuple(made))


def _classes(
    code: Code, captures: Captures, parameters: Sequence[Parameter], output: Tree
) -> dict[type, Capture]:
    """The classes that the program makes objects of, unlike those that it makes again."""
    given = {record for p in parameters for record in records_in(p.tree)}
    made = dict.fromkeys(r for r in records_in(output) if r not in given)
    found: dict[type, Capture] = {}
    for record in made:
        assert record.cls is not None
        if not captures.inline:
            found[record.cls] = Capture(record.short, captures.classes[record.cls])
        elif record.path is None:
            raise code.source.refuse(
                code.node,
                f"`{code.name}` returns a `{record.short}`, which emitted code cannot import",
                "define the class at the top of the file, or return a tuple",
            )
    return found


def _apart(ctx: Context) -> list[Stmt]:
    """Checks that what is written shares no memory with other arrays from outside."""
    arrays = list(ctx.storage.external)
    written = ctx.storage.written()
    return [
        Effect(CHECK_APART, (one, other, const(f"`{one.name}` and `{other.name}`")))
        for k, one in enumerate(arrays)
        for other in arrays[k + 1 :]
        if one in written or other in written
    ]


def _name(code: Code) -> str:
    return "function" if isinstance(code.node, ast.Lambda) else code.name


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _body(ctx: Context, user: UserFunction, parameters: Sequence[Parameter]) -> Value:
    """Lower the function's body, with what its parameters are bound to."""
    code = user.code
    if isinstance(code.node, ast.AsyncFunctionDef):
        raise syntax(Scope(code, user.environment, frozenset()), code.node)
    scope = Scope(code, user.environment, locals_of(code), home=ctx.builder.frame)
    given = {p.name: from_tree(p.tree) for p in parameters if not p.star}
    items = tuple(from_tree(p.tree) for p in parameters if p.star)
    for star, empty in ((code.node.args.vararg, "tuple"), (code.node.args.kwarg, "dict")):
        if star is not None:
            given.setdefault(star.arg, Structure(empty, (), items if empty == "tuple" else ()))
    for name, value in given.items():
        for identity in identities_in(value):
            identity.given = True
        scope.bind(ctx.storage, name, value)
    ctx.active.append(recursion.entered(ctx, code, given))
    try:
        return inline.body_of(ctx, scope)
    except (TypeRefusal, NeedsStatic) as problem:
        raise placed(code, code.node, problem) from None


def _output(ctx: Context, code: Code, value: Value) -> tuple[Tree, tuple[Atom, ...]]:
    """The returned container, and its leaves."""
    results: list[Atom] = []

    def tree(part: Value) -> Tree:
        if isinstance(part, Place | Loose):
            part = atom_of(ctx, part)
        if isinstance(part, Structure) and part.record is not SLICE:
            return Branch(part.kind, part.keys, tuple(map(tree, part.items)), part.record)
        if isinstance(part, Const) and isinstance(part.type, Static):
            if isinstance(part.value, str | None | bool):
                return part
        elif is_atom(part):
            if is_complex(part.type):
                raise TypeRefusal(
                    f"`{code.name}` returns complex numbers: {describe(part)}",
                    "return the real and the imaginary part, or the absolute value",
                )
            results.append(part)
            return len(results) - 1
        raise code.source.refuse(
            code.node,
            f"`{code.name}` returns {describe(part)}",
            "return numbers, arrays, and containers of them",
        )

    if isinstance(value, Const) and value.value is None:
        raise code.source.refuse(
            code.node, f"`{code.name}` returns nothing", "return the result to differentiate"
        )
    try:
        return tree(value), tuple(results)
    except (TypeRefusal, NeedsStatic) as problem:  # two paths return two kinds of things
        raise placed(code, code.node, problem) from None


_OWN = Captures(inline=True)
"""What the functions of our own rules find around them: the same at every use."""


def inline_call(
    builder: Builder, function: FunctionType, args: Sequence[Atom], kwargs: Mapping[str, Atom]
) -> list[Atom]:
    """Lower a function of a rule into a program under construction; gives its results."""
    before = builder.junctions
    ours = is_ours(function)
    watch = None if ours or not WATCHERS else WATCHERS[-1]
    captures = _OWN if ours else Captures(inline=True, watch=watch)
    ctx = Context(builder, captures, statements.run)
    ctx.joining.lists = Lists(ctx)
    try:
        value = calls.call(ctx, calls.user_function(ctx, function), list(args), dict(kwargs))
    except NeedsStatic as needs:  # nobody makes constants of what a derivative is given
        raise needs.refusal from None
    builder.junctions = before
    return [atom_of(ctx, leaf) for leaf in leaves_of(value)]


def is_ours(function: FunctionType) -> bool:
    """Whether a rule's function is the compiler's own, not its user's."""
    return (function.__module__ or "").partition(".")[0] == __name__.partition(".")[0]

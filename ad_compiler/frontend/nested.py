"""Derivatives inside the code that is lowered: written out where they are called, innermost first.

    def f(x):                           f's program holds the statements of g's gradient, and
        return x * grad(g)(x)           is then differentiated like any other

The function inside is lowered on variables of its own; what it reads of its surroundings is
constant to its derivative, so that two derivatives never mix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ad_compiler.errors import UsageError
from ad_compiler.frontend.context import Context, apply, array_of, atom_of
from ad_compiler.frontend.iterables import raise_if
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.snapshots import snapshot
from ad_compiler.frontend.values import (
    Derived,
    Loose,
    Place,
    Structure,
    UserFunction,
    Value,
    constant_of,
    static,
)
from ad_compiler.frontend.verbs import VERBS, WRAPPERS, Wrapped
from ad_compiler.ir.builder import Frame
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Branch,
    Const,
    Function,
    Let,
    Parameter,
    Tree,
    Undef,
    Var,
    const,
    free_vars,
    leaves,
    substitute,
)
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import (
    Array,
    Static,
    Type,
    dims_of,
    dtype_of,
    is_differentiable,
    never_one,
    shown,
)
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES

Args = Sequence[Value]
Keywords = dict[str, Value]
Derive = Callable[[Function, Derived], Function]


class Call(Protocol):
    """How a value is called."""

    def __call__(self, ctx: Context, function: Value, args: Args, keywords: Keywords) -> Value: ...


DERIVE: list[Derive] = []
"""What makes a derivative of a program: the pass that the next rooms put in here."""


def stands_for(thing: Any) -> Value | None:
    """What is called in place of an object that wraps a function."""
    take = WRAPPERS.get(type(thing))
    if take is None:
        return None
    inner = take(thing)
    if not isinstance(inner, Wrapped):
        return static(inner)
    return Derived(
        static(inner.function), inner.kind, inner.argnums, inner.as_tuple, inner.has_aux, inner.mode
    )


def meaning(thing: Any) -> Callable[..., Value] | None:
    """What a call of a public function does, inside code that is lowered."""
    kind, mode = VERBS.get(thing, ("", ""))
    return {"": None, "jvp": jvp, "vjp": vjp}.get(kind, _maker(kind, mode))


def _maker(kind: str, mode: str) -> Callable[..., Value]:
    """`grad`, `hessian` and so on: a function that is made of another."""

    def lower(_ctx: Context, args: Args, kw: Keywords, _name: str, _call: Any) -> Value:
        given = dict(zip(("function", "argnums"), args, strict=False)) | kw
        if "f" in given:
            given["function"] = given.pop("f")
        function = given.pop("function", None)
        argnums = _known(given.pop("argnums", const(0)), "argnums")
        has_aux = bool(_known(given.pop("has_aux", const(False)), "has_aux"))
        if given or function is None or len(args) > 2:
            raise TypeRefusal(f"{kind} with these arguments is not supported", "give f, argnums")
        many = tuple(argnums) if isinstance(argnums, tuple | list) else (argnums,)
        return Derived(function, kind, many, isinstance(argnums, tuple | list), has_aux, mode)

    return lower


def _known(value: Value, name: str) -> Any:
    constant = constant_of(value)
    if constant is None:
        raise TypeRefusal(f"{name} must be known at compile time", "write a literal")
    return constant.value


def jvp(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Call) -> Value:
    """`jvp(f, primals, tangents)`."""
    match args:
        case [function, Structure(items=primals), Structure(items=tangents)]:
            pass
        case _:
            raise TypeRefusal("jvp takes a function, and two tuples", "jvp(f, (x,), (x_dot,))")
    if len(primals) != len(tangents):
        raise TypeRefusal(f"{len(primals)} primals, but {len(tangents)} tangents")
    pairs = zip(primals, tangents, strict=True)
    moving = tuple(k for k, (x, x_dot) in enumerate(pairs) if not _is_nothing(ctx, x, x_dot))
    if not moving:
        raise TypeRefusal("jvp needs at least one tangent that is not 0 or None")
    derived = Derived(function, "jvp", moving, as_tuple=True)
    return expand(ctx, derived, [*primals, *(tangents[k] for k in moving)], {}, call)


def _is_nothing(ctx: Context, primal: Value, tangent: Value) -> bool:
    """Whether a tangent says that its primal does not vary: None or 0; 0.0 for an array."""
    if not isinstance(tangent, Const):
        return False
    zeros = (const(0),) if array_of(ctx, primal) is None else (const(0), const(0.0))
    return tangent.value is None or tangent in zeros


def vjp(ctx: Context, args: Args, _kw: Keywords, _name: str, call: Call) -> Value:
    """`vjp(f, *primals)`: the value, and a function of the cotangent."""
    function, *primals = args
    moving = tuple(k for k, value in enumerate(primals) if _is_real(ctx, value))
    if not moving:
        raise TypeRefusal("vjp needs at least one argument of real numbers")
    function, given = snapshot(ctx, function), tuple(snapshot(ctx, p) for p in primals)
    value = call(ctx, function, given, {})
    pullback = Derived(function, "vjp", moving, as_tuple=True, given=given)
    return Structure("tuple", (), (value, pullback))


def _is_real(ctx: Context, value: Value) -> bool:
    if isinstance(value, Structure):
        return bool(value.items) and all(_is_real(ctx, item) for item in value.items)
    if isinstance(value, Place | Loose):
        value = atom_of(ctx, value)
    return isinstance(value, Var | Const) and is_differentiable(value.type)


# -- expansion ------------------------------------------------------------------------------------


@dataclass
class Inputs:
    """The parameters of a program that is called, and the atoms that they stand for."""

    ctx: Context
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    actual: dict[Var, Atom] = field(default_factory=dict[Var, Atom])

    def add(self, name: str, value: Value, *, named: bool = False) -> Value:
        """A parameter for an argument; gives what the function inside sees of it."""
        seen, tree = self._leaf_by_leaf(name, value)
        self.parameters.append(Parameter(name, tree, keyword_only=named))
        return seen

    def _leaf_by_leaf(self, name: str, value: Value) -> tuple[Value, Tree]:
        if isinstance(value, Structure):
            pairs = [self._leaf_by_leaf(name, item) for item in value.items]
            seen = replace(value, items=tuple(one for one, _ in pairs), identity=None)
            children = tuple(tree for _, tree in pairs)
            return seen, Branch(value.kind, value.keys, children, value.record)
        atom = atom_of(self.ctx, value) if isinstance(value, Place | Loose) else value
        if not isinstance(atom, Var | Const) or not is_differentiable(atom.type):
            return value, static(value)
        own = Var(name, atom.type)
        self.actual[own] = atom
        return self.ctx.storage.rooted(own, name), own


def expand(ctx: Context, derived: Derived, args: Args, keywords: Keywords, call: Call) -> Value:
    """The statements of a derivative, for a call of it."""
    args = [*derived.given, *args]
    count = {"jvp": len(derived.argnums), "hvp": len(derived.argnums), "vjp": 1}.get(
        derived.kind, 0
    )
    if len(args) < count:
        raise TypeRefusal(f"{derived.kind} takes {count} (co)tangent(s) after the arguments")
    own, extra = args[: len(args) - count], args[len(args) - count :]
    if not DERIVE:
        raise TypeRefusal("a derivative inside this function is not supported", "take it outside")
    function, actual = _program(ctx, derived, own, keywords, call)
    try:
        made = DERIVE[0](function, derived)
    except UsageError as error:
        raise TypeRefusal(str(error)) from None
    new = [p for p in made.parameters if not any(p.tree is q.tree for q in function.parameters)]
    for parameter, value in zip(new, extra, strict=True):
        _match(ctx, parameter.name, parameter.tree, value, actual)
    block = substitute(made.block, actual)
    for stmt in block.body:
        ctx.builder.append(stmt)
    value = _value(ctx, made.output, block.results)
    return _filled(derived, value, len(own)) if derived.kind == "vjp" else value


def _program(
    ctx: Context, derived: Derived, args: Args, keywords: Keywords, call: Call
) -> tuple[Function, dict[Var, Atom]]:
    """The function that is differentiated, as a program, and what its parameters stand for."""
    frame = Frame(is_loop=False)
    ctx.builder.frames.append(frame)
    inputs = Inputs(ctx)
    names = _names(derived.function, len(args))
    positional = [inputs.add(name, value) for name, value in zip(names, args, strict=True)]
    named = {key: inputs.add(key, value, named=True) for key, value in keywords.items()}
    output, results = _output(ctx, call(ctx, derived.function, positional, named))
    ctx.builder.frames.pop()
    if frame.dead or any(cell.home in ctx.builder.frames for cell in frame.values):
        raise TypeRefusal(
            f"{describe(derived.function)}, which is differentiated here, changes its surroundings",
            "return what it computes instead",
        )
    params = tuple(v for p in inputs.parameters for v in leaves(p.tree) if isinstance(v, Var))
    block = Block(params, tuple(frame.stmts), results)
    free = sorted(free_vars(block) - set(params), key=lambda var: var.serial)
    hidden = [Parameter(var.name, var, hidden=True) for var in free]
    block = replace(block, params=(*params, *free))
    name = derived.function.code.name if isinstance(derived.function, UserFunction) else "function"
    made = Function(name, (*inputs.parameters, *hidden), block, output)
    return made, inputs.actual


def _names(function: Value, count: int) -> list[str]:
    """What the arguments are called: as the function's parameters are."""
    own = [a.arg for a in function.code.arguments] if isinstance(function, UserFunction) else []
    return [own[k] if k < len(own) else f"x{k}" for k in range(count)]


def _output(ctx: Context, value: Value) -> tuple[Tree, tuple[Atom, ...]]:
    """A returned container, and its leaves."""
    results: list[Atom] = []

    def tree(part: Value) -> Tree:
        if isinstance(part, Structure):
            return Branch(part.kind, part.keys, tuple(map(tree, part.items)), part.record)
        if isinstance(part, Const) and isinstance(part.type, Static):
            return part
        results.append(atom_of(ctx, part))
        return len(results) - 1

    return tree(value), tuple(results)


def _match(ctx: Context, name: str, tree: Tree, value: Value, actual: dict[Var, Atom]) -> None:
    """Let a (co)tangent stand for its parameter."""
    match tree, value:
        case Branch(children=children), Structure(items=items) if len(items) == len(children):
            for child, item in zip(children, items, strict=True):
                _match(ctx, name, child, item, actual)
        case Var(), _:
            atom = atom_of(ctx, value)
            if not _fits(atom, tree):
                models = (a for own, a in actual.items() if own.type == tree.type)
                atom = _checked(ctx, name, atom, next(models, tree))
            actual[tree] = atom
        case Const(), _:
            pass
        case _:
            raise TypeRefusal(f"{name} is {describe(value)}, unlike what it belongs to")


DIM = PRIMITIVES["dim"]


def _like(type_: Type) -> tuple[object, int]:
    return dtype_of(type_), len(dims_of(type_))


def _checked(ctx: Context, name: str, atom: Atom, model: Atom) -> Atom:
    """An array that has the lengths of another one, or the program raises."""
    own, wanted = dims_of(atom.type), dims_of(model.type)
    known = [a == b for a, b in zip(own, wanted, strict=False) if {type(a), type(b)} == {int}]
    if not own or _like(atom.type) != _like(model.type) or not all(known):
        raise TypeRefusal(
            f"{name} is {shown(atom.type)}, what it belongs to is {shown(model.type)}",
            "give it the shape and dtype of what it belongs to",
        )
    for axis, (one, other) in enumerate(zip(own, wanted, strict=True)):
        if one != other:
            lengths = [atom_of(ctx, apply(ctx, DIM, (a, const(axis)))) for a in (atom, model)]
            differ = atom_of(ctx, apply(ctx, OPERATORS["!="], lengths))
            message = f"{name} has another length than what it belongs to"
            raise_if(ctx, differ, "ValueError", message)
    same = Var(name, model.type, temp=True)
    let = ctx.builder.made[same] = Let((same,), PRIMITIVES["identity"], (atom,), ctx.builder.at)
    ctx.builder.append(let)
    return same


def _fits(atom: Atom, model: Var) -> bool:
    """Whether a (co)tangent has the shape and dtype of what it belongs to."""
    if isinstance(atom, Undef) or isinstance(atom.type, Static):
        return False
    if isinstance(model.type, Array) and isinstance(atom.type, Array):
        if atom.type.dtype != model.type.dtype or len(atom.type.dims) != len(model.type.dims):
            return False
        pairs = zip(atom.type.dims, model.type.dims, strict=True)
        return all(a == b or (never_one(a) and never_one(b)) for a, b in pairs)
    return not dims_of(atom.type) and not isinstance(model.type, Array)


def _value(ctx: Context, tree: Tree, results: Mapping[int, Atom] | Sequence[Atom]) -> Value:
    match tree:
        case Branch(kind, keys, children, record):
            items = tuple(_value(ctx, c, results) for c in children)
            return Structure(kind, keys, items, record=record)
        case int():
            return ctx.storage.rooted(results[tree])
        case _:
            return tree


def _filled(derived: Derived, value: Value, count: int) -> Structure:
    """The cotangents of all arguments: 0 for those that cannot vary."""
    assert isinstance(value, Structure)
    found = dict(zip(derived.argnums, value.items, strict=True))
    return Structure("tuple", (), tuple(found.get(k, const(0)) for k in range(count)))

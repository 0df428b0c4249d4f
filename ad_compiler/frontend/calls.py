"""Lowers calls: of primitives, Python functions, methods, and what acts on structure."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from types import BuiltinMethodType, FunctionType
from typing import Any

import numpy as np

from ad_compiler.errors import Unsupported
from ad_compiler.frontend import (
    arguments,
    builtin,
    containers,
    gathering,
    indexing,
    inline,
    marks,
    nested,
    records,
    signatures,
    strings,
    ufuncs,
)
from ad_compiler.frontend.context import Context, apply, atom_of, from_outside, raise_needs
from ad_compiler.frontend.iterating import vectorized
from ad_compiler.frontend.marked import plain_function
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.needs import NeedsStatic
from ad_compiler.frontend.slots import current
from ad_compiler.frontend.source import is_exact, source_of
from ad_compiler.frontend.ufuncs import is_library
from ad_compiler.frontend.values import (
    Derived,
    Environment,
    Growing,
    Loose,
    Method,
    Partial,
    Place,
    Structure,
    UserFunction,
    Value,
    constant_of,
    leaves_of,
    static,
    value_of,
)
from ad_compiler.ir.custom import CustomRule
from ad_compiler.ir.nodes import Atom, Const, Var, const
from ad_compiler.ir.primitive import Primitive, TypeRefusal
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import Array, is_number
from ad_compiler.rules import iterating, joining
from ad_compiler.rules.custom import primitive_of as custom_primitive
from ad_compiler.rules.infer import NeedsArray
from ad_compiler.rules.registry import (
    METHODS,
    PRIMITIVES,
    REFUSED,
    VARIANTS,
    WRITERS,
    definition_of,
    meaning,
)

dict_key = arguments.dict_key

WRITTEN = (joining.__name__, iterating.__name__)
"""Where functions stand that builtins are written as."""


def call(
    ctx: Context, function: Value, args: Sequence[Value], keywords: dict[str, Value], name: str = ""
) -> Value:
    """`function(*args, **keywords)`; `name` is what a new result is called."""
    match function:
        case UserFunction():
            return inline.call(ctx, function, args, keywords, name)
        case Partial(inner, first, given):
            given_now = [_now(ctx, value) for value in first]
            named = {key: _now(ctx, value) for key, value in given.items()}
            return call(ctx, inner, [*given_now, *args], {**named, **keywords}, name)
        case Derived():
            return nested.expand(ctx, function, args, keywords, call)
        case Method(receiver, method):
            return _method(ctx, receiver, method, args, keywords, name)
        case Const(value=thing):
            return _object(ctx, thing, args, keywords, name)
        case _:
            raise TypeRefusal(f"{describe(function)} cannot be called", "call a function")


def _now(ctx: Context, value: Value) -> Value:
    return current(ctx.storage, value) if isinstance(value, Structure) else value


def _object(
    ctx: Context, thing: Any, args: Sequence[Value], keywords: dict[str, Value], name: str
) -> Value:
    """A call of a Python object that is known at compile time."""
    where, args, keywords = ufuncs.settled(ctx, thing, args, keywords, call)
    if where is not None:
        result = _object(ctx, thing, args, keywords, "")
        return ufuncs.placed(ctx, where, result, _label(thing), call)
    inner = nested.stands_for(thing)
    if inner is not None:
        return call(ctx, inner, args, keywords, name)
    try:
        special = (
            builtin.TABLE.get(thing)
            or marks.FUNCTIONS.get(thing)
            or nested.meaning(thing)
            or records.meaning(thing)
        )
    except TypeError:
        special = None
    if special is not None:
        made = special(ctx, *signatures.in_order(thing, args, keywords), name, call)
        if made is not None:
            return made
    if isinstance(thing, BuiltinMethodType) and isinstance(thing.__self__, str):
        return strings.of_method(ctx, thing, args, keywords)
    if isinstance(thing, Primitive) and not keywords and len(args) >= len(thing.params) - 1:
        atoms = arguments.own(ctx, thing, args)
        return indexing.viewed(ctx, args[0], thing, atoms, apply(ctx, thing, atoms, name))
    if isinstance(thing, CustomRule):
        return of_primitive(ctx, custom_primitive(thing), thing, args, keywords, name)
    definition = definition_of(thing)
    if definition is not None:
        return defined(ctx, definition, args, keywords, name, _label(thing))
    primitive = thing if isinstance(thing, Primitive) else meaning(thing)
    if primitive is not None:
        return of_primitive(ctx, primitive, thing, args, keywords, name)
    if thing is functools.partial:
        first, *given = (ctx.storage.rooted(arg) for arg in args)
        return Partial(first, tuple(given), {k: ctx.storage.rooted(v) for k, v in keywords.items()})
    if isinstance(thing, functools.partial):
        return call(ctx, *_taken_apart(ctx, thing, args, keywords), name)
    elementwise = vectorized(ctx, thing)
    if elementwise is not None:
        return call(ctx, elementwise, args, keywords, name)
    if isinstance(thing, FunctionType) and not is_library(thing):
        if thing.__module__ in WRITTEN and not ctx.captures.inline:
            return defined(ctx, thing, args, keywords, name)
        if getattr(thing, "__ad_of_types__", False):
            return const(thing(*(atom_of(ctx, arg).type for arg in args)))
        if getattr(thing, "__ad_compile_time__", False):
            return _at_compile_time(ctx, thing, args, keywords)
        return inline.call(ctx, user_function(ctx, thing), args, keywords, name)
    function = None if is_library(thing) else plain_function(thing)
    if function is not None:
        return inline.call(ctx, user_function(ctx, function), args, keywords, name)
    raise TypeRefusal(*_unknown(thing))


def _label(thing: Any) -> str:
    module = getattr(thing, "__module__", None) or ""
    label = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", repr(thing))
    return f"{module}.{label}" if module not in ("", "builtins") else str(label)


def _unknown(thing: Any) -> tuple[str, str]:
    try:
        if thing in REFUSED:
            return REFUSED[thing]
    except TypeError:  # unhashable
        pass
    shown = _label(thing)
    if _is_random(thing):
        return (
            f"`{shown}` gives another number each time, so that there is no derivative",
            "draw the numbers outside, and pass them as an argument",
        )
    if shown.endswith(".prange") and shown.startswith("numba."):
        return "`prange` runs its trips in no certain order", "use range"
    if isinstance(thing, type):
        return f"calls of the class `{shown}` are not supported", "use tuples, dicts and arrays"
    remedy = "write it with functions that have one, or state its derivative with custom_rule"
    return f"`{shown}` has no derivative rule", remedy


def _is_random(thing: Any) -> bool:
    """Whether something draws random numbers."""
    owner = type(getattr(thing, "__self__", thing))
    module = getattr(thing, "__module__", None) or owner.__module__
    return any(
        m.startswith(("random", "numpy.random", "_random")) for m in (module, owner.__module__)
    )


def of_primitive(
    ctx: Context,
    primitive: Primitive,
    thing: Any,
    args: Sequence[Value],
    keywords: dict[str, Value],
    name: str = "",
) -> Value:
    """A call of a function that has a rule."""
    atoms: Sequence[Atom]
    primitive, atoms = arguments.operands(ctx, primitive, thing, args, keywords)
    if getattr(thing, "__module__", None) == "math":
        atoms = [_number(ctx, atom) for atom in atoms]
    if primitive in VARIANTS:
        primitive, atoms = VARIANTS[primitive](atoms) or (primitive, atoms)
    atoms, result = _applied(ctx, primitive, atoms, name)
    base = args[0] if args else next(iter(keywords.values()), None)
    return result if base is None else indexing.viewed(ctx, base, primitive, atoms, result)


def _number(ctx: Context, atom: Atom) -> Atom:
    """What the functions of `math` take an array without axes for."""
    if isinstance(atom.type, Array) and not atom.type.dims:
        return atom_of(ctx, apply(ctx, PRIMITIVES["item"], (atom,)))
    return atom


def _applied(
    ctx: Context, primitive: Primitive, atoms: Sequence[Atom], name: str
) -> tuple[Sequence[Atom], Value]:
    """An operation on operands, where numbers stand for arrays without axes, as in NumPy."""
    try:
        return atoms, apply(ctx, primitive, atoms, name)
    except NeedsArray as refusal:
        lone, unfit = refusal.arg, refusal
        if not is_number(lone.type):
            raise
    array = atom_of(ctx, apply(ctx, PRIMITIVES["array0"], (lone,)))
    taken = [array if a is lone else a for a in atoms]
    _, result = _applied(ctx, primitive, taken, name)
    if isinstance(result, Var) and isinstance(result.type, Array) and not result.type.dims:
        raise unfit  # NumPy may give the number back
    return taken, result


def defined(
    ctx: Context,
    definition: FunctionType,
    args: Sequence[Value],
    keywords: dict[str, Value],
    name: str,
    label: str = "",
) -> Value:
    """A call of a function that is others rearranged: their calls, at the place of this one.

    `label`: what its user calls it.
    """
    captures, codes = ctx.captures, ctx.codes
    ctx.captures, ctx.codes = replace(captures, inline=True, written=False), {}
    try:
        return inline.call(ctx, user_function(ctx, definition), args, keywords, name)
    except NeedsStatic as needs:
        needs.at = needs.text = None
        raise
    except Unsupported as refusal:
        raise TypeRefusal(refusal.reason, refusal.remedy) from None
    except TypeRefusal as refusal:
        reason = refusal.reason.replace(f"`{definition.__name__}`", f"`{label}`")
        raise TypeRefusal(reason, refusal.remedy) from None
    finally:
        ctx.captures, ctx.codes = captures, codes


def user_function(ctx: Context, function: FunctionType) -> UserFunction:
    """A live Python function, with its source and its defaults."""
    code = source_of(function)
    names = [arg.arg for arg in code.arguments]
    positional = names[: function.__code__.co_argcount]
    captures = ctx.captures
    if not captures.inline and not is_exact(function):
        captures.trail.complete = False
    defaults: dict[str, Value] = {}
    given = function.__defaults__ or ()
    for k, (name, default) in enumerate(
        zip(positional[len(positional) - len(given) :], given, strict=True)
    ):
        captured = captures.capture(name, default, captures.at(function, "default", k))
        defaults[name] = from_outside(ctx, captured)
    for name, default in (function.__kwdefaults__ or {}).items():
        captured = captures.capture(name, default, captures.at(function, "keyword default", name))
        defaults[name] = from_outside(ctx, captured)
    outside = captures.environment(function)

    def find(name: str) -> Value | None:
        value = outside.find(name)
        return None if value is None else from_outside(ctx, value)

    return UserFunction(code, Environment(find), defaults)


def _taken_apart(
    ctx: Context, thing: functools.partial[Any], args: Sequence[Value], keywords: dict[str, Value]
) -> tuple[Value, list[Value], dict[str, Value]]:
    """A live `functools.partial`, its arguments captured."""
    captures = ctx.captures
    function = captures.capture("function", thing.func, captures.at(thing, "function", None))
    captured = [
        from_outside(ctx, captures.capture(f"arg{k}", value, captures.at(thing, "argument", k)))
        for k, value in enumerate(thing.args)
    ]
    named = {
        key: from_outside(ctx, captures.capture(key, value, captures.at(thing, "keyword", key)))
        for key, value in thing.keywords.items()
    }
    return function, [*captured, *args], {**named, **keywords}


def _at_compile_time(
    ctx: Context, function: FunctionType, args: Sequence[Value], keywords: dict[str, Value]
) -> Value:
    """A function of rules that works on static operands."""
    given = [_known(ctx, arg, function) for arg in args]
    named = {k: _known(ctx, v, function) for k, v in keywords.items()}
    try:
        return value_of(function(*given, **named))
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:  # as when called
        raise TypeRefusal(f"these arguments do not fit: {error}", "mend the call") from None


def _known(ctx: Context, value: Value, function: FunctionType) -> Any:
    constant = constant_of(value)
    if constant is None:
        refusal = TypeRefusal(
            f"an operand of `{function.__name__}` must be known at compile time",
            "write a literal, or a name bound to one",
        )
        raise_needs(ctx, leaves_of(value), refusal)
        raise refusal
    return constant.value


def _method(
    ctx: Context,
    receiver: Value,
    method: str,
    args: Sequence[Value],
    keywords: dict[str, Value],
    name: str,
) -> Value:
    match receiver:
        case Var() | Const() | Place() | Loose() if method in WRITERS:
            defined(ctx, WRITERS[method], [receiver, *args], keywords, name, f".{method}")
            return static(None)
        case Var() | Const() | Place() | Loose() if method == "tolist":
            return gathering.plain_list(ctx, receiver)
        case Var() | Const() | Place() | Loose():
            given, meant = [receiver, *args], METHODS[method]
            if "out" in keywords and hasattr(np, method):
                return call(ctx, static(getattr(np, method)), given, keywords, name)
            if isinstance(meant, FunctionType):
                return defined(ctx, meant, given, keywords, name, f".{method}")
            return of_primitive(ctx, meant, signatures.method_of(method), given, keywords, name)
        case Growing():
            return containers.call_growing(ctx, receiver, method, args, keywords, call)
        case Structure(record=Record() as record):
            return records.method(ctx, receiver, record, method, args, keywords)
        case Structure("list") if method == "sort":
            return containers.sort(ctx, receiver, args, keywords, call)
        case Structure():
            changed = containers.call_method(ctx, receiver, method, args, keywords)
            if changed is not None:
                return changed
            return _dict_method(ctx, current(ctx.storage, receiver), method, args)
        case _:
            raise TypeRefusal(f"`.{method}` of {describe(receiver)} is not supported")


def _dict_method(ctx: Context, receiver: Structure, method: str, args: Sequence[Value]) -> Value:
    keys = tuple(static(k) if isinstance(k, str) else value_of(k) for k in receiver.keys)
    match method:
        case "keys":
            return Structure("tuple", (), keys)
        case "values":
            return Structure("tuple", (), receiver.items)
        case "items":
            pairs = zip(keys, receiver.items, strict=True)
            return Structure("tuple", (), tuple(Structure("tuple", (), pair) for pair in pairs))
        case _:
            key = dict_key(ctx, args[0])
            if key in receiver.keys:
                return receiver.items[receiver.keys.index(key)]
            return args[1] if len(args) > 1 else static(None)


__all__ = ["call", "dict_key", "indexing", "of_primitive", "user_function"]

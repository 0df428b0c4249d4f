"""Computes constant expressions, by Python itself, from constants and functions without effects."""

from __future__ import annotations

import ast
import builtins
import math
import operator
import warnings
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any

import numpy as np

from ad_compiler.frontend.reading.objects import made
from ad_compiler.frontend.reading.things import (
    External,
    FileFunction,
    ReadModule,
    Unclear,
    defaults_of,
    members,
    words,
)
from ad_compiler.ir.records import record_of

LARGEST = 10**6
"""How many elements or bits a constant may have."""

PURE_BUILTINS = members(
    builtins, "abs bool dict divmod float int len list max min pow range round sorted str sum tuple"
)

PURE_NUMPY = members(
    np,
    "arange array asarray clip concatenate cumsum diag dot dtype eye full full_like geomspace "
    "identity linspace logspace max mean min ones ones_like outer prod ravel repeat reshape "
    "stack sum tile transpose tril triu vstack hstack where zeros zeros_like",
)

ARRAY_ATTRIBUTES = words("T dtype ndim shape size")
PURE_METHODS = words(
    "astype copy cumsum dot flatten get index item max mean min prod ravel reshape sum tolist "
    "transpose"
)

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}  # fmt: skip

UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_,
    ast.Invert: operator.invert,
}  # fmt: skip

COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip

PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, np.ndarray, np.dtype)
CONTAINERS = (tuple, list, dict, range)


def evaluate(node: ast.expr, names: ReadModule) -> Any:
    """The value of an expression. Raises Unclear if the text does not say what it is."""
    compute = TABLE.get(type(node))
    if compute is None:
        raise Unclear("it is no constant expression")
    return compute(node, names)


def computed(operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of an operation that has no effect. Raises Unclear with what it raises."""
    _bounded(operation, args)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = operation(*args, **kwargs)
    except Exception as error:  # whatever it is, running the file raises it
        raise Unclear(f"computing it raises {type(error).__name__}", type(error)) from error
    if isinstance(result, np.ndarray) and result.size > LARGEST:
        raise Unclear("it is too large to be computed here")
    return result


def _bounded(operation: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Refuse what would take too long, or too much memory."""
    sizes = [arg for arg in args if isinstance(arg, int)]
    shapes = [arg for arg in args if isinstance(arg, tuple | list) and _all_int(arg)]
    powers = operation in (operator.pow, operator.lshift, pow)
    if powers and len(sizes) == 2 and abs(sizes[1]) > 1:
        base, by = sizes
        sizes = [] if base in (-1, 0, 1) else [base.bit_length() * by, by]
    elif operation is operator.mul and len(args) == 2 and len(sizes) == 1:
        other = next((arg for arg in args if isinstance(arg, str | list | tuple)), None)
        sizes = [sizes[0] * len(other)] if other is not None else []
    elif operation not in PURE_NUMPY:
        return
    lengths = [*sizes, *(math.prod(shape) for shape in shapes)]
    if any(abs(length) > LARGEST for length in lengths):
        raise Unclear("it is too large to be computed here")


def _all_int(items: Any) -> bool:
    return all(type(item) is int for item in items)


def plain(value: Any) -> Any:
    """A value that operators may be applied to. Raises Unclear for others."""
    if isinstance(value, (*PLAIN, *CONTAINERS)):
        return value
    raise Unclear("it is no constant expression")


def _name(node: ast.Name, names: ReadModule) -> Any:
    return names.look(node.id)


def _binary(node: ast.BinOp, names: ReadModule) -> Any:
    rights: list[tuple[ast.operator, ast.expr]] = []
    inner: ast.expr = node
    while isinstance(inner, ast.BinOp):  # long sums lean to the left
        rights.append((inner.op, inner.right))
        inner = inner.left
    value = plain(evaluate(inner, names))
    for op, right in reversed(rights):
        value = computed(BINARY[type(op)], value, plain(evaluate(right, names)))
    return value


def _unary(node: ast.UnaryOp, names: ReadModule) -> Any:
    return computed(UNARY[type(node.op)], plain(evaluate(node.operand, names)))


def _compare(node: ast.Compare, names: ReadModule) -> Any:
    left = evaluate(node.left, names)
    result: Any = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(comparator, names)
        if not isinstance(op, ast.Is | ast.IsNot):
            left, right = plain(left), plain(right)
        result = computed(COMPARE[type(op)], left, right)
        if not truth(result):
            return result
        left = right
    return result


def truth(value: Any) -> bool:
    """The truth value of a constant."""
    return computed(bool, plain(value))


def _boolean(node: ast.BoolOp, names: ReadModule) -> Any:
    stop_if = isinstance(node.op, ast.Or)
    value: Any = None
    for part in node.values:
        value = evaluate(part, names)
        if truth(value) is stop_if:
            return value
    return value


def _conditional(node: ast.IfExp, names: ReadModule) -> Any:
    return evaluate(node.body if truth(evaluate(node.test, names)) else node.orelse, names)


def _items(nodes: list[ast.expr], names: ReadModule) -> list[Any]:
    values: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            values.extend(computed(tuple, plain(evaluate(node.value, names))))
        else:
            values.append(evaluate(node, names))
    return values


def _dict(node: ast.Dict, names: ReadModule) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            made.update(computed(dict, plain(evaluate(value, names))))
        else:
            made[plain(evaluate(key, names))] = evaluate(value, names)
    return made


def _attribute(node: ast.Attribute, names: ReadModule) -> Any:
    return names.attribute(evaluate(node.value, names), node.attr)


def attribute(thing: Any, name: str) -> Any:
    """An attribute of something that is known. Raises Unclear."""
    match thing:
        case External(path):
            return External(f"{path}.{name}")
        case ModuleType():
            return computed(getattr, thing, name)
        case np.ndarray() | np.generic() if name in ARRAY_ATTRIBUTES:
            return getattr(thing, name)
        case np.ndarray() | np.generic() | list() | tuple() | dict() if name in PURE_METHODS:
            return computed(getattr, thing, name)
        case ReadModule():
            return thing.look(name)
        case _ if name in getattr(record_of(type(thing)), "fields", ()):
            return getattr(thing, name)
        case _:
            raise Unclear("it is no constant expression")


def _subscript(node: ast.Subscript, names: ReadModule) -> Any:
    value = plain(evaluate(node.value, names))
    return computed(operator.getitem, value, evaluate(node.slice, names))


def _slice(node: ast.Slice, names: ReadModule) -> slice:
    bounds = (node.lower, node.upper, node.step)
    return slice(*(None if bound is None else evaluate(bound, names) for bound in bounds))


def _call(node: ast.Call, names: ReadModule) -> Any:
    function = evaluate(node.func, names)
    if isinstance(function, External):
        return External(f"{function.path}()")
    args = _items(node.args, names)
    keywords = {k.arg: evaluate(k.value, names) for k in node.keywords if k.arg is not None}
    if len(keywords) < len(node.keywords):
        raise Unclear("it is computed by a call")
    record = made(function, args, keywords, names, computed)
    if record is not None:
        return record
    if not _is_pure(function, args, keywords):
        raise Unclear("it is computed by a call")
    return computed(function, *map(_argument, args), **keywords)


def _argument(value: Any) -> Any:
    return value if isinstance(value, type) else plain(value)


def _is_pure(function: Any, args: list[Any], keywords: dict[str, Any]) -> bool:
    """Whether a call has no effect but its result."""
    if "out" in keywords or "key" in keywords:
        return False
    match function:
        case np.ufunc():
            return len(args) <= function.nin
        case type() if issubclass(function, np.generic):
            return True
        case BuiltinFunctionType():
            owner = getattr(function, "__self__", None)
            method = isinstance(owner, np.ndarray | np.generic | list | tuple | dict)
            return (
                owner is math
                or (method and function.__name__ in PURE_METHODS)
                or function in PURE_BUILTINS
                or function in PURE_NUMPY
            )
        case _:
            try:
                return function in PURE_BUILTINS or function in PURE_NUMPY
            except TypeError:
                return False


def function_of(node: ast.FunctionDef | ast.Lambda, names: ReadModule) -> FileFunction:
    """A function, its defaults computed now. Raises Unclear if one of them is unclear."""
    defaults = {name: evaluate(expr, names) for name, expr in defaults_of(node).items()}
    return FileFunction(names, node, defaults)


TABLE: dict[type[ast.expr], Callable[[Any, ReadModule], Any]] = {
    ast.Constant: lambda node, names: node.value,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.Tuple: lambda node, names: tuple(_items(node.elts, names)),
    ast.List: lambda node, names: _items(node.elts, names),
    ast.Dict: _dict,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Call: _call,
    ast.Lambda: function_of,
}

"""Whether a container or an array of a file may change after it was made.

An object is followed, without regard to the order of statements, from the names that it is bound
to into whatever may share its contents. Each place where it appears must be known to only read.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import BuiltinFunctionType
from typing import Any

import numpy as np

from ad_compiler.frontend.reading.constants import evaluate
from ad_compiler.frontend.reading.things import (
    External,
    FileFunction,
    ReadModule,
    Unclear,
    members,
    words,
)
from ad_compiler.frontend.reading.usage import Key, Usage

FLAT, ARRAY, NESTED = "flat", "array", "nested"
"""A container of numbers and texts, an array, and what may hold other such things."""

FACTS = words("shape ndim size dtype nbytes itemsize")
VIEWS = words("T real imag flat reshape ravel transpose swapaxes squeeze view diagonal")
FRESH = words(
    "all any argmax argmin astype copy count cumprod cumsum dot flatten index item max mean "
    "min nonzero prod repeat round std sum tolist trace var"
)
"""Methods that give something new."""
ITEMS = words("get items keys values")

HARMLESS_BUILTINS = members(
    builtins, "abs all any bool float int isinstance len max min pow print range repr round str sum"
)
PARTS = frozenset({enumerate, list, reversed, sorted, tuple, zip, dict})
"""They give the items of a container in another one."""

NEW_ARRAYS = words(
    "all any array argmax argmin clip concatenate copy count_nonzero cumprod cumsum det dot "
    "einsum full_like inner inv kron matmul max mean median min norm ones_like outer prod "
    "roll round size solve stack std sum tensordot tile trace trapezoid var vdot where "
    "zeros_like"
)
"""NumPy's functions that give something new, and change nothing."""

SHARED_ARRAYS = words(
    "asanyarray asarray ascontiguousarray atleast_1d atleast_2d broadcast_to diag diagonal "
    "expand_dims flip moveaxis ravel real reshape squeeze swapaxes transpose"
)
"""NumPy's functions whose result may share memory with their argument."""


@dataclass(frozen=True, eq=False)
class Held:
    """What an expression may be: an object of some kind, and which one if that is known."""

    kind: str
    thing: Any = None

    @property
    def mark(self) -> tuple[str, int]:
        """Equal for what need not be followed twice."""
        return self.kind, id(self.thing)

    def nested(self) -> Held:
        """Something that holds it, or parts of it."""
        return Held(NESTED)


@dataclass(frozen=True)
class Carrier:
    """A name that may hold (part of) the object."""

    usage: Usage
    key: Key
    held: Held


def kind_of(thing: Any) -> str | None:
    """The kind of an object that may change; None for one that cannot."""
    match thing:
        case np.ndarray():
            return ARRAY
        case tuple():
            return NESTED if any(kind_of(item) for item in thing) else None
        case list() | dict():
            items = thing.values() if isinstance(thing, dict) else thing
            return NESTED if any(kind_of(item) for item in items) else FLAT
        case _:
            return None


class Change(Exception):
    """A place where an object may change."""

    def __init__(self, module: ReadModule, node: ast.AST) -> None:
        super().__init__()
        self.module = module
        self.node = node


class Flow:
    """Follows one object through the files of a program.

    `usage_of` gives the uses of names of a file.
    """

    def __init__(self, usage_of: Callable[[ReadModule], Usage]) -> None:
        self.usage_of = usage_of
        self.todo: list[Carrier] = []
        self.known: set[tuple[Usage, Key, tuple[str, int]]] = set()
        self.usage: Usage

    def carry(self, usage: Usage, key: Key, held: Held) -> None:
        """Note a name that may hold the object."""
        if (usage, key, held.mark) not in self.known:
            self.known.add((usage, key, held.mark))
            self.todo.append(Carrier(usage, key, held))

    def run(self, expressions: Iterable[tuple[Usage, ast.expr, Held]]) -> None:
        """Look at all uses of all carriers, and of expressions that are the object.

        Raises Change at the first place where the object may change.
        """
        for self.usage, node, held in expressions:
            self.rise(node, held)
        while self.todo:
            carrier = self.todo.pop()
            self.usage = carrier.usage
            for node in self.usage.uses.get(carrier.key, []):
                parent = self.usage.parents[node]
                if isinstance(node.ctx, ast.Load):
                    self.rise(node, carrier.held)
                elif isinstance(parent, ast.AugAssign):
                    raise Change(self.usage.module, parent)

    def rise(self, node: ast.expr, held: Held) -> None:
        """Look at what is done with the value of an expression that may be the object."""
        parent = self.usage.parents[node]
        handle = TABLE.get(type(parent))
        if handle is None:
            raise Change(self.usage.module, node)
        handle(self, parent, node, held)

    def into(self, target: ast.expr, held: Held, anchor: ast.AST) -> None:
        """An assignment of the object to a target."""
        match target:
            case ast.Name():
                self.carry(self.usage, (self.usage.owners[target], target.id), held)
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                if held.kind != FLAT:
                    for inner in elts:
                        self.into(inner, Held(held.kind), anchor)
            case ast.Starred(value=value):
                self.into(value, held.nested(), anchor)
            case _:
                raise Change(self.usage.module, anchor)

    # -- what stands around the object ----------------------------------------------------------

    def attribute(self, parent: ast.Attribute, _node: ast.expr, held: Held) -> None:
        name = parent.attr
        around = self.usage.parents[parent]
        call = around if isinstance(around, ast.Call) and around.func is parent else None
        if not isinstance(parent.ctx, ast.Load):
            raise Change(self.usage.module, parent)
        if name in FACTS:
            return
        if call is not None and name in FRESH and held.kind != NESTED:
            if _may_share(call):
                self.rise(call, held)
            return
        if name in VIEWS or (call is not None and name in ITEMS):
            if held.kind != FLAT:
                self.rise(call or parent, Held(held.kind))
            return
        if call is not None and name == "copy":
            self.rise(call, held)
            return
        raise Change(self.usage.module, call or parent)

    def subscript(self, parent: ast.Subscript, node: ast.expr, held: Held) -> None:
        if node is not parent.value:
            return
        if not isinstance(parent.ctx, ast.Load):
            raise Change(self.usage.module, self.usage.parents[parent])
        if held.kind == FLAT:
            return
        try:
            part = held.thing[ast.literal_eval(parent.slice)]
        except (LookupError, TypeError, ValueError):
            self.rise(parent, Held(held.kind))
            return
        kind = kind_of(part)
        if kind is not None:
            self.rise(parent, Held(kind, part))

    def assignment(
        self, parent: ast.Assign | ast.AnnAssign | ast.NamedExpr, node: ast.expr, held: Held
    ) -> None:
        if node is not parent.value:
            return
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        for target in targets:
            self.into(target, held, parent)
        if isinstance(parent, ast.NamedExpr):
            self.rise(parent, held)

    def augmented(self, parent: ast.AugAssign, _node: ast.expr, held: Held) -> None:
        if held.kind == NESTED:
            raise Change(self.usage.module, parent)

    def loop(self, parent: ast.For | ast.comprehension, node: ast.expr, held: Held) -> None:
        if node is parent.iter and held.kind != FLAT:
            self.into(parent.target, Held(held.kind), node)

    def operation(self, parent: ast.BinOp | ast.UnaryOp, _node: ast.expr, held: Held) -> None:
        if held.kind == NESTED:
            self.rise(parent, held)

    def choice(self, parent: ast.BoolOp | ast.IfExp, node: ast.expr, held: Held) -> None:
        if not (isinstance(parent, ast.IfExp) and node is parent.test):
            self.rise(parent, held)

    def display(self, parent: ast.expr, _node: ast.expr, held: Held) -> None:
        around = self.usage.parents[parent]
        if not (isinstance(around, ast.Subscript) and around.slice is parent):
            self.rise(parent, held.nested())

    def starred(self, parent: ast.Starred, _node: ast.expr, held: Held) -> None:
        if held.kind != FLAT:
            raise Change(self.usage.module, parent)

    def default(self, parent: ast.arguments, node: ast.expr, held: Held) -> None:
        plain = [*parent.posonlyargs, *parent.args]
        given = plain[len(plain) - len(parent.defaults) :]
        pairs = [*zip(given, parent.defaults, strict=True)]
        pairs += [*zip(parent.kwonlyargs, parent.kw_defaults, strict=True)]
        function = self.usage.parents[parent]
        for arg, value in pairs:
            if value is node:
                self.carry(self.usage, (function, arg.arg), held)

    def argument(self, parent: ast.Call | ast.keyword, node: ast.expr, held: Held) -> None:
        call = parent if isinstance(parent, ast.Call) else self.usage.parents[parent]
        if not isinstance(call, ast.Call) or node is call.func:
            raise Change(self.usage.module, parent)
        keyword = parent.arg if isinstance(parent, ast.keyword) else None
        if isinstance(parent, ast.keyword) and keyword is None and held.kind != FLAT:
            raise Change(self.usage.module, call)
        try:
            function = self._called(call)
        except Unclear:
            raise Change(self.usage.module, call) from None
        match function:
            case FileFunction():
                self._into_function(call, function, node, keyword, held)
            case External(path) if path.startswith("ad_compiler."):
                pass
            case _:
                self._into_object(call, function, node, keyword, held)

    def _called(self, call: ast.Call) -> Any:
        """What a call calls, if names of the module alone say so."""
        for node in ast.walk(call.func):
            if isinstance(node, ast.Name) and self.usage.owners[node] is not self.usage.tree:
                raise Unclear("it is a local name")
        return evaluate(call.func, self.usage.module)

    def _into_function(
        self,
        call: ast.Call,
        function: FileFunction,
        node: ast.expr,
        keyword: str | None,
        held: Held,
    ) -> None:
        """The parameter of a function of the file that the object is passed to."""
        spec = function.node.args
        plain = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
        starred = any(isinstance(arg, ast.Starred) for arg in call.args)
        known = {*plain, *(arg.arg for arg in spec.kwonlyargs)}
        if keyword is None and not starred and call.args.index(node) < len(plain):
            keyword = plain[call.args.index(node)]
        if keyword not in known:
            raise Change(self.usage.module, call)
        self.carry(self.usage_of(function.module), (function.node, keyword), held)

    def _into_object(
        self, call: ast.Call, function: Any, node: ast.expr, keyword: str | None, held: Held
    ) -> None:
        """A function of Python or NumPy that the object is passed to."""
        name = getattr(function, "__name__", "")
        module = (getattr(function, "__module__", None) or "").partition(".")[0]
        if isinstance(function, type | BuiltinFunctionType) and _is_in(function, HARMLESS_BUILTINS):
            return
        if isinstance(function, type | BuiltinFunctionType) and _is_in(function, PARTS):
            if held.kind != FLAT:
                self.rise(call, held.nested())
            return
        if isinstance(function, np.ufunc):
            if keyword == "out" or node in call.args[function.nin :]:
                raise Change(self.usage.module, call)
            return
        if module == "math":
            return
        safe = 3 if name == "where" else 2  # later ones may be `out`
        if module != "numpy" or keyword == "out" or node in call.args[safe:]:
            raise Change(self.usage.module, call)
        if (
            name in SHARED_ARRAYS
            or (held.kind == NESTED and name in NEW_ARRAYS)
            or _may_share(call)
        ):
            self.rise(call, Held(held.kind))
        elif name not in NEW_ARRAYS:
            raise Change(self.usage.module, call)

    def nothing(self, _parent: ast.AST, _node: ast.expr, _held: Held) -> None:
        """The object is only looked at."""


def _may_share(call: ast.Call) -> bool:
    """Whether a function that copies is told that it need not."""
    return any(k.arg in ("copy", None) for k in call.keywords)


def _is_in(thing: object, table: frozenset[Any]) -> bool:
    try:
        return thing in table
    except TypeError:
        return False


TABLE: dict[type[ast.AST], Callable[[Flow, Any, ast.expr, Held], None]] = {
    ast.Attribute: Flow.attribute,
    ast.Subscript: Flow.subscript,
    ast.Assign: Flow.assignment,
    ast.AnnAssign: Flow.assignment,
    ast.NamedExpr: Flow.assignment,
    ast.AugAssign: Flow.augmented,
    ast.For: Flow.loop,
    ast.comprehension: Flow.loop,
    ast.BinOp: Flow.operation,
    ast.UnaryOp: Flow.operation,
    ast.BoolOp: Flow.choice,
    ast.IfExp: Flow.choice,
    ast.Tuple: Flow.display,
    ast.List: Flow.display,
    ast.Set: Flow.display,
    ast.Dict: Flow.display,
    ast.Starred: Flow.starred,
    ast.arguments: Flow.default,
    ast.Call: Flow.argument,
    ast.keyword: Flow.argument,
    ast.Compare: Flow.nothing,
    ast.If: Flow.nothing,
    ast.While: Flow.nothing,
    ast.Assert: Flow.nothing,
    ast.Expr: Flow.nothing,
    ast.Slice: Flow.nothing,
    ast.FormattedValue: Flow.nothing,
}

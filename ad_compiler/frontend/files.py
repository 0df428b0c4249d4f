"""Lowers a function of a file that is only read, never run: so the command line works.

Names of the file are found by reading it: imports of `math`, `numpy` and their like, functions,
and constants. What else a name stands for is only known when the file runs.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from ad_compiler.errors import Unsupported, UsageError
from ad_compiler.frontend import statements
from ad_compiler.frontend.captures import Captures
from ad_compiler.frontend.context import Context
from ad_compiler.frontend.expressions import expression
from ad_compiler.frontend.lookups import TRUSTED
from ad_compiler.frontend.lower import Lowered, specialised
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.source import Code, Source, source_of
from ad_compiler.frontend.values import Environment, UserFunction, Value, mapped, static
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.evaluate import evaluate
from ad_compiler.ir.nodes import Block, Function, Parameter, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import DTYPE_OF_NAME, Array, Bool, Float, Int, Sym, Type, number_of

SHORT = {"f8": "f64", "f4": "f32", "i8": "i64", "i4": "i32", "b1": "bool"}
PYTHON: dict[str, Type] = {"float": Float(), "int": Int(), "bool": Bool()}


def parse_type(text: str, name: str) -> Type:
    """The type that a text in Numba's spelling stands for: `float`, `float64[:,:]`, `f8[:]`.

    Raises UsageError for any other text.
    """
    if text in PYTHON:
        return PYTHON[text]
    match = re.fullmatch(r"(?:np\.|numpy\.)?(\w+?)(?:\[([:,\s]*)(?:::1)?\])?", text.strip())
    dtype = match and (DTYPE_OF_NAME.get(match[1]) or SHORT.get(match[1]))
    if match is None or not dtype:
        raise UsageError(
            f"the type {text!r} of `{name}` is not known: write float, int, bool, float64, "
            "float64[:], float64[:,:] or their like"
        )
    if match[2] is None:
        return number_of(dtype)
    axes = match[2].count(":") or 1
    return Array(dtype, tuple(Sym(f"{name}.{k}") for k in range(axes)))


def lower_file(text: str, filename: str, name: str, types: Mapping[str, str]) -> Lowered:
    """The program of a function in a file; `types` are those of parameters, by name.

    Raises UsageError if there is no such function or a type is missing, and Unsupported for what
    is outside the accepted language.
    """
    source = Source(filename, text)
    module = FileModule(source)
    node = module.functions.get(name)
    if node is None:
        known = ", ".join(module.functions) or "none"
        raise UsageError(f"{filename} has no function `{name}`; its functions: {known}")
    code = source.code(node)
    parameters = parameters_from_annotations(code, types)

    def root(captures: Captures, ctx: Context) -> UserFunction:
        captures.inline = True
        return module.function(node, ctx)

    return specialised(root, parameters, {})


def parameters_from_types(
    function: FunctionType, types: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """The parameters of a live function, as given, else as annotated, else floats."""
    return parameters_from_annotations(source_of(function), types)


def parameters_from_annotations(code: Code, types: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters as given, else as annotated, else floats."""
    spec = code.node.args
    if spec.vararg or spec.kwarg:
        star = spec.vararg or spec.kwarg
        assert star is not None
        raise code.source.refuse(star, "`*args` need values to be typed", "name the arguments")
    names = [arg.arg for arg in code.arguments]
    unknown = [name for name in types if name not in names]
    if unknown:
        raise UsageError(
            f"`{code.name}` has no parameter `{unknown[0]}`; it has {', '.join(names)}"
        )
    plain = [*spec.posonlyargs, *spec.args]
    defaults = dict(zip(reversed([a.arg for a in plain]), reversed(spec.defaults), strict=False))
    defaults |= {
        a.arg: d for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None
    }
    return tuple(
        _parameter(code, arg, types, defaults.get(arg.arg), arg in spec.kwonlyargs)
        for arg in code.arguments
    )


def _parameter(
    code: Code, arg: ast.arg, types: Mapping[str, str], default: ast.expr | None, named: bool
) -> Parameter:
    value = default.value if isinstance(default, ast.Constant) else None
    kept = const(value) if isinstance(value, bool | int | float) else None
    if arg.arg in types:
        return Parameter(arg.arg, Var(arg.arg, parse_type(types[arg.arg], arg.arg)), kept, named)
    if isinstance(default, ast.Constant) and isinstance(value, str | None):
        return Parameter(arg.arg, const(value), const(value), named)
    type_ = _annotated(code, arg)
    if arg.annotation is None and isinstance(value, int):
        type_ = Bool() if isinstance(value, bool) else Int()
    return Parameter(arg.arg, Var(arg.arg, type_), kept, named)


def _annotated(code: Code, arg: ast.arg) -> Type:
    if arg.annotation is None:
        return Float()
    text = ast.unparse(arg.annotation).strip("'\"")
    try:
        return parse_type(text, arg.arg)
    except UsageError:
        raise code.source.refuse(
            arg,
            f"the annotation `{text}` does not say how many axes `{arg.arg}` has",
            f'say it with --type {arg.arg}="float64[:]", with one colon an axis',
        ) from None


class FileModule:
    """The names of a file, found by reading it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.functions: dict[str, ast.FunctionDef] = {}
        self.assigned: dict[str, list[ast.stmt]] = {}
        self.imports: dict[str, tuple[str, str | None]] = {}
        for stmt in source.tree.body:
            self._note(stmt)

    def _note(self, stmt: ast.stmt) -> None:
        match stmt:
            case ast.FunctionDef(name=name):
                self.functions[name] = stmt
                self.assigned.pop(name, None)
            case ast.Import(names=names):
                for alias in names:
                    root = alias.name.partition(".")[0]
                    self.imports[alias.asname or root] = (
                        alias.name if alias.asname else root,
                        None,
                    )
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    self.imports[alias.asname or alias.name] = (module, alias.name)
            case _:
                for node in ast.walk(stmt):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        self.assigned.setdefault(node.id, []).append(stmt)

    def function(self, node: ast.FunctionDef | ast.Lambda, ctx: Context) -> UserFunction:
        """A function of the file."""
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                self._harmless(decorator)
        spec = node.args
        plain = [*spec.posonlyargs, *spec.args]
        pairs = list(zip(reversed(plain), reversed(spec.defaults), strict=False))
        pairs += [
            (arg, default)
            for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
            if default is not None
        ]
        defaults = {arg.arg: self._constant(default, arg.arg) for arg, default in pairs}
        return UserFunction(
            self.source.code(node), Environment(lambda name: self.find(name, ctx)), defaults
        )

    def _harmless(self, decorator: ast.expr) -> None:
        text = ast.unparse(decorator).partition("(")[0].rpartition(".")[2]
        if text not in ("njit", "jit", "differentiable"):
            raise self.source.refuse(
                decorator, f"what the decorator `{text}` does is known only when the file runs",
                "remove it, or use --import",
            )  # fmt: skip

    def find(self, name: str, ctx: Context) -> Value | None:
        """The value of a name of the file; None if it has no such name."""
        if name in self.assigned:
            return self._assigned(name)
        if name in self.functions:
            return self.function(self.functions[name], ctx)
        if name in self.imports:
            return self._imported(name, ctx)
        builtin: Any = __builtins__
        table = builtin if isinstance(builtin, dict) else vars(builtin)
        return static(table[name]) if name in table else None

    def _imported(self, name: str, ctx: Context) -> Value:
        module, attribute = self.imports[name]
        if module.partition(".")[0] not in TRUSTED:
            raise TypeRefusal(
                f"`{name}` comes from the module `{module}`, which is not read",
                "use --import, which runs the file, or move the function here",
            )
        loaded = importlib.import_module(module)
        return static(loaded) if attribute is None else ctx.captures.attribute(loaded, attribute)

    def _assigned(self, name: str) -> Value:
        stmts = self.assigned[name]
        match stmts:
            case [ast.Assign(targets=[ast.Name()], value=value)]:
                return self._constant(value, name)
            case [ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)]:
                return self._constant(value, name)
            case _:
                raise TypeRefusal(
                    f"what `{name}` is, is known only when the file runs",
                    "assign it once, a constant, or use --import",
                )

    def _constant(self, node: ast.expr, name: str) -> Value:
        """The value of an expression of constants."""
        if isinstance(node, ast.Lambda):
            ctx = Context(Builder(), Captures(inline=True), statements.run)
            return self.function(node, ctx)
        builder = Builder()
        ctx = Context(builder, Captures(inline=True), statements.run)
        code = Code(self.source, ast.Lambda(_NO_ARGUMENTS, node))
        environment = Environment(lambda inner: self.find(inner, ctx))
        try:
            value = expression(ctx, Scope(code, environment, frozenset()), node)
            return mapped(value, lambda leaf: _evaluated(builder, leaf))
        except (Unsupported, ArithmeticError, ValueError) as error:
            raise TypeRefusal(
                f"what `{name}` is, is known only when the file runs",
                "make it a constant or an argument, or use --import",
            ) from error


_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])


def _evaluated(builder: Builder, leaf: Value) -> Value:
    """The value of a leaf that constants alone determine, as a constant."""
    if not isinstance(leaf, Var):
        return leaf
    block = Block((), tuple(builder.frame.stmts), (leaf,))
    return const(evaluate(Function(leaf.name, (), block, 0), ())[0])

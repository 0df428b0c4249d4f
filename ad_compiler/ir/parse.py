"""Reads programs from their text form (`ir.text`), without evaluating anything."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from ad_compiler.errors import AdCompilerError
from ad_compiler.ir.nodes import (
    Block,
    Branch,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Parameter,
    Undef,
    Var,
    While,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Array, Bool, Float, Int, Static, Sym, Tape, Trim


class ParseError(AdCompilerError):
    """A text that is no program; says on which line."""


def parse(text: str, primitives: Mapping[str, Primitive]) -> Function:
    """The program of a text. Raises ParseError."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ParseError(f"this is no program: {error}") from None
    function = Reader(primitives).read(tree)
    if not isinstance(function, Function):
        raise ParseError("line 1: a program begins with `function(`")
    return function


class Reader:
    """Builds nodes from syntax. Keeps the variables that are defined so far."""

    def __init__(self, primitives: Mapping[str, Primitive]) -> None:
        self.primitives = primitives
        self.variables: dict[str, Var] = {}
        self.makers: dict[str, Callable[..., Any]] = {
            "function": self.function,
            "parameter": Parameter,
            "block": lambda params, body, results: Block(*map(tuple, (params, body, results))),
            "let": lambda name, args, targets: Let(tuple(targets), primitives[name], tuple(args)),
            "effect": lambda name, args: Effect(primitives[name], tuple(args)),
            "if_": lambda test, then, orelse, targets: If(tuple(targets), test, then, orelse),
            "for_": lambda start, stop, step, descending, inits, body, targets: For(
                tuple(targets), start, stop, step, tuple(inits), body, descending
            ),
            "while_": lambda inits, cond, body, targets: While(
                tuple(targets), tuple(inits), cond, body
            ),
            "Branch": lambda kind, keys, parts: Branch(kind, tuple(keys), tuple(parts)),
            "Const": Const,
            "Undef": Undef,
            "Float": Float,
            "Int": Int,
            "Bool": Bool,
            "Array": lambda dtype, dims: Array(dtype, tuple(dims)),
            "Tape": Tape,
            "Static": Static,
            "Sym": Sym,
            "Trim": Trim,
            "float": float,
        }

    def function(
        self, name: str, parameters: list[Parameter], output: Any, about: str, block: Block
    ) -> Function:
        """The whole program."""
        return Function(name, tuple(parameters), block, output, about)

    def read(self, node: ast.expr) -> Any:
        """The node or literal that a piece of syntax stands for."""
        match node:
            case ast.Call(
                func=ast.Name(id="function"), args=[name, parameters, output, about, block]
            ):
                body = self.read(block)  # defines the variables that the parameters name
                rest = [self.read(part) for part in (name, parameters, output, about)]
                return self.function(rest[0], rest[1], rest[2], rest[3], body)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.made(node, name, [self.read(arg) for arg in args])
            case ast.Name(id=name) if name in self.variables:
                return self.variables[name]
            case ast.List(elts=items):
                return [self.read(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self.read(item) for item in items)
            case ast.Constant(value=value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
            case _:
                raise self.error(node, f"{ast.unparse(node)[:60]!r} is not understood")

    def made(self, node: ast.expr, name: str, args: list[Any]) -> Any:
        """What a call makes: a variable that is defined here, or a node."""
        try:
            if name in self.makers:
                return self.makers[name](*args)
            if not (name.startswith("v") and name[1:].isdigit()) or name in self.variables:
                raise self.error(node, f"{name!r} is not understood")
            variable = self.variables[name] = Var(*args)
        except (TypeError, KeyError, ValueError) as error:
            raise self.error(node, f"{name}: {error}") from None
        return variable

    def error(self, node: ast.expr, problem: str) -> ParseError:
        """The error that names the line of a piece of syntax."""
        return ParseError(f"line {node.lineno}: {problem}")

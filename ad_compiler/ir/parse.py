"""Reads programs from their text form (`ir.text`), without evaluating anything."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from ad_compiler.errors import AdCompilerError
from ad_compiler.ir.nodes import (
    Atom,
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
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import Array, Bool, Complex, Float, Int, Static, Sym, Tape, Trim


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
            "parameter": Parameter,
            "block": Block,
            "let": self.let,
            "effect": self.effect,
            "if_": self.if_,
            "for_": self.for_,
            "while_": self.while_,
            "Branch": Branch,
            "Record": Record,
            "Undef": Undef,
            "Float": Float,
            "Int": Int,
            "Bool": Bool,
            "Complex": Complex,
            "Array": Array,
            "Tape": Tape,
            "Static": Static,
            "Sym": Sym,
            "Trim": Trim,
            "float": float,
            "complex": complex,
        }

    def let(self, name: str, args: tuple[Atom, ...], targets: tuple[Var, ...]) -> Let:
        """An operation."""
        return Let(targets, self.primitives[name], args)

    def effect(self, name: str, args: tuple[Atom, ...]) -> Effect:
        """An operation for what it does."""
        return Effect(self.primitives[name], args)

    def if_(self, test: Atom, then: Block, orelse: Block, targets: tuple[Var, ...]) -> If:
        """A branch."""
        return If(targets, test, then, orelse)

    def for_(
        self,
        start: Atom,
        stop: Atom,
        step: Atom,
        descending: bool,
        inits: tuple[Atom, ...],
        body: Block,
        targets: tuple[Var, ...],
        slots: int = 0,
    ) -> For:
        """A loop over a range."""
        return For(targets, start, stop, step, inits, body, descending, slots=slots)

    def while_(
        self, inits: tuple[Atom, ...], cond: Block, body: Block, targets: tuple[Var, ...]
    ) -> While:
        """A loop with a condition."""
        return While(targets, inits, cond, body)

    def constant(self, value: ast.expr, rest: list[ast.expr]) -> Const:
        """A constant; lists in its value stay lists."""
        return Const(self.literal(value), *map(self.read, rest))

    def literal(self, node: ast.expr) -> Any:
        """The value of a constant."""
        match node:
            case ast.List(elts=items):
                return [self.literal(item) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self.literal(item) for item in items)
            case _:
                return self.read(node)

    def read(self, node: ast.expr) -> Any:
        """The node or literal that a piece of syntax stands for."""
        match node:
            case ast.Call(func=ast.Name(id="function"), args=[*head, block]) if len(head) == 4:
                body = self.read(block)  # defines the variables that the parameters name
                name, parameters, output, about = map(self.read, head)
                return Function(name, parameters, body, output, about)
            case ast.Call(func=ast.Name(id="Const"), args=[value, *rest]):
                return self.constant(value, rest)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self.made(node, name, [self.read(arg) for arg in args])
            case ast.Name(id=name) if name in self.variables:
                return self.variables[name]
            case ast.List(elts=items):
                return tuple(map(self.read, items))
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

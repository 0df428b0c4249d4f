"""The text form of programs: complete, deterministic, and readable back (`ir.parse`).

It has the syntax of a Python expression, one statement a line. A variable is `v3("sin", Float(),
True)` where it is defined (name, type, whether it is temporary) and `v3` where it is read.
Source places are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, assert_never

from ad_compiler.errors import InternalError
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
    Stmt,
    Tree,
    Undef,
    Var,
    While,
)
from ad_compiler.ir.records import Record
from ad_compiler.ir.types import (
    Array,
    Bool,
    Complex,
    Dim,
    Float,
    Int,
    Static,
    Sym,
    Tape,
    Trim,
    Type,
)

STEP = "  "


def to_text(function: Function) -> str:
    """The text of a program. Raises InternalError for a constant that is no plain data."""
    writer = Writer()
    block = writer.block(function.block, "")
    parameters = ", ".join(map(writer.parameter, function.parameters))
    output = writer.tree(function.output)
    head = f"function({function.name!r}, [{parameters}], {output}, {function.about!r}, "
    return f"{head}{block})\n"


class Writer:
    """Numbers the variables in the order of their definition."""

    def __init__(self) -> None:
        self.numbers: dict[Var, int] = {}

    def defined(self, var: Var) -> str:
        """A variable where it is defined."""
        number = self.numbers.setdefault(var, len(self.numbers))
        temp = ", True" if var.temp else ""
        return f"v{number}({var.name!r}, {type_text(var.type)}{temp})"

    def atom(self, atom: Atom) -> str:
        """An operand."""
        match atom:
            case Var():
                if atom not in self.numbers:
                    raise InternalError(f"{atom} is read before it is defined")
                return f"v{self.numbers[atom]}"
            case Const(value, type_, spelling):
                spelled = f", {spelling!r}" if spelling is not None else ""
                return f"Const({value_text(value)}, {type_text(type_)}{spelled})"
            case Undef(type_):
                return f"Undef({type_text(type_)})"
            case _:
                assert_never(atom)

    def atoms(self, atoms: Iterable[Atom]) -> str:
        """Several operands."""
        return f"[{', '.join(map(self.atom, atoms))}]"

    def definitions(self, variables: Iterable[Var]) -> str:
        """Several definitions."""
        return f"[{', '.join(map(self.defined, variables))}]"

    def block(self, block: Block, indent: str) -> str:
        """A block, its statements on lines of their own."""
        inner = indent + STEP
        params = self.definitions(block.params)
        lines = [f"{inner}{self.stmt(stmt, inner)},\n" for stmt in block.body]
        body = f"[\n{''.join(lines)}{indent}]" if lines else "[]"
        stop = "" if block.stop is None else f", {self.atom(block.stop)}"
        return f"block({params}, {body}, {self.atoms(block.results)}{stop})"

    def stmt(self, stmt: Stmt, indent: str) -> str:
        """One statement. What it reads is written before what it defines."""
        match stmt:
            case Let(targets, prim, args):
                read = self.atoms(args)
                return f"let({prim.name!r}, {read}, {self.definitions(targets)})"
            case Effect(prim, args):
                return f"effect({prim.name!r}, {self.atoms(args)})"
            case If(targets, test, then, orelse):
                parts = [self.atom(test), self.block(then, indent), self.block(orelse, indent)]
                return f"if_({', '.join(parts)}, {self.definitions(targets)})"
            case For(targets, start, stop, step, inits, body, descending, slots=slots):
                bounds = ", ".join(map(self.atom, (start, stop, step)))
                carried = self.atoms(inits)
                inner = self.block(body, indent)
                ends = self.definitions(targets)
                more = f", {slots}" if slots else ""
                return f"for_({bounds}, {descending}, {carried}, {inner}, {ends}{more})"
            case While(targets, inits, cond, body):
                carried = self.atoms(inits)
                parts = [self.block(cond, indent), self.block(body, indent)]
                return f"while_({carried}, {', '.join(parts)}, {self.definitions(targets)})"
            case _:
                assert_never(stmt)

    def parameter(self, parameter: Parameter) -> str:
        """A parameter with its container."""
        default = "None" if parameter.default is None else self.atom(parameter.default)
        return (
            f"parameter({parameter.name!r}, {self.tree(parameter.tree)}, {default}, "
            f"{parameter.keyword_only}, {parameter.hidden}, {parameter.star!r})"
        )

    def tree(self, tree: Tree) -> str:
        """A container; an object that the program was made for is left out, for the body has it."""
        match tree:
            case Branch(kind, keys, children, record):
                parts = ", ".join(map(self.tree, children))
                ends = "" if record is None else f", {record_text(record)}"
                return f"Branch({kind!r}, {list(keys)!r}, [{parts}]{ends})"
            case int():
                return str(tree)
            case Const(value, Static()) if not is_plain(value):
                return self.atom(Const(None, Static()))
            case Var() | Const():
                return self.atom(tree)


def record_text(record: Record) -> str:
    """A class of named tuples or a dataclass, by what programs know of it."""
    flags = f"{record.is_tuple}, {record.frozen}, {record.rebuilt!r}"
    return f"Record({record.module!r}, {record.name!r}, {list(record.fields)!r}, {flags})"


def is_plain(value: Any) -> bool:
    """Whether a constant is plain data, which has a text form."""
    if isinstance(value, tuple | list):
        return all(map(is_plain, value))
    return (
        value is None or value is Ellipsis or type(value) in (bool, int, float, complex, str, bytes)
    )


def value_text(value: Any) -> str:
    """A constant as a literal."""
    match value:
        case float() if type(value) is float:
            return repr(value) if math.isfinite(value) else f"float({str(value)!r})"
        case complex() if type(value) is complex:
            return f"complex({value_text(value.real)}, {value_text(value.imag)})"
        case tuple() | list():
            items = "".join(f"{value_text(item)}, " for item in value)
            return f"({items})" if isinstance(value, tuple) else f"[{items}]"
        case None | bool() | int() | str() | bytes():
            return repr(value)
        case _ if value is Ellipsis:
            return "..."
        case _:
            raise InternalError(f"the constant {value!r} has no text form")


@lru_cache
def type_text(type_: Type) -> str:
    """A type as a call of its class."""
    match type_:
        case Float(kind, also):
            others = f", [{', '.join(map(type_text, also))}]" if also else ""
            return f"Float({kind!r}{others})"
        case Bool(kind):
            return f"Bool({kind!r})"
        case Complex(kind):
            return f"Complex({kind!r})"
        case Int(kind, length, count, exact):
            known = ("None" if dim is None else dim_text(dim) for dim in (length, count))
            return f"Int({kind!r}, {', '.join(known)}, {exact})"
        case Array(dtype, dims):
            return f"Array({dtype!r}, [{', '.join(map(dim_text, dims))}])"
        case Tape(element):
            return f"Tape({type_text(element)})"
        case Static():
            return "Static()"


def dim_text(dim: Dim) -> str:
    """The length of an axis."""
    match dim:
        case int():
            return str(dim)
        case Sym(name, never):
            return f"Sym({name!r}, {never})"
        case Trim(base, by):
            return f"Trim({dim_text(base)}, {by})"

"""Texts that are made to be shown: f-strings, `"{}".format(x)`, `"%d" % n`, `str(x)`."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ad_compiler.frontend.context import Context, atom_of
from ad_compiler.frontend.indexing import resolved
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.scope import Scope
from ad_compiler.frontend.values import Loose, Place, Structure, Text, Value, static
from ad_compiler.ir.nodes import Atom, Const, Var
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import Float, Int

Lower = Callable[[Context, Scope, ast.expr], Value]
Piece = str | tuple[str, str]
"""A text, or how an operand is shown: the conversion and the format."""

DIRECTIVE = re.compile(r"%(?P<format>\d*(?:\.\d+)?)(?P<kind>[%sdifeg])")


def formatted(ctx: Context, scope: Scope, node: ast.JoinedStr, lower: Lower) -> Value:
    """An f-string: a constant where all of it is known, else a text to be shown."""
    found: list[tuple[Piece, Atom | None]] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            found.append((str(part.value), None))
            continue
        assert isinstance(part, ast.FormattedValue)
        conversion = "" if part.conversion < 0 else chr(part.conversion)
        found += shown(ctx, lower(ctx, scope, part.value), conversion, _format(part.format_spec))
    return joined(found)


def joined(parts: Sequence[tuple[Piece, Atom | None]]) -> Value:
    """A text made of pieces, each with its operand: a constant, if all operands are."""
    pieces = tuple(piece for piece, _ in parts)
    operands = tuple(atom for _, atom in parts if atom is not None)
    if not all(isinstance(one, Const) for one in operands):
        return Text(pieces, operands)
    values = iter([one.value for one in operands if isinstance(one, Const)])
    return static("".join(p if isinstance(p, str) else _text(next(values), *p) for p in pieces))


def _text(value: Any, conversion: str, spec: str) -> str:
    """What an f-string makes of a value, after the conversion that it names."""
    convert = {"r": repr, "s": str, "a": ascii}.get(conversion)
    return format(value if convert is None else convert(value), spec)


def _format(node: ast.expr | None) -> str:
    match node:
        case None:
            return ""
        case ast.JoinedStr(values=values) if all(isinstance(v, ast.Constant) for v in values):
            return "".join(str(v.value) for v in values if isinstance(v, ast.Constant))
        case _:
            raise TypeRefusal("a format that is computed", "write the width and precision out")


def shown(
    ctx: Context, value: Value, conversion: str = "", spec: str = ""
) -> Iterator[tuple[Piece, Atom | None]]:
    """How a value is shown; a tuple or a list, such as a shape, by its items."""
    value = resolved(ctx, value)
    match value:
        case Structure("tuple" | "list" as kind, (), items) if not spec:
            opening, closing = "()" if kind == "tuple" else "[]"
            yield opening, None
            for k, item in enumerate(items):
                if k:
                    yield ", ", None
                yield from shown(ctx, item, "r")
            yield ("," if len(items) == 1 and kind == "tuple" else "") + closing, None
        case Text(pieces, operands) if not spec and conversion != "r":
            atoms = iter(operands)
            yield from ((p, None if isinstance(p, str) else next(atoms)) for p in pieces)
        case _:
            yield (conversion, spec), operand(ctx, value)


def operand(ctx: Context, value: Value) -> Atom:
    """What is shown of a value that is no text."""
    match value:
        case Var() | Place() | Loose() | Const(value=None | bool() | int() | float() | str()):
            return atom_of(ctx, value)
        case _:
            raise TypeRefusal(
                f"{describe(value)} cannot be shown here", "show numbers, arrays and strings"
            )


def filled(ctx: Context, template: str, value: Value) -> Value | None:
    """`template % value`; None for what is written in other ways than here."""
    value = resolved(ctx, value)
    values = iter(value.items if isinstance(value, Structure) and not value.keys else [value])
    found: list[tuple[Piece, Atom | None]] = []
    end = 0
    for directive in DIRECTIVE.finditer(template):
        found.append((template[end : directive.start()], None))
        end = directive.end()
        item = None if directive["kind"] == "%" else next(values, None)
        made = _directive(ctx, directive["format"], directive["kind"], item)
        if made is None:
            return None
        found += made
    rest = template[end:]
    if "%" in rest or next(values, None) is not None:
        return None
    return joined([*found, (rest, None)])


def _directive(
    ctx: Context, spec: str, kind: str, value: Value | None
) -> list[tuple[Piece, Atom | None]] | None:
    """What stands for a `%…` in a template."""
    type_ = getattr(value, "type", None)
    match kind, value:
        case "%", None:
            return None if spec else [("%", None)]
        case _, None:
            return None
        case "s", _:
            return None if spec else list(shown(ctx, value, "s"))
        case "d" | "i", _:
            return list(shown(ctx, value, "", f"{spec}d")) if isinstance(type_, Int) else None
        case _:
            known = isinstance(type_, Int | Float)
            return list(shown(ctx, value, "", spec + kind)) if known else None


def of_format(
    ctx: Context, template: str, args: Sequence[Value], keywords: dict[str, Value]
) -> Value:
    """`template.format(*args, **keywords)`."""
    found: list[tuple[Piece, Atom | None]] = []
    count = 0
    for literal, name, spec, conversion in string.Formatter().parse(template):
        found.append((literal, None))
        if name is None:
            continue
        key, count = (str(count), count + 1) if not name else (name, count)
        given = {**{str(k): arg for k, arg in enumerate(args)}, **keywords}
        if key not in given or "{" in (spec or ""):
            raise TypeRefusal(
                f"`{{{name}}}` in a format is not supported", "give plain names and numbers there"
            )
        found += shown(ctx, given[key], conversion or "", spec or "")
    return joined(found)


def of_value(
    ctx: Context, args: Sequence[Value], _kw: dict[str, Value], _name: str, _call: object
) -> Value:
    """`str(...)`."""
    if len(args) > 1:
        raise TypeRefusal("str() of bytes", "use strings")
    return joined([part for arg in args for part in shown(ctx, arg)])

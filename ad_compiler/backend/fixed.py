"""Lines that refuse other arguments than those that a function was made for."""

from __future__ import annotations

from collections.abc import Iterator

from ad_compiler.backend.records import inside
from ad_compiler.backend.spelling import Spelling
from ad_compiler.backend.text import literal
from ad_compiler.ir.nodes import Branch, Const, Function, Tree


def spelled(constant: Const, spelling: Spelling) -> str:
    """A constant as the module writes it."""
    if constant.spelling is not None:
        return spelling(constant.spelling)
    return literal(constant.value, spelling).text


def checks(function: Function, spelling: Spelling) -> Iterator[str]:
    """For each constant among the parameters, a test that it is what it should be."""
    for parameter in function.parameters:
        known = parameter.tree if parameter.default is None else parameter.default
        for path, constant in _constants(parameter.tree, parameter.name):
            shown = known if path == parameter.name and isinstance(known, Const) else constant
            text = spelled(shown, spelling)
            differs = "!=" if isinstance(constant.value, str) else "is not"
            message = literal(f"made for {path}={text}", spelling).text
            yield f"if {path} {differs} {text}:"
            yield f"    raise ValueError({message})"


def _constants(tree: Tree, path: str) -> Iterator[tuple[str, Const]]:
    match tree:
        case Const():
            yield path, tree
        case Branch(children=children):
            for label, child in zip(tree.labels(), children, strict=True):
                yield from _constants(child, inside(tree, path, label))
        case _:
            return

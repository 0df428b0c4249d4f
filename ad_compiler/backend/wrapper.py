"""A function of arrays, numbers and tuples inside one that takes any containers.

    def f(params, x):
        return f_kernel((params["w"], params["b"]), x)

What is compiled to machine code takes no dicts, no lists and no constants; the function around it
does, in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ad_compiler.backend.records import inside
from ad_compiler.ir.nodes import Branch, Const, Function, Parameter, Tree, Var, leaves
from ad_compiler.ir.types import Float, Static

Lines = list[str]
Inline = Mapping[Var, str]
"""The texts of variables that have no name."""

RESULT = "result"


def is_plain(function: Function) -> bool:
    """Whether a function takes and returns nothing but arrays, numbers and tuples of them."""
    return all(_is_plain_parameter(p) for p in function.parameters) and _is_plain(function.output)


def _is_plain_parameter(parameter: Parameter) -> bool:
    no_constants = not any(isinstance(leaf, Const) for leaf in leaves(parameter.tree))
    return no_constants and not parameter.keyword_only and _is_plain(parameter.tree)


def _is_plain(tree: Tree) -> bool:
    if isinstance(tree, Branch):
        plain = tree.kind == "tuple" and tree.record is None and bool(tree.children)
        return plain and all(map(_is_plain, tree.children))
    return not isinstance(tree, Const)


def kernel(function: Function) -> Function:
    """The function with tuples for all containers, and without what is constant."""
    parameters = tuple(
        replace(p, tree=_tuples(p.tree), default=None, keyword_only=False, star="")
        for p in function.parameters
        if any(isinstance(leaf, Var) for leaf in leaves(p.tree))
    )
    output = _tuples(function.output) if _has_results(function.output) else Const(None, Static())
    name = f"{function.name}_kernel"
    return replace(function, name=name, parameters=parameters, output=output)


def _tuples(tree: Tree) -> Tree:
    if not isinstance(tree, Branch):
        return tree
    kept = tuple(_tuples(child) for child in tree.children if _has_results(child))
    return Branch("tuple", (), kept)


def _has_results(tree: Tree) -> bool:
    """Whether a container holds anything that is not constant."""
    return any(not isinstance(leaf, Const) for leaf in leaves(tree))


def passing(function: Function, inner: str, writer: Callable[[Function, Inline], str]) -> Lines:
    """The lines that call the kernel, and return what the function returns.

    `writer` writes the returned value of a function some of whose results have a text.
    """
    given = [
        _packed(p.tree, p.name)
        for p in function.parameters
        if any(isinstance(leaf, Var) for leaf in leaves(p.tree))
    ]
    call = f"{inner}({', '.join(given)})"
    if _is_plain(function.output):
        return [f"return {call}"]
    taken = {p.name for p in function.parameters}
    result = RESULT
    while result in taken:
        result += "_"
    texts: list[str] = []
    output = _placed(function.output, result, texts)
    results = tuple(Var(text, Float()) for text in texts)
    block = replace(function.block, results=results)
    outer = replace(function, block=block, output=output)
    value = writer(outer, dict(zip(results, texts, strict=True)))
    return [f"{result} = {call}", f"return {value}"]


def _packed(tree: Tree, path: str) -> str:
    """A container as the kernel takes it."""
    if not isinstance(tree, Branch) or _is_plain(tree):
        return path
    items = [
        _packed(child, inside(tree, path, label))
        for label, child in zip(tree.labels(), tree.children, strict=True)
        if _has_results(child)
    ]
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _placed(tree: Tree, path: str, texts: list[str]) -> Tree:
    """A container whose leaves are places in what the kernel gives; `texts` read them."""
    if isinstance(tree, Const):
        return tree
    if not isinstance(tree, Branch) or _is_plain(tree):
        texts.append(path)
        return len(texts) - 1
    children: list[Tree] = []
    place = 0
    for child in tree.children:
        children.append(_placed(child, f"{path}[{place}]", texts))
        place += _has_results(child)
    return replace(tree, children=tuple(children))

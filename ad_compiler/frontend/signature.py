"""The parameters of a program: from the values of a call, or from annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ad_compiler.errors import UsageError
from ad_compiler.frontend.binding import Argument, arguments_of, bound_arguments
from ad_compiler.frontend.types import is_numeric, type_of
from ad_compiler.frontend.values import static
from ad_compiler.ir.nodes import Branch, Const, Label, Parameter, Tree, Var, const, leaves
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.records import Record, items_of, record_of

CONTAINERS = {tuple: "tuple", list: "list", dict: "dict"}


def tree_of(value: Any, name: str) -> Tree:
    """The tree of a parameter for a value: a variable a number or array, all else constant."""
    if is_numeric(value):
        return Var(name, type_of(value, name))
    items = items_of(value)
    if items is None:
        return const(value) if isinstance(value, str | None) else static(value)
    for key, _ in items:
        if not isinstance(key, str | int):
            raise TypeRefusal(f"`{name}` has the key {key!r}", "use strings or integers as keys")
    children = tuple(tree_of(item, label(name, key)) for key, item in items)
    kind = CONTAINERS.get(type(value))
    if kind is None:
        record = record_of(type(value))
        assert record is not None
        return branch_of(record, children)
    return Branch(kind, tuple(value) if kind == "dict" else (), children)


def branch_of(record: Record, children: tuple[Tree, ...]) -> Branch:
    """The tree of a named tuple or a dataclass."""
    return Branch("tuple" if record.is_tuple else "dataclass", record.fields, children, record)


def label(name: str, key: Label) -> str:
    """What the leaf of a container is called: by its key, or by its position."""
    if isinstance(key, str) and key.isidentifier():
        return key
    return f"{name}_{key}" if f"{name}_{key}".isidentifier() else name


def values_in(tree: Tree, value: Any) -> list[Any]:
    """The values of the leaves of a tree."""
    if not isinstance(tree, Branch):
        return [value]
    items = dict(items_of(value) or ())
    pairs = zip(tree.labels(), tree.children, strict=True)
    return [v for key, child in pairs for v in values_in(child, items[key])]


def parameters_from_values(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Parameter, ...], dict[Var, Any]]:
    """The parameters for a call, and the value of each variable.

    Raises UsageError for arguments that the function does not take, or that no program can.
    """
    made: list[Parameter] = []
    values: dict[Var, Any] = {}
    for argument in arguments_of(bound_arguments(function, args, kwargs)):
        try:
            tree = tree_of(argument.value, argument.name)
        except TypeRefusal as refusal:
            hint = f". {refusal.remedy}" if refusal.remedy else ""
            raise UsageError(f"{function.__name__}(): {refusal.reason}{hint}") from None
        made.append(parameter(argument, tree))
        values.update(
            (leaf, v)
            for leaf, v in zip(leaves(tree), values_in(tree, argument.value), strict=True)
            if isinstance(leaf, Var)
        )
    return tuple(made), values


def parameter(argument: Argument, tree: Tree) -> Parameter:
    """A parameter with the default and the kind that its signature has."""
    spec = argument.spec
    default: Const | None = None
    if isinstance(spec.default, bool | int | float | str | None):
        default = const(spec.default)
    if spec.default is spec.empty:
        default = None
    return Parameter(
        argument.name, tree, default, spec.kind is spec.KEYWORD_ONLY, star=argument.star
    )

"""One operation that is written in another way, and the statements that say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from ad_compiler.errors import InternalError, Unsupported
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const
from ad_compiler.ir.primitive import Call, Primitive, Special
from ad_compiler.ir.types import NUMPY_NAMES, Array, Type, dims_of, rank
from ad_compiler.rules.registry import PRIMITIVES

DECORATOR = '@numba.njit(cache=True, error_model="numpy")'
INDICES = "ijklmnpq"
"""Names of loop indices, by axis."""


@dataclass(slots=True)
class Site:
    """An operation, the helper functions of its module, and what is said instead."""

    let: Let
    helpers: dict[str, str]
    made: list[Let] = field(default_factory=list[Let])

    @property
    def args(self) -> tuple[Atom, ...]:
        """The operands."""
        return self.let.args

    @property
    def type(self) -> Type:
        """The type of the one result."""
        return self.let.targets[0].type

    def static(self, name: str) -> Any:
        """The value of a constant operand."""
        atom = self.args[self.let.prim.params.index(name)]
        assert isinstance(atom, Const), f"{self.let.prim}: {name} is not constant"
        return atom.value

    def operand(self, name: str) -> Atom:
        """An operand by its name."""
        return self.args[self.let.prim.params.index(name)]

    def temp(self, prim: Primitive | str, type_: Type, *args: Atom) -> Var:
        """A value on the way to the result."""
        prim = named(prim)
        target = Var(self.let.targets[0].name, type_, temp=True)
        self.made.append(Let((target,), prim, args, self.let.at))
        return target

    def say(self, prim: Primitive | str, *args: Atom) -> None:
        """Say that this gives the result."""
        prim = named(prim)
        self.made.append(Let(self.let.targets, prim, args, self.let.at))

    def helper(self, name: str, text: str) -> Primitive:
        """A helper function as an operation; another one of that name gets a number."""
        unique, count = name, 1
        while self.helpers.get(unique, text) != text:
            count += 1
            text = text.replace(f"def {unique}(", f"def {name}_no{count}(")
            unique = f"{name}_no{count}"
        self.helpers[unique] = text
        return function_called(unique, raises=self.let.prim.raises(self.let.args))

    def call(self, name: str, text: str, *args: Atom) -> None:
        """Say that a helper function gives the result."""
        self.say(self.helper(name, text), *args)

    def refuse(self, what: str, remedy: str) -> NoReturn:
        """Refuse what cannot be compiled by Numba."""
        raise Unsupported(f"{what} cannot be compiled by Numba", self.let.at, remedy)


def function_called(path: str, *, raises: bool = False, in_place: int | None = None) -> Primitive:
    """An operation that is a call of a function by its dotted path."""
    return Primitive(
        f"call {path}",
        _never_evaluated,
        _never_inferred,
        Call(path),
        ("*operands",),
        raises=lambda _: raises,
        in_place=in_place,
    )


def named(prim: Primitive | str) -> Primitive:
    """An operation by its name; those of this dialect are made where they are named."""
    if not isinstance(prim, str):
        return prim
    if prim in PRIMITIVES:
        return PRIMITIVES[prim]
    return replace(function_called(prim), name=prim, spelling=Special())


def _never_evaluated(*_operands: Any) -> Any:
    raise InternalError("an operation of the Numba dialect is only printed")


def _never_inferred(_args: Sequence[Atom]) -> Type:
    raise InternalError("an operation of the Numba dialect is only printed")


Respelling = Callable[[Site], None]
"""Says an operation in another way; says nothing where it can stay as it is."""


def axes_of(axis: Any, width: int) -> tuple[int, ...]:
    """The axes that an `axis` argument means, from the first to the last."""
    if axis is None:
        return tuple(range(width))
    many = axis if isinstance(axis, tuple) else (axis,)
    return tuple(sorted(int(k) % width for k in many))


def kept_axes(site: Site, value: Var, axes: Sequence[int], width: int) -> None:
    """Put back the axes that a reduction took away, with length 1."""
    pattern = const(tuple("new" if k in axes else ":" for k in range(width)))
    site.say("getitem", value, pattern)


def dtype_text(type_: Type) -> str:
    """The dtype of an array as an argument, nothing for float64."""
    assert isinstance(type_, Array)
    return "" if type_.dtype == "f64" else f", dtype=np.{NUMPY_NAMES[type_.dtype]}"


def nested(indices: Sequence[tuple[str, str]], body: Sequence[str]) -> list[str]:
    """Loops in loops: `for i in range(bound):` for each (index, bound)."""
    lines = [
        f"{'    ' * depth}for {index} in range({bound}):"
        for depth, (index, bound) in enumerate(indices)
    ]
    return [*lines, *(f"{'    ' * len(indices)}{line}" for line in body)]


def function_text(head: str, doc: str, body: Sequence[str]) -> str:
    """The text of a helper."""
    lines = [f'"""{doc}"""', *body]
    return "\n".join([DECORATOR, f"def {head}:", *(f"    {line}" for line in lines)])


def shape_text(lengths: Sequence[str]) -> str:
    """A shape as an argument."""
    return lengths[0] if len(lengths) == 1 else f"({', '.join(lengths)})"


def width_of(atom: Atom) -> int:
    """The number of axes of an operand."""
    return rank(atom.type)


def without(type_: Type, axes: Sequence[int]) -> Type:
    """An array type without some axes."""
    assert isinstance(type_, Array)
    dims = tuple(d for k, d in enumerate(dims_of(type_)) if k not in axes)
    return Array(type_.dtype, dims)

"""Operands: variables, constants, and the value of a name that was never assigned."""

from __future__ import annotations

import itertools
from dataclasses import field
from typing import Any

from ad_compiler.frozen import frozen_identity
from ad_compiler.ir.types import PY_BOOL, PY_FLOAT, PY_INT, Complex, Static, Type


@frozen_identity
class Var:
    """A value with a name: defined once. Identity is what makes two variables the same.

    `name` is the name it should get in emitted code (`w`, `w_bar`, `product`). A `temp` may be
    folded into the expression that uses it; a variable that a person named may not.
    """

    name: str
    type: Type
    temp: bool = False
    serial: int = field(default_factory=itertools.count().__next__)
    """Unique in this process; never reaches emitted text."""

    def __repr__(self) -> str:
        return f"{self.name}.{self.serial}"


@frozen_identity
class Const:
    """A constant. `spelling` is how its author wrote it, e.g. `math.pi`."""

    value: Any
    type: Type
    spelling: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for the same constant: distinguishes 1, 1.0, True, 0.0 and -0.0."""
        return (type(self.value), repr(self.value))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Const)
            and type(self.value) is type(other.value)
            and (self.value is other.value or repr(self.value) == repr(other.value))
        )

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return repr(self.value)


def const(value: Any, spelling: str | None = None) -> Const:
    """A constant of the type its Python value has."""
    match value:
        case bool():
            return Const(value, PY_BOOL, spelling)
        case int():
            return Const(value, PY_INT, spelling)
        case float():
            return Const(value, PY_FLOAT, spelling)
        case complex():
            return Const(value, Complex(), spelling)
        case _:
            return Const(value, Static(), spelling)


@frozen_identity
class Undef:
    """The value of a name on a path that never assigned it. Reading it is a defect."""

    type: Type


Atom = Var | Const | Undef

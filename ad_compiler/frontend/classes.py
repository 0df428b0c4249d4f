"""Of which class a value is: `isinstance`, `type`, `hasattr`, as far as the compiler knows."""

from __future__ import annotations

from collections.abc import Sequence
from types import BuiltinFunctionType, ModuleType

import numpy as np

from ad_compiler.frontend.context import Context
from ad_compiler.frontend.indexing import resolved
from ad_compiler.frontend.lookups import TRUSTED
from ad_compiler.frontend.naming import describe
from ad_compiler.frontend.values import Loose, Place, Structure, Value, static
from ad_compiler.ir.nodes import Const, Var, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import NUMPY_NAMES, Array, Bool, Float, Int, Static, dtype_of
from ad_compiler.rules import infer

Args = Sequence[Value]
Keywords = dict[str, Value]


def is_instance(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: object) -> Value:
    """`isinstance(...)`."""
    wanted = args[1].value if isinstance(args[1], Const) else None
    if isinstance(args[1], Structure):
        wanted = tuple(item.value for item in args[1].items if isinstance(item, Const))
    kind = _class_of(resolved(ctx, args[0]))
    if kind is None or wanted is None:
        raise TypeRefusal(
            f"whether {describe(args[0])} is such an instance is not known at compile time",
            "decide it in the caller",
        )
    return const(issubclass(kind, wanted))


_CLASSES: dict[type, type] = {Float: float, Int: int, Bool: bool}


def _class_of(value: Value) -> type | None:
    match value:
        case Place() | Loose():
            return np.ndarray
        case Structure(kind, record=record):
            plain = {"tuple": tuple, "list": list, "dict": dict}
            return plain[kind] if record is None else record.cls
        case Const(value=thing) if not isinstance(value.type, Array):
            return type(thing)
        case Var(type=type_):
            dtype = dtype_of(type_)
            if isinstance(type_, Array):
                return np.ndarray
            if dtype is not None:
                return np.dtype(NUMPY_NAMES[dtype]).type
            return None if infer.is_mixed(type_) else _CLASSES.get(type(type_))
        case _:
            return None


def class_of(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: object) -> Value:
    """`type(...)`."""
    return static(_known(ctx, args[0], "the class of"))


def has_attribute(ctx: Context, args: Args, _kw: Keywords, _name: str, _call: object) -> Value:
    """`hasattr(...)`."""
    name = args[1].value if isinstance(args[1], Const) else None
    if not isinstance(name, str):
        raise TypeRefusal("hasattr() with a name that is not known", "write the name")
    match args[0]:
        case Const(value=ModuleType() | type() | BuiltinFunctionType() | np.ufunc() as thing):
            root = (getattr(thing, "__module__", None) or thing.__name__).partition(".")[0]
            if root in TRUSTED or root == "builtins":
                return const(hasattr(thing, name))  # nobody adds to these
            kind = None
        case Const(value=thing) if isinstance(args[0].type, Static):
            kind = type(thing) if isinstance(thing, str | tuple | None) else None
        case value:
            kind = _class_of(resolved(ctx, value))
    return const(hasattr(_found(kind, args[0], "the attributes of"), name))


def _known(ctx: Context, value: Value, what: str) -> type:
    return _found(_class_of(resolved(ctx, value)), value, what)


def _found(kind: type | None, value: Value, what: str) -> type:
    if kind is None:
        raise TypeRefusal(
            f"{what} {describe(value)} is not known at compile time", "decide it in the caller"
        )
    return kind

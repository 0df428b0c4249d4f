"""Primitives of the functions whose derivative their user states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ad_compiler.ir.custom import CustomRule
from ad_compiler.ir.nodes import Atom, Const
from ad_compiler.ir.primitive import Call, Infer, Primitive, TypeRefusal
from ad_compiler.ir.types import (
    DTYPE_OF_NAME,
    MIXED_FLOAT,
    Array,
    Float,
    Sym,
    Type,
    is_differentiable,
)
from ad_compiler.rules.registry import RULES, Linear, Refusal

MARK = "custom#"
"""How the paths of such functions begin; what they are called is a matter of the module."""

CUSTOM: dict[str, tuple[str, Any]] = {}
"""The name and the object of a path: such a function, or an array that a rule reads."""

WATCHERS: list[list[Any]] = []
"""Where guards go of what rules read of their surroundings, innermost last."""

_MADE: dict[CustomRule, Primitive] = {}


def path_of(name: str, thing: Any) -> str:
    """The path of an object that emitted code is handed."""
    for path, (_, known) in CUSTOM.items():
        if known is thing:
            return path
    path = f"{MARK}{len(CUSTOM)}"
    CUSTOM[path] = (name if name.isidentifier() else "function", thing)
    return path


def primitive_of(custom: CustomRule) -> Primitive:
    """The primitive that calls of the function are."""
    made = _MADE.get(custom)
    if made is None:
        path = path_of(custom.__name__, custom)
        made = _MADE[custom] = Primitive(
            f"{path}:{custom.__name__}",
            evaluate=custom,
            infer=_infer(custom),
            spelling=Call(path),
            params=custom.params,
            defaults=_plain(custom.defaults),
            raises=_may_raise,
            noun=custom.__name__ if custom.__name__.isidentifier() else "value",
        )
        RULES[made] = _rule(custom)
    return made


def _plain(defaults: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in defaults.items() if isinstance(v, bool | int | float | str | None)}


def _may_raise(_args: Sequence[Atom]) -> bool:
    return True


def _rule(custom: CustomRule) -> Linear:
    stated = {*custom.jvps, *custom.vjps}
    missing = {
        name: Refusal(
            f"`{custom.__name__}` has no derivative in `{name}`: its custom_rule states none",
            f"state a jvp or a vjp for `{name}`, or stop_gradient({name})",
        )
        for name in custom.params
        if name not in stated
    }
    return Linear(
        custom.jvps, custom.vjps, dense=True, inert=custom.params, refuses=missing,
        convention="as stated",
    )  # fmt: skip


def _infer(custom: CustomRule) -> Infer:
    def infer(args: Sequence[Atom]) -> Type:
        for name, arg in zip(custom.params, args, strict=True):
            if not isinstance(arg, Const) or is_differentiable(arg.type):
                continue
            if not isinstance(arg.value, bool | int | float | str | None):
                raise TypeRefusal(
                    f"`{name}` of `{custom.__name__}` is a {type(arg.value).__name__}",
                    "close over it, and pass numbers and arrays only",
                )
        if custom.returns in custom.params:
            return _like(custom, args[custom.params.index(custom.returns)])
        if custom.returns == "float":
            return MIXED_FLOAT
        dtype, _, axes = custom.returns.partition("[")
        names = [Sym(f"{custom.__name__}({args!r}).{k}") for k in range(axes.count(":"))]
        return Array(DTYPE_OF_NAME[dtype], tuple(names))

    return infer


def _like(custom: CustomRule, model: Atom) -> Type:
    if isinstance(model.type, Float) and not model.type.also:
        return model.type if model.type.kind in ("f64", "f32") else MIXED_FLOAT
    if isinstance(model.type, Array) and is_differentiable(model.type):
        return model.type
    raise TypeRefusal(
        f"`{custom.__name__}` returns what `{custom.returns}` is, which is {model.type}",
        "pass a float or an array of floats",
    )

"""Applies structural rules: their forward functions, their transposes, and derived transposes.

A rule's functions are ordinary Python in the accepted language; they are lowered into the program
where they are used, with what depends on static operands evaluated.
"""

from __future__ import annotations

from types import FunctionType

from ad_compiler.frontend.lower import inline_call
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Let, const
from ad_compiler.rules.registry import Linear

JOINT = frozenset(
    {
        "getitem",
        "store",
        "add_at",
        "tape_put",
        "tape_get",
        "tape_add",
        "np.concatenate",
        "np.stack",
        "array_of",
    }
)
"""Operations that are linear in all their differentiable operands together."""


def operand_label(let: Let, position: int) -> tuple[str, int]:
    """The rule's name for an operand, and which one it is where the name stands for many."""
    params = let.prim.params
    many = next((k for k, name in enumerate(params) if name.startswith("*")), len(params))
    extra = len(let.args) - len(params)
    if position < many:
        return params[position], 0
    if position <= many + extra:
        return params[many].lstrip("*"), position - many
    return params[position - extra], 0


def pushed(builder: Builder, let: Let, rule: Linear, position: int, dot: Atom) -> list[Atom]:
    """What the tangent of one operand adds to the tangent of each result."""
    name, _ = operand_label(let, position)
    return _call(builder, rule.jvps[name], let, {f"{name}_dot": dot})


def pulled(
    builder: Builder, let: Let, rule: Linear, name: str, which: int, bars: list[Atom | None]
) -> Atom | None:
    """The cotangent of one operand, by the rule's own transpose.

    A transpose for one of many operands (`*arrays`) is told which by the keyword `index`.
    """
    given: dict[str, Atom] = {"index": const(which)}
    if len(bars) == 1:
        assert bars[0] is not None
        given["z_bar"] = bars[0]
    else:
        given.update((f"z{k}_bar", bar or const(0.0)) for k, bar in enumerate(bars))
    return _call(builder, rule.vjps[name], let, given)[0]


def _call(builder: Builder, function: FunctionType, let: Let, given: dict[str, Atom]) -> list[Atom]:
    """Lower a rule's function with those of the keywords that it asks for."""
    code = function.__code__
    first, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    results = {"z": let.targets[0]} if len(let.targets) == 1 else {}
    results = results or {f"z{k}": t for k, t in enumerate(let.targets)}
    offered: dict[str, Atom] = {**given, **results}
    kwargs = {name: offered[name] for name in code.co_varnames[first:last]}
    return inline_call(builder, function, let.args, kwargs)

"""Applies structural rules: their forward functions, their transposes, and derived transposes.

A rule's functions are ordinary Python in the accepted language; they are lowered into the program
where they are used, with what depends on static operands evaluated.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import lru_cache
from types import FunctionType

from ad_compiler.analysis.activity import operand_label
from ad_compiler.errors import Span, Unsupported
from ad_compiler.frontend.lower import inline_call, is_ours
from ad_compiler.ir.builder import Builder
from ad_compiler.ir.nodes import Atom, Const, Let, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.rules.registry import RULES, SAME, Flat, Linear


@lru_cache(maxsize=16)  # statements of one line stand together
def backward_of(at: Span | None) -> Span | None:
    """The place of a statement of the backward sweep."""
    return None if at is None else at._replace(sweep=at.sweep + 1, again=False)


@contextmanager
def placing(builder: Builder, at: Span | None) -> Generator[None]:
    """What is done here belongs to a place of the user's text; so does what types refuse."""
    builder.at = at
    try:
        yield
    except TypeRefusal as refusal:
        if at is None:  # made up on the way: whatever it stands for has a place
            raise
        raise Unsupported(refusal.reason, at, refusal.remedy) from None


def refuse_unknown(let: Let, positions: Iterable[int], results: Iterable[int]) -> None:
    """Refuse a program that needs a derivative that is not known: of operands, of results."""
    rule = RULES[let.prim]
    if isinstance(rule, Flat):
        return
    refuses = rule.refuses
    found = [refuses.get(operand_label(let, k)[0]) for k in positions] if refuses else []
    if isinstance(rule, Linear):
        undefined = rule.undefined(let.args)
        found += [undefined.get(k) for k in results]
    for refusal in found:
        if refusal is not None:
            raise Unsupported(refusal.reason, let.at, refusal.remedy)


def pushed(builder: Builder, let: Let, rule: Linear, position: int, dot: Atom) -> list[Atom | None]:
    """What the tangent of one operand adds to the tangent of each result."""
    name, which = operand_label(let, position)
    if rule.jvps[name] is SAME:
        args = (*let.args[:position], dot, *let.args[position + 1 :])
        return [builder.emit(let.prim, *args)]
    given = {f"{name}_dot": dot, "index": const(which)}
    return [_present(part) for part in _call(builder, rule, rule.jvps[name], let, given)]


def pulled(
    builder: Builder, let: Let, rule: Linear, name: str, which: int, bars: list[Atom | None]
) -> Atom | None:
    """The cotangent of one operand, by the rule's own transpose.

    A transpose for one of many operands (`*arrays`) is told which by the keyword `index`.
    """
    given: dict[str, Atom] = {"index": const(which)}
    for result, bar in zip(rule.results, bars, strict=True):
        given[f"{result}_bar"] = const(None) if bar is None else bar
    return _present(_call(builder, rule, rule.vjps[name], let, given)[0])


def _present(atom: Atom) -> Atom | None:
    """What a rule gives, where None is a derivative that is zero."""
    return None if isinstance(atom, Const) and atom.value is None else atom


def _call(
    builder: Builder, rule: Linear, function: FunctionType, let: Let, given: dict[str, Atom]
) -> list[Atom]:
    """Lower a rule's function with those of the keywords that it asks for."""
    code = function.__code__
    first, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    offered: dict[str, Atom] = {**given, **dict(zip(rule.results, let.targets, strict=True))}
    kwargs = {name: offered[name] for name in code.co_varnames[first:last]}
    try:
        return inline_call(builder, function, let.args, kwargs)
    except Unsupported as refusal:
        if not is_ours(function):
            raise
        raise Unsupported(refusal.reason, let.at, refusal.remedy) from None

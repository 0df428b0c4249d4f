"""Identities of multiples, for what backward sweeps and tangents compute.

    2 * (0.5 * x)    x                  x + -0.5 * y    x - 0.5 * y
    p * (1 / b)      p / b              -(-0.5 * x)     0.5 * x
    2 * x - 2 * y    2 * (x - y)
    2 * (x * np.expand_dims(-0.5 * y, 1))               x * np.expand_dims(-y, 1)

Some of these change the last bits of numbers that are tiny, as no identity may that a program's own
values go through. How a derivative is evaluated is up to us.
"""

from __future__ import annotations

from collections.abc import Sequence

from ad_compiler.ir.index import THEN, Pattern, split_operands
from ad_compiler.ir.nodes import Atom, Const, Let, Var, const, sweep_of
from ad_compiler.ir.types import Type, dims_of, is_complex
from ad_compiler.transform.identities import (
    Definitions,
    Form,
    Rewrite,
    is_float,
    may_repeat,
    negated,
)
from ad_compiler.transform.scaling import DIVISIONS, exact_product


def _made(atom: Atom, defs: Definitions) -> Let | None:
    """The statement that made a value without a name of its own.

    What is computed again might be on a tape instead, where nobody sees how it was made.
    """
    let = defs.get(atom) if isinstance(atom, Var) and atom.temp else None
    return None if let is None or (let.at and let.at.again) else let


def _is_number(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.spelling is None and type(atom.value) in (int, float)


def _mul(args: tuple[Atom, ...], defs: Definitions, type_: Type) -> Form | None:
    if not is_float(type_):
        return None
    for one, other in (args, args[::-1]):
        let = _made(other, defs)
        if let is None:
            continue
        if isinstance(one, Const):
            found = _scaled(one, let, defs)
        else:
            multiple = _made(one, defs)
            factor = None if multiple is None else _factor(multiple)
            found = _over(1, one, let) or (factor and _within(*factor, let, defs))
        if found is not None:
            return found
    return None


def _factor(let: Let) -> tuple[Const, Atom] | None:
    """A product as a number times something else."""
    for number, rest in (let.args, let.args[::-1]) if let.prim.name == "mul" else ():
        if isinstance(number, Const) and _is_number(number) and is_float(rest.type):
            return number, rest
    return None


def _scaled(number: Const, let: Let, defs: Definitions) -> Form | None:
    """`number` times a product, or a quotient, that has a number for a factor."""
    if let.prim.name in (*DIVISIONS, "quiet_div"):
        above, divisor = let.args
        if isinstance(above, Const):
            top = exact_product(number, above)
        else:
            made = _made(above, defs)
            top = None if made is None else _scaled(number, made, defs)
        return None if top is None else Form(let.prim.name, (top, divisor))
    found = _factor(let)
    if found is not None:
        whole = exact_product(number, found[0])
        return None if whole is None else Form("mul", (whole, found[1]))
    if let.prim.name == "mul" and _is_number(number):
        for one, other in (let.args, let.args[::-1]):
            made = _made(other, defs)
            found = None if made is None else _over(number.value, one, made)
            found = found or _within(number, one, made, defs)
            if found is not None:
                return found
    return None


PLACING = ("np.expand_dims", "np.squeeze", "np.reshape", "T")
"""What puts a smaller array where a larger one is met."""


def _within(number: Const, one: Atom, let: Let | None, defs: Definitions) -> Form | None:
    """`number * one * np.expand_dims(c * x, k)` as `one * np.expand_dims(number * c * x, k)`."""
    inner = _made(let.args[0], defs) if let is not None and let.prim.name in PLACING else None
    if inner is not None and inner.prim.name == "neg":
        number, inner = const(-number.value), _made(inner.args[0], defs)
    scaled = None if inner is None else _scaled(number, inner, defs)
    if let is None or scaled is None:
        return None
    return Form("mul", (one, Form(let.prim.name, (scaled, *let.args[1:]))))


def _over(number: float, one: Atom, let: Let) -> Form | None:
    """`number * one * (c / b)` as `one / b`, where nothing else is left, or `-one / b`."""
    if let.prim.name not in DIVISIONS or not is_float(one.type):
        return None
    top, divisor = let.args
    if not isinstance(top, Const) or not _is_number(top) or abs(number * top.value) != 1:
        return None
    above = one if number * top.value == 1 else Form("neg", (one,))
    return Form(let.prim.name, (above, divisor))


def _opposite(atom: Atom, defs: Definitions) -> Atom | Form | None:
    """-x without a sign, of x that has one."""
    let = _made(atom, defs)
    if let is None:
        return None
    if let.prim.name == "neg":
        return negated(atom, defs)
    if let.prim.name in DIVISIONS:
        top = _opposite(let.args[0], defs)
        return None if top is None else Form(let.prim.name, (top, let.args[1]))
    found = _factor(let)
    if found is None or found[0].value >= 0:
        return None
    return Form("mul", (const(-found[0].value), found[1]))


def _term(atom: Atom, defs: Definitions) -> tuple[Const, Atom | Form] | None:
    """A product as a number times something else; also behind a sign, whatever its name there."""
    let, negative = _made(atom, defs), False
    if let is not None and let.prim.name == "neg":
        let, negative = defs.get(let.args[0]) if isinstance(let.args[0], Var) else None, True
    found = None if let is None else _factor(let) or _first_factor(let, defs)
    return (const(-found[0].value), found[1]) if found and negative else found


def _first_factor(let: Let, defs: Definitions) -> tuple[Const, Form] | None:
    """`c * x * y` as c times something else."""
    first = _made(let.args[0], defs) if let.prim.name == "mul" else None
    found = None if first is None else _factor(first)
    return None if found is None else (found[0], Form("mul", (found[1], let.args[1])))


def _in_common(args: tuple[Atom, ...], sign: int, defs: Definitions) -> Form | None:
    """`c * x + c * y` as `c * (x + y)`, of one shape; `sign`: of the second term.

    `x / c + y / c` as `(x + y) / c`.
    """
    match tuple(_made(arg, defs) for arg in args):
        case (Let(prim=prim, args=(x, c)), Let(prim=same, args=(y, d))) if (
            prim is same
            and prim.name in DIVISIONS
            and c == d
            and dims_of(x.type) == dims_of(y.type)
        ):
            return Form(prim.name, (Form("add" if sign > 0 else "sub", (x, y)), c))
        case _:
            pass
    one, other = (_term(arg, defs) for arg in args)
    if one is None or other is None or dims_of(args[0].type) != dims_of(args[1].type):
        return None
    (number, x), (second, y) = one, other
    if abs(number.value) != abs(second.value):
        return None
    if (number.value == second.value) == (sign > 0):
        return Form("mul", (number, Form("add", (x, y))))
    if number.value < 0:
        number, x, y = const(-number.value), y, x
    return Form("mul", (number, Form("sub", (x, y))))


def _add(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Form | None:
    common = _in_common(args, 1, defs)
    if common is not None:
        return common
    for one, other in (args, args[::-1]):
        if (opposite := _opposite(other, defs)) is not None:
            return Form("sub", (one, opposite))
    return None


def _sub(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Form | None:
    common = _in_common(args, -1, defs)
    if common is not None:
        return common
    opposite = _opposite(args[1], defs)
    return None if opposite is None else Form("add", (args[0], opposite))


def _neg(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Atom | Form | None:
    return _opposite(args[0], defs)


def _sum(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Form | None:
    inner = negated(args[0], defs)  # the sum of -x is that of x, negated
    return None if inner is None else Form("neg", (Form("np.sum", (inner, *args[1:])),))


def _add_at(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Form | None:
    """Adding to an element that is still zero, or was just set to it, is storing."""
    a, pattern, value, *index = args
    assert isinstance(pattern, Const)
    if (number := _filled_with(value, defs)) is not None:
        return Form("add_at", (a, pattern, number, *index))
    made = defs.get(a) if isinstance(a, Var) else None
    if made is None or may_repeat(pattern):
        return None
    if made.prim.name == "store":
        before, where, zero, *there = made.args
        if where == pattern and there == index and zero == const(0.0):
            return Form("store", (before, pattern, value, *index))
    while made is not None and made.prim.name in ("store", "add_at"):
        a, where, _value, *there = made.args
        if where != pattern or not _apart(pattern.value, index, there):
            return None
        made = defs.get(a) if isinstance(a, Var) else None
    fresh = made is not None and made.prim.name in ("zeros_like", "np.zeros")
    return Form("store", args) if fresh else None


def _store(args: tuple[Atom, ...], defs: Definitions, _: Type) -> Form | None:
    a, pattern, value, *index = args
    number = _filled_with(value, defs)
    return None if number is None else Form("store", (a, pattern, number, *index))


def _filled_with(value: Atom, defs: Definitions) -> Atom | None:
    """The number that all elements are: it goes to all of a part by itself."""
    made = _made(value, defs)
    if made is not None and made.prim.name == "full_like":
        return made.args[1]
    return const(1.0) if made is not None and made.prim.name == "ones_like" else None


def _apart(pattern: Pattern, one: Sequence[Atom], other: Sequence[Atom]) -> bool:
    """Whether two indices of one pattern certainly reach no element in common."""
    if THEN in pattern:
        return False  # of two parts, the second is of the first
    pairs = zip(split_operands(pattern, one), split_operands(pattern, other), strict=True)
    return any(_differ(item, own, its) for (item, own), (_, its) in pairs)


def _differ(item: str, one: list[Atom], other: list[Atom]) -> bool:
    """The same of one item: two elements, or slices of which one ends where the other begins."""
    ends = [a.value for a in (*one, *other) if isinstance(a, Const)]
    if len(ends) != len(one) + len(other):
        return False
    if item == "int":
        return ends[0] != ends[1] and (ends[0] < 0) == (ends[1] < 0)
    if item == "a:b" and min(ends) >= 0:
        return ends[1] <= ends[2] or ends[3] <= ends[0]
    return False


MULTIPLES: dict[str, Rewrite] = {
    "mul": _mul,
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "np.sum": _sum,
    "add_at": _add_at,
    "store": _store,
}


def of_multiples(let: Let) -> Rewrite | None:
    """What to try on an operation of a derivative, on real numbers, after what is exact."""
    if not sweep_of(let) or any(is_complex(arg.type) for arg in let.args):
        return None
    return MULTIPLES.get(let.prim.name)

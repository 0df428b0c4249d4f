"""Functions that call themselves: written out as deep as what is known of their arguments says.

    def power(x, n):                        power(x, 3) is x * (x * (x * 1.0)): each call has
        return 1.0 if n == 0 else \\         arguments of which something else is known
            x * power(x, n - 1)

Where a call knows nothing new, only the values would end it: the integers among its arguments are
made constants of the program; if there are none, it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ad_compiler.frontend.context import Context, raise_needs
from ad_compiler.frontend.source import Code
from ad_compiler.frontend.values import Partial, Structure, UserFunction, Value, leaves_of
from ad_compiler.ir.nodes import Const
from ad_compiler.ir.primitive import TypeRefusal

MAX_DEPTH = 1000
"""How deep calls may nest."""
MAX_CALLS = 10_000
"""How many calls of functions by themselves are written out."""


def entered(ctx: Context, code: Code, arguments: Mapping[str, Value]) -> tuple[Code, object]:
    """A call that begins. Raises TypeRefusal, or NeedsStatic, where nothing would end it."""
    key = (code, tuple((name, _known(value)) for name, value in arguments.items()))
    if key in ctx.active:
        refusal = TypeRefusal(
            f"how often `{code.name}` calls itself depends on values that are known only when it "
            "runs",
            "write it as a loop, or let an integer argument count down",
        )
        raise_needs(
            ctx, (leaf for value in arguments.values() for leaf in leaves_of(value)), refusal
        )
        raise refusal
    if any(active is code for active, _ in ctx.active):
        ctx.recursive += 1
    if len(ctx.active) >= MAX_DEPTH or ctx.recursive > MAX_CALLS:
        deep = f"nests more than {MAX_DEPTH} calls"
        many = f"makes more than {MAX_CALLS} calls of itself"
        raise TypeRefusal(
            f"`{code.name}` {deep if ctx.recursive <= MAX_CALLS else many}, each of which would be "
            "written out",
            "write it as a loop",
        )
    return key


def _known(value: Value) -> Any:
    """What is known of an argument at compile time, to be compared with that of other calls."""
    match value:
        case Const(value=known):
            return type(known), known if isinstance(known, int | float | str) else id(known)
        case Structure(kind, keys, items):
            return kind, keys, tuple(map(_known, items))
        case UserFunction(code):
            return code
        case Partial(function, args, keywords):
            named = tuple((name, _known(one)) for name, one in keywords.items())
            return _known(function), tuple(map(_known, args)), named
        case _:
            return type(value)

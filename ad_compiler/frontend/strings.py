"""Methods of strings, which are known at compile time."""

from __future__ import annotations

from collections.abc import Sequence
from types import BuiltinMethodType

from ad_compiler.frontend.context import Context, raise_needs
from ad_compiler.frontend.texts import of_format
from ad_compiler.frontend.values import Value, constant_of, value_of
from ad_compiler.ir.primitive import TypeRefusal


def of_method(
    ctx: Context, method: BuiltinMethodType, args: Sequence[Value], keywords: dict[str, Value]
) -> Value:
    """A method of a string, of operands that are known, too."""
    if method.__name__ == "format":
        assert isinstance(method.__self__, str)
        return of_format(ctx, method.__self__, args, keywords)
    known = [constant_of(arg) for arg in (*args, *keywords.values())]
    if None in known:
        refusal = TypeRefusal(
            f"the arguments of `.{method.__name__}` must be known at compile time",
            "write literals, or names of them",
        )
        raise_needs(ctx, [*args, *keywords.values()], refusal)
        raise refusal
    values = [constant.value for constant in known if constant is not None]
    named = dict(zip(keywords, values[len(args) :], strict=True))
    try:
        return value_of(method(*values[: len(args)], **named))
    except (TypeError, ValueError) as error:
        raise TypeRefusal(f"`.{method.__name__}`: {error}", "mend the call") from None

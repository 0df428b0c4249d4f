"""The primitives: what each means, its type, what it may raise, and its derivative."""

from ad_compiler.rules import (
    builtin,
    elementary,
    loops,
    operators,
    piecewise,
    powers,
    special,
)

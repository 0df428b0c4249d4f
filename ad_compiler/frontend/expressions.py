"""Lowers expressions: one function a kind of syntax, found in a table."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ad_compiler.frontend import attributes, calls, comprehensions, indexing, operators, refusals
from ad_compiler.frontend.context import Context, place, test_of, truth_of, with_place
from ad_compiler.frontend.scope import Scope, load, new_slot, store
from ad_compiler.frontend.values import (
    Environment,
    NeedsStatic,
    Structure,
    UserFunction,
    Value,
    constant_of,
    static,
)
from ad_compiler.ir.nodes import const
from ad_compiler.ir.primitive import TypeRefusal

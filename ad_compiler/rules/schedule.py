"""Where a checkpointed loop takes its snapshots."""

from __future__ import annotations

from ad_compiler.ir.primitive import Call, Primitive
from ad_compiler.ir.types import PY_INT
from ad_compiler.rules.helpers import helper
from ad_compiler.rules.registry import Flat, register

NEXT = register(
    Primitive(
        "next_snapshot",
        helper("next_snapshot"),
        lambda _args: PY_INT,
        Call("next_snapshot"),
        ("start", "last", "slots"),
        noun="end",
    ),
    Flat("an index"),
)

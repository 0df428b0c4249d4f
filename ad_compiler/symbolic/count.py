"""How many operations a program holds."""

from __future__ import annotations

from ad_compiler.ir.nodes import Block, Effect, Let, walk
from ad_compiler.rules.registry import PRIMITIVES


def operations(block: Block) -> int:
    """The number of operations in a block; those in loops count once, names not at all."""
    name = PRIMITIVES["identity"]
    return sum(
        isinstance(stmt, Effect) or (isinstance(stmt, Let) and stmt.prim is not name)
        for stmt in walk(block)
    )

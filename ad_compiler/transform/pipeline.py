"""The order of passes between a derivative and its text, read from top to bottom."""

from __future__ import annotations

from ad_compiler.ir.nodes import Function
from ad_compiler.transform.augment import augment
from ad_compiler.transform.bufferise import bufferise
from ad_compiler.transform.dead import dead_code
from ad_compiler.transform.hoist import hoist
from ad_compiler.transform.rebuild import rebuild


def finish(function: Function) -> Function:
    """Make a program ready for emission. What `derive` gives is rebuilt once already."""
    function = hoist(function)  # what a loop does not change, moves out of it
    function = rebuild(function)  # what met outside the loop
    function = dead_code(augment(function))  # a[i] = a[i] * v is written a[i] *= v
    return bufferise(function)  # every copy explicit, every other store in place

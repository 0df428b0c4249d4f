"""The order of passes between a derivative and its text, read from top to bottom."""

from __future__ import annotations

from collections.abc import Collection

from ad_compiler.analysis.edges import has_storage
from ad_compiler.ir.nodes import Const, For, Function, Let, While, defined_by, walk
from ad_compiler.transform.ascend import ascend
from ad_compiler.transform.augment import augment
from ad_compiler.transform.bufferise import bufferise
from ad_compiler.transform.checkpoints import with_snapshots
from ad_compiler.transform.dead import dead_code
from ad_compiler.transform.delay import delay
from ad_compiler.transform.elementwise import loop_over_elements
from ad_compiler.transform.fuse import fuse, may_raise
from ad_compiler.transform.gather import gather
from ad_compiler.transform.hoist import hoist
from ad_compiler.transform.inlay import inlay
from ad_compiler.transform.join import join_branches
from ad_compiler.transform.laid import lay_by_rows
from ad_compiler.transform.order import order
from ad_compiler.transform.pops import gather_pops
from ad_compiler.transform.preallocate import preallocate
from ad_compiler.transform.quotients import share_quotients
from ad_compiler.transform.rebuild import rebuild
from ad_compiler.transform.resets import reset_in_place
from ad_compiler.transform.unmark import unmark
from ad_compiler.transform.unread import drop_unread
from ad_compiler.transform.untape import untape
from ad_compiler.transform.workspaces import share_workspaces

OPTIONAL = frozenset(
    {"ascend", "elements", "fuse", "gather", "order", "inlay", "quotients", "workspaces"}
)
"""Passes that make code fast, which may be left out: results are the same up to rounding."""


def finish(function: Function, *, arrays: bool = False, without: Collection[str] = ()) -> Function:
    """Make a program ready for emission. It was rebuilt already, by `derive` for one.

    `arrays`: tapes whose length is known are arrays, as Numba likes them. `without` are the
    optional passes that are left out.
    """
    assert OPTIONAL.issuperset(without)
    wanted = OPTIONAL.difference(without)
    function = unmark(function)  # what only transformations look at
    function = join_branches(function)  # ask once what the two sweeps ask
    loops = has_loops(function)
    if loops:
        function = with_snapshots(function)  # checkpointed loops keep some states of theirs
        function = reset_in_place(function)  # carried arrays of zeros
    if "ascend" in wanted:
        function = ascend(function)  # upwards, where the order does not matter
    if "fuse" in wanted and loops:  # then in one loop with the forward sweep
        function = fuse(function, raises_in_loops if arrays else may_raise)
    if loops:
        function = untape(function)  # what the trips before and after have at hand
    if arrays:
        function = hoist(function, lists=False)
        if "gather" in wanted:
            function = gather(function)  # what neighbours give, rather than add to them
        function = preallocate(function)  # lists where the trips are not counted beforehand
    if loops:
        function = hoist(function)  # what a loop does not change, moves out of it
        function = rebuild(function)  # what met outside the loop
        function = join_branches(function)  # and what is asked twice in a trip
        function = drop_unread(function)  # cotangents that nobody reads again are not reset
        function = delay(function)  # one name for a carried value, not two
    if arrays and "elements" in wanted:
        function = loop_over_elements(function)  # one loop, and no arrays in between
    if arrays and "order" in wanted:
        function = order(function)  # additions that run ahead come first
    if arrays and "quotients" in wanted:
        function = dead_code(share_quotients(function))  # one division by a number, not two
    if not has_arrays(function):
        return dead_code(function, settled=True)
    function = dead_code(augment(function), settled=True)  # a[i] = a[i] * v is a[i] *= v
    function = lay_by_rows(function)  # what is written through a reshape
    function = bufferise(function)  # every copy explicit, every other store in place
    function = gather_pops(function)  # items are read and taken off at once
    if arrays and "inlay" in wanted:
        function = inlay(function)  # rows of tapes are written where they belong
    if arrays and "workspaces" in wanted:
        function = share_workspaces(function)  # scratch arrays are allocated once
    return function


UNCHECKED = ("getitem", "store", "add_at")
"""What raises nothing in compiled code, where all indices are numbers."""


def raises_in_loops(let: Let) -> bool:
    """Whether an operation may raise where it is compiled.

    Functions of `math` give nan or inf there, and indices are not checked.
    """
    if let.prim.name in UNCHECKED and isinstance(let.args[1], Const):
        return set(let.args[1].value) != {"int"}
    return may_raise(let) and not let.prim.name.startswith("math.")


def has_loops(function: Function) -> bool:
    """Whether there is a loop anywhere in a program."""
    return any(isinstance(stmt, (For, While)) for stmt in walk(function.block))


def has_arrays(function: Function) -> bool:
    """Whether a program takes, makes or returns anything but numbers."""
    made = (target for stmt in walk(function.block) for target in defined_by(stmt))
    return any(map(has_storage, (*function.params, *made, *function.results)))

"""The order of passes between a derivative and its text, read from top to bottom."""

from __future__ import annotations

from ad_compiler.analysis.edges import has_storage
from ad_compiler.ir.nodes import For, Function, While, defined_by, walk
from ad_compiler.transform.ascend import ascend
from ad_compiler.transform.augment import augment
from ad_compiler.transform.bufferise import bufferise
from ad_compiler.transform.checkpoints import with_snapshots
from ad_compiler.transform.dead import dead_code
from ad_compiler.transform.delay import delay
from ad_compiler.transform.fuse import fuse
from ad_compiler.transform.hoist import hoist
from ad_compiler.transform.inlay import inlay
from ad_compiler.transform.join import join_branches
from ad_compiler.transform.pops import gather_pops
from ad_compiler.transform.preallocate import preallocate
from ad_compiler.transform.rebuild import rebuild
from ad_compiler.transform.unmark import unmark
from ad_compiler.transform.unread import drop_unread


def finish(function: Function, *, arrays: bool = False) -> Function:
    """Make a program ready for emission. It was rebuilt already, by `derive` for one.

    `arrays`: tapes whose length is known are arrays, as Numba likes them.
    """
    function = unmark(function)  # what only transformations look at
    function = join_branches(function)  # ask once what the two sweeps ask
    function = with_snapshots(function)  # checkpointed loops keep some states of theirs
    function = ascend(function)  # upwards, where the order does not matter
    function = fuse(function)  # then in one loop with the forward sweep, where that may be
    if arrays:
        function = hoist(function, lists=False)
        function = preallocate(function)  # lists where the trips are not counted beforehand
    if has_loops(function):
        function = hoist(function)  # what a loop does not change, moves out of it
        function = rebuild(function)  # what met outside the loop
        function = join_branches(function)  # and what is asked twice in a trip
        function = drop_unread(function)  # cotangents that nobody reads again are not reset
        function = delay(function)  # one name for a carried value, not two
    if has_arrays(function):
        function = dead_code(augment(function))  # a[i] = a[i] * v is written a[i] *= v
        function = bufferise(function)  # every copy explicit, every other store in place
        function = gather_pops(function)  # items are read and taken off at once
    if arrays:
        function = inlay(function)  # rows of tapes are written where they belong
    return function


def has_loops(function: Function) -> bool:
    """Whether there is a loop anywhere in a program."""
    return any(isinstance(stmt, (For, While)) for stmt in walk(function.block))


def has_arrays(function: Function) -> bool:
    """Whether a program takes, makes or returns anything but numbers."""
    made = (target for stmt in walk(function.block) for target in defined_by(stmt))
    return any(map(has_storage, (*function.params, *made, *function.results)))

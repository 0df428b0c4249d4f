"""Where paths meet: names that have moved to other storage get a root of their own there.

if c:                       After it, y lives in a new root that holds one array or the other.
    y = x * 2               If something else can still reach either (`y = x`), nobody can tell
else:                       whether a write to y is seen there: the roots are frozen, so that
    y = x                   reading stays possible and writing is refused.

for t in range(n):          u and u_new carry one array each around the loop: two new roots,
    u, u_new = u_new, u     whose values are exchanged at the end of each trip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ad_compiler.frontend.places import Storage, held, place_in
from ad_compiler.frontend.values import Place, Root, Skeleton
from ad_compiler.ir.builder import Builder, Cell, Frame, Widening
from ad_compiler.ir.nodes import Atom, Const

UNCLEAR_CONTAINER = "which one it is depends on the path taken"
UNCLEAR = "which array it is depends on the path taken"


@dataclass(eq=False)
class Joining:
    """What a builder asks where paths meet."""

    storage: Storage

    @property
    def builder(self) -> Builder:
        return self.storage.builder

    # -- branches -----------------------------------------------------------------------------

    def arms(self, arms: Sequence[Frame]) -> None:
        """Before the cells of two arms are joined: names that differ get one root in both."""
        alive = [arm for arm in arms if not arm.dead]
        if len(alive) < 2:
            return
        self._same_containers(arms, alive)
        groups: dict[object, list[Cell]] = {}
        found: dict[Cell, list[Place]] = {}
        for cell in dict.fromkeys(c for arm in alive for c in arm.values if c.home not in arms):
            places = [place_in(arm.values.get(cell, self.builder.peek(cell))) for arm in alive]
            if None in places or len({repr(p) for p in places}) == 1:
                continue
            found[cell] = [p for p in places if p is not None]
            plain = all(not p.path for p in found[cell])
            key = tuple(p.root for p in found[cell]) if plain else cell
            groups.setdefault(key, []).append(cell)
        for cells in groups.values():
            self._meet(alive, cells, found)

    def _same_containers(self, arms: Sequence[Frame], alive: Sequence[Frame]) -> None:
        """Lists and dicts that differ from path to path cannot be changed after it."""
        for cell in dict.fromkeys(c for arm in alive for c in arm.values if c.home not in arms):
            found = [skeleton_in(arm.values.get(cell, self.builder.peek(cell))) for arm in alive]
            first, other = found[0], found[-1]
            if first is not None and other is not None:
                freeze_unless_same(first, other)

    def _meet(
        self, arms: Sequence[Frame], cells: list[Cell], found: dict[Cell, list[Place]]
    ) -> None:
        """One new root for names that are aliases in both arms."""
        places = found[cells[0]]
        root = self.storage.unset_root(cells[0].name, places)
        shared: list[Root] = []
        for arm, place in zip(arms, places, strict=True):
            self.builder.frames.append(arm)
            self.builder.assign(root.cell, self.storage.read(place))
            others = [c for c in self.storage.holders(place.root) if c not in cells]
            if place.path or any(c.home is not arm for c in others) or place.root.frozen:
                shared.append(place.root)
            for cell in cells:
                self.bind(cell, root)
            self.builder.frames.pop()
        if shared or any(self.storage.is_watched(p.root) for p in places):
            self.storage.freeze([root, *shared], UNCLEAR)

    def bind(self, cell: Cell, root: Root) -> None:
        self.builder.assign(cell, held(Place(root, ())))
        root.holders[cell] = None

    # -- loops --------------------------------------------------------------------------------

    def enter(self, widening: Widening, carried: dict[Cell, Root]) -> None:
        """Before a loop: the names that are known to move get roots to be carried around it."""
        entered: dict[Root, Root] = {}
        for cell, apart in widening.moving.items():
            place = place_in(self.builder.peek(cell))
            if cell in carried or place is None:
                continue
            root = None if apart or place.path else entered.get(place.root)
            if root is None:
                root = entered[place.root] = self._carried(cell, place, widening)
            carried[cell] = root
            self.bind(cell, root)

    def _carried(self, cell: Cell, place: Place, widening: Widening) -> Root:
        """The root that carries a name around a loop, with the array that it has before it."""
        together = [] if widening.moving[cell] else list(widening.moving)
        others = [c for c in self.storage.holders(place.root) if c not in (cell, *together)]
        root = self.storage.unset_root(cell.name, [place])
        self.builder.assign(root.cell, self.storage.read(place))
        if place.path or others or self.storage.is_watched(place.root):
            self.storage.freeze([root, place.root], UNCLEAR)
        return root

    def leave(self, frame: Frame, widening: Widening, carried: dict[Cell, Root]) -> bool:
        """At the end of a trip, still in its frame; whether the body must be built again."""
        ends: dict[Cell, Place] = {}
        before = self.storage.frozen
        new: list[Cell] = []
        changed = False
        for cell, value in list(frame.values.items()):
            first, last = skeleton_in(self.builder.outer(cell)), skeleton_in(value)
            if first is not None and last is not None:
                changed |= freeze_unless_same(first, last)
            start, end = place_in(self.builder.outer(cell)), place_in(value)
            if start is None or end is None or repr(start) == repr(end):
                continue
            ends[cell] = end
            if cell not in carried:
                widening.moving[cell] = False
                new.append(cell)
        if new or changed:
            return True
        torn = [cell for cell in carried if self._is_torn(cell, ends, carried)]
        for cell in torn:
            widening.moving[cell] = True
            del carried[cell]
        if torn:
            return True
        return self._around(ends, carried) or self.storage.frozen > before

    def _is_torn(self, cell: Cell, ends: dict[Cell, Place], carried: dict[Cell, Root]) -> bool:
        """Whether a name leaves a trip without those that came into it as its aliases."""
        own = ends[cell].root if cell in ends else carried[cell]
        return any(
            (ends[c].root if c in ends else root) is not own
            for c, root in carried.items()
            if root is carried[cell]
        )

    def _around(self, ends: dict[Cell, Place], carried: dict[Cell, Root]) -> bool:
        """Hand the arrays that the names have now to the roots that are carried.

        True if less is known of a root than the body was built with.
        """
        values: dict[Root, Atom] = {}
        weaker = False
        for cell, place in ends.items():
            root = carried[cell]
            values[root] = self.storage.read(place)
            others = [
                c
                for c in self.storage.holders(place.root)
                if carried.get(c) is not root and self.builder.outer(c) is not None
            ]
            if place.path or others or place.root.frozen:
                self.storage.freeze([root, place.root], UNCLEAR)
            weaker |= root.contiguous and not self.storage.lies_in_rows(place)
            root.contiguous = root.contiguous and self.storage.lies_in_rows(place)
        for root, value in values.items():
            self.builder.assign(root.cell, value)
        for cell in ends:
            self.bind(cell, carried[cell])
        return weaker


def skeleton_in(atom: Atom | None) -> Skeleton | None:
    """The container that a cell holds, without its leaves; None if it holds something else."""
    value = atom.value if isinstance(atom, Const) else None
    return value if isinstance(value, Skeleton) else None


def freeze_unless_same(one: Skeleton, other: Skeleton) -> bool:
    """Forbid to change containers that one of two paths has; whether the first was free."""
    news = False
    for a, b in zip(one.identities(), other.identities(), strict=False):
        if a is b or a is None or b is None:
            continue
        news |= not a.frozen
        a.frozen = b.frozen = UNCLEAR_CONTAINER
    return news

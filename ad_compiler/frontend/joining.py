"""Where paths meet: names that have moved to other storage get a root of their own there.

if c:                       After it, y lives in a new root that holds one array or the other.
    y = x * 2               If something else can still reach either (`y = x`), nobody can tell
else:                       whether a write to y is seen there: the roots are tied: until
    y = x                   the others are out of reach, they are read only (`reach.py`).

for t in range(n):          u and u_new carry one array each around the loop: two new roots,
    u, u_new = u_new, u     whose values are exchanged at the end of each trip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ad_compiler.frontend.identity import Identity
from ad_compiler.frontend.places import Storage
from ad_compiler.frontend.reach import UNCLEAR
from ad_compiler.frontend.roots import Root
from ad_compiler.frontend.values import Growing, Place, Skeleton, held, place_in, static
from ad_compiler.ir.builder import Builder, Cell, Frame, Widening
from ad_compiler.ir.nodes import Atom, Const, const
from ad_compiler.ir.primitive import TypeRefusal
from ad_compiler.ir.types import RAGGED, Float, Type, join

UNCLEAR_CONTAINER = "which one it is depends on the path taken"


@dataclass(eq=False)
class Joining:
    """What a builder asks where paths meet."""

    storage: Storage
    lists: Lists | None = None

    @property
    def builder(self) -> Builder:
        return self.storage.builder

    # -- branches -----------------------------------------------------------------------------

    def arms(self, arms: Sequence[Frame]) -> None:
        """Before the cells of two arms are joined: names that differ get one root in both."""
        alive = [arm for arm in arms if not arm.dead]
        if len(alive) < 2:
            return
        _forget_assumed(alive)
        self._same_containers(arms, alive)
        groups: dict[object, list[Cell]] = {}
        found: dict[Cell, list[Place]] = {}
        for cell in dict.fromkeys(c for arm in alive for c in arm.values if c.home not in arms):
            places = [place_in(arm.values.get(cell, self.builder.peek(cell))) for arm in alive]
            if None in places or len({repr(p) for p in places}) == 1:
                continue
            found[cell] = [p for p in places if p is not None]
            if not all(cell in place.root.holders for place in found[cell]):
                continue  # a name that has ended
            plain = all(not p.path for p in found[cell])
            key = tuple(p.root for p in found[cell]) if plain else cell
            groups.setdefault(key, []).append(cell)
        for cells in groups.values():
            self._meet(alive, cells, found)

    def _same_containers(self, arms: Sequence[Frame], alive: Sequence[Frame]) -> None:
        """Lists and dicts that differ from path to path cannot be changed after it.

        What is one or the other there is an object of its own, which is neither.
        """
        uneven: dict[Identity, None] = {}
        joints: Joints = {}
        for cell in dict.fromkeys(c for arm in alive for c in arm.values if c.home not in arms):
            first, other = (arm.values.get(cell, self.builder.peek(cell)) for arm in alive)
            uneven.update(dict.fromkeys(uneven_lists(first, other)))
            one, two = skeleton_in(first), skeleton_in(other)
            if one is not None and one == two and freeze_unless_same(one, two):
                joined = static(met(one, two, joints))
                for arm in alive:
                    arm.values[cell] = joined
        for identity in uneven:
            self._grow(identity, alive)

    def _grow(self, identity: Identity, alive: Sequence[Frame]) -> None:
        """A list that has different lengths on two paths becomes a value of the program."""
        assert self.lists is not None
        types: list[Type | None] = []
        for arm in alive:
            self.builder.frames.append(arm)
            types.append(self.lists.type_of(identity))
            self.builder.frames.pop()
        type_ = common(types)
        root = self.storage.unset_root(self.lists.name_of(identity), [])
        for arm in alive:
            self.builder.frames.append(arm)
            self.lists.move(identity, type_, root)
            self.builder.frames.pop()

    def _meet(
        self, arms: Sequence[Frame], cells: list[Cell], found: dict[Cell, list[Place]]
    ) -> None:
        """One new root for names that are aliases in both arms."""
        places = found[cells[0]]
        root = self.storage.unset_root(cells[0].name, places)
        shared: list[Root] = []
        for arm, place in zip(arms, places, strict=True):
            self.builder.frames.append(arm)
            self.builder.assign(root.cell, self.storage.moved(place))
            others = [c for c in self.storage.names_of(place.root) if c not in cells]
            if place.path or any(c.home is not arm for c in others):
                shared.append(place.root)
            else:
                self._share(root, place.root)
            for cell in cells:
                self.bind(cell, root)
            self.builder.frames.pop()
        watched = [p.root for p in places if self.storage.is_watched(p.root)]
        self.storage.tie(root, (*shared, *watched))

    def bind(self, cell: Cell, root: Root) -> None:
        self.builder.assign(cell, held(Place(root, ())))
        root.holders[cell] = None

    # -- loops --------------------------------------------------------------------------------

    def enter(self, widening: Widening, carried: dict[Cell, Root]) -> None:
        """Before a loop: the names that are known to move get roots to be carried around it."""
        for identity, type_ in widening.growing.items():
            assert self.lists is not None
            self.lists.grow(identity, type_)
        for cell, skeleton in widening.containers.items():
            if skeleton_in(self.builder.peek(cell)) == skeleton:
                self.builder.assign(cell, static(skeleton))
        entered: dict[Root, Root] = {}
        for cell, apart in widening.moving.items():
            place = place_in(self.builder.peek(cell))
            if cell in carried or place is None:
                continue
            alone = apart or bool(place.path)
            root = None if alone else entered.get(place.root)
            if root is None:
                root = self._carried(cell, place, widening)
            if not alone:
                entered[place.root] = root
            carried[cell] = root
            self.bind(cell, root)

    def _carried(self, cell: Cell, place: Place, widening: Widening) -> Root:
        """The root that carries a name around a loop, with the array that it has before it."""
        together = [] if widening.moving[cell] else list(widening.moving)
        others = [c for c in self.storage.names_of(place.root) if c not in (cell, *together)]
        root = self.storage.unset_root(cell.name, [place])
        self.builder.assign(root.cell, self.storage.moved(place))
        if place.path or others or self.storage.is_watched(place.root):
            self.storage.tie(root, [place.root])
        else:
            self._share(root, place.root)
        return root

    def _share(self, root: Root, other: Root) -> None:
        """A root that may hold what another holds may be written as far as the other may."""
        if other.mates():
            self.storage.tie(root, [other])
        loops = self.storage.loops_through(other)
        if other.frozen and not loops:
            self.storage.freeze([root], UNCLEAR)
        elif loops:
            self.storage.lend([root, other], loops)

    def leave(self, frame: Frame, widening: Widening, carried: dict[Cell, Root]) -> bool:
        """At the end of a trip, still in its frame; whether the body must be built again."""
        ends: dict[Cell, Place] = {}
        frozen, tied = len(self.storage.frozen), len(self.storage.ties)
        new: list[Cell] = []
        changed = False
        for cell, value in list(frame.values.items()):
            first, last = skeleton_in(self.builder.outer(cell)), skeleton_in(value)
            for identity in uneven_lists(self.builder.outer(cell), value):
                assert self.lists is not None
                known = widening.growing.get(identity)
                widening.growing[identity] = common([known, self.lists.type_of(identity)])
                changed = True
            if first is not None and freeze_unless_same(first, last) and first == last:
                joined = met(first, last, {})
                changed |= joined is not first
                widening.containers[cell] = joined
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
        weaker = self._around(ends, carried)
        # A root of the trip's own is another one when the body is built again.
        outer = self.builder.frames[:-1]
        if any(root.cell.home in outer for root in self.storage.frozen[frozen:]):
            return True
        return weaker or self.storage.tied_since(tied, outer)

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
            values[root] = self.storage.moved(place)
            others = [
                c
                for c in self.storage.names_of(place.root)
                if carried.get(c) is not root and self.builder.outer(c) is not None
            ]
            if place.path or others or self.storage.is_watched(place.root):
                self.storage.tie(root, [place.root])
            else:
                self._share(root, place.root)
            weaker |= root.contiguous and not self.storage.lies_in_rows(place)
            root.contiguous = root.contiguous and self.storage.lies_in_rows(place)
        for root, value in values.items():
            self.builder.assign(root.cell, value)
        for cell in ends:
            self.bind(cell, carried[cell])
        return weaker


def _forget_assumed(arms: Sequence[Frame]) -> None:
    """What a test says in one arm alone is nothing that the arm does."""
    for arm in arms:
        for cell, outside in arm.assumed.items():
            uneven = any(other.values.get(cell) != const(True) for other in arms)
            if uneven and arm.values.get(cell) == const(True):
                arm.values[cell] = outside


def skeleton_in(atom: Atom | None) -> Skeleton | None:
    """The container that a cell holds, without its leaves; None if it holds something else."""
    value = atom.value if isinstance(atom, Const) else None
    return value if isinstance(value, Skeleton) else None


def uneven_lists(one: Atom | None, other: Atom | None) -> Iterator[Identity]:
    """The lists that have different lengths in two cells, or grow in one of them."""
    a, b = (atom.value if isinstance(atom, Const) else None for atom in (one, other))
    if isinstance(a, Skeleton) and isinstance(b, Skeleton):
        yield from _uneven(a, b)
    elif isinstance(a, Skeleton | Growing) and isinstance(b, Skeleton | Growing):
        same = a.identity is b.identity and repr(a) != repr(b)
        if same and a.identity is not None:
            yield a.identity


def _uneven(one: Skeleton, other: Skeleton) -> Iterator[Identity]:
    own = one.identity if one.kind == "list" and one.identity is other.identity else None
    if own is not None and len(one.children) != len(other.children):
        yield own
        return
    for a, b in zip(one.children, other.children, strict=False):
        if a is not None and b is not None:
            yield from _uneven(a, b)


def common(types: Sequence[Type | None]) -> Type:
    """The type of elements that have one of these types."""
    found = [t for t in types if t is not None]
    joined = found[0] if found else Float()
    for type_ in found[1:]:
        wider = joined if joined == type_ else join(joined, type_, RAGGED)
        if wider is None:
            raise TypeRefusal(
                f"{joined} and {type_} in one list", "let all elements of the list be of one kind"
            )
        joined = wider
    return joined


class Lists(Protocol):
    """What can be done with lists whose length depends on the path (see `growing.py`)."""

    def type_of(self, identity: Identity) -> Type | None:
        """The type of the elements that a list has here; None if it has none."""
        ...

    def name_of(self, identity: Identity) -> str:
        """A name that holds a list."""
        ...

    def grow(self, identity: Identity, type_: Type) -> None:
        """Make a list a value of the program."""
        ...

    def move(self, identity: Identity, type_: Type, root: Root) -> None:
        """Make a list the value of a root."""
        ...


def freeze_unless_same(one: Skeleton | None, other: Skeleton | None) -> bool:
    """Forbid to change containers that one of two paths has; whether there are such."""
    differ = False
    if one is None or other is None:
        return False
    for a, b in zip(one.identities(), other.identities(), strict=False):
        if a is b or a is None or b is None:
            continue
        differ = True
        a.frozen = b.frozen = UNCLEAR_CONTAINER
    return differ


Joints = dict[tuple[Identity | None, Identity | None], Identity]


def met(one: Skeleton, other: Skeleton | None, joints: Joints) -> Skeleton:
    """A container that is one or the other: alike, but objects of their own where they differ.

    `one` itself where it is such already.
    """
    assert other is not None
    pairs = zip(one.children, other.children, strict=True)
    children = tuple(a if a is None else met(a, b, joints) for a, b in pairs)
    a, b = one.identity, other.identity
    identity = a
    if a is not None and b is not None and a is not b:
        if a.joint:
            a.holders.update(b.holders)
        else:
            fixed = a.fixed or b.fixed
            fresh = Identity(a.holders | b.holders, UNCLEAR_CONTAINER, joint=True, fixed=fixed)
            identity = joints.setdefault((a, b), fresh)
    same = identity is a and all(x is y for x, y in zip(children, one.children, strict=True))
    return one if same else replace(one, children=children, identity=identity)

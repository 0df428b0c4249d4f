"""Who owns the memory of each array, and which copies make it safe to change arrays in place.

An owned value is the only way to reach its memory, but for the views that were taken of it in
sight. Fresh results are owned; parameters, constants and views are not. Along an edge (into a
loop, around it, out of a branch) an owned value that dies there *moves*; any other edge *shares*,
and then neither end is owned. Sharing is assumed absent, looked for, and the search repeated with
what was found, until nothing new comes up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from ad_compiler.analysis.edges import Edges, by_source, edges_of, has_storage, leaving, reaching
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Undef,
    Var,
    While,
    defined_by,
    free_vars,
    in_order,
    walk,
)
from ad_compiler.ir.primitive import Primitive
from ad_compiler.ir.types import Tape


@dataclass(frozen=True, slots=True)
class Decisions:
    """Where copies go, and which sums may be made in place. Statements are given by identity."""

    copied_views: frozenset[Var]
    """Views that must be copied as soon as they are taken."""
    copied_operands: frozenset[int]
    """Operations in place that get a copy of the operand they change."""
    copied_inits: frozenset[Var]
    """Loop parameters whose initial value is copied before the loop."""
    copied_puts: frozenset[int]
    """Tape writes that get a copy of the value."""
    sums: frozenset[int]
    """Sums whose first operand may be overwritten by the result."""
    moved_results: frozenset[Var]
    """Results of the function that nothing else can reach."""


KEEPING = ("tape_put", "list_append", "list_put_first", "list_set")
"""Operations by which a tape or list gets to know its last operand."""


def ownership(function: Function, sums: frozenset[int]) -> Decisions:
    """Decide all copies of a function. `sums` are the candidates for sums in place."""
    facts = _facts(function, sums)
    while True:
        scan = _Scan(facts, unowned=len(facts.unowned))
        copied = set(facts.copied)
        scan.function(function)
        if len(facts.unowned) > scan.unowned:
            facts.copied = copied  # what asked for these copies may be unowned itself
        elif len(facts.copied) == len(copied):
            return Decisions(
                frozenset(facts.copied),
                frozenset(scan.operands),
                frozenset(scan.inits),
                frozenset(scan.puts),
                frozenset(scan.sums),
                frozenset(scan.moved),
            )


IN_ROWS = frozenset({"list_item_set", "list_item_add", "list_item_append", "list_item_pop"})
"""Operations that change a list in a list."""


def may_alias(prim: Primitive) -> bool:
    """Whether an array result may share memory with operand 0."""
    return not prim.fresh or prim.name == "identity"


def viewed(stmt: Let) -> Var | None:
    """The array of which the statement takes a view (or an element of a tape)."""
    source = stmt.args[0] if stmt.args else None
    if not isinstance(source, Var) or not has_storage(source) or not may_alias(stmt.prim):
        return None
    if not has_storage(stmt.targets[0]):
        return None
    if stmt.prim.name == "getitem":
        pattern = stmt.args[1]
        assert isinstance(pattern, Const)
        if "array" in pattern.value or "mask" in pattern.value:
            return None
    return source


def is_read_only(stmt: Let) -> bool:
    """Whether an array is one number, repeated by a view through which nobody may write."""
    repeats = stmt.prim.name == "np.broadcast_to" and has_storage(stmt.targets[0])
    return repeats and viewed(stmt) is None


@dataclass(slots=True)
class _Facts:
    """What is known of the function's arrays; `copied` and `unowned` grow from scan to scan."""

    sources: dict[Var, Var]
    """For a view, the value that it was taken of."""
    views: dict[Var, list[Var]]
    """The views taken of a value."""
    wanted: set[Var]
    """What is changed in place later, under whatever name it has then."""
    candidates: frozenset[int]
    unowned: set[Var]
    followers: dict[Var, list[Var]]
    """What shares, and is unowned too, where a value that is unowned is passed on."""
    takers: dict[Var, list[int | Var]]
    """Where a value may be changed: by which operations in place, under which other names."""
    rows_change: bool
    """Whether lists in lists change in place, so that they are views of those, and kept in one."""
    copied: set[Var] = field(default_factory=set[Var])
    """Views that are copied."""

    def owned(self, var: Var) -> bool:
        return var not in self.unowned and (var not in self.sources or var in self.copied)

    def disown(self, var: Var) -> None:
        """Note that memory can be reached in other ways, and what follows from it."""
        pending = [var]
        while pending:
            var = pending.pop()
            if self.owned(var):
                self.unowned.add(var)
                pending += self.followers.get(var, ())

    def root(self, var: Var) -> Var:
        """Whose memory a value is in."""
        while var in self.sources and var not in self.copied:
            var = self.sources[var]
        return var

    def borrowers(self, var: Var) -> Iterator[Var]:
        """The views into the memory of a value, and the views of those."""
        for view in self.views.get(var, ()):
            if view not in self.copied:
                yield view
                yield from self.borrowers(view)


def _facts(function: Function, candidates: frozenset[int]) -> _Facts:
    foreign = [p for p in function.params if has_storage(p)]
    rows_change = any(isinstance(s, Let) and s.prim.name in IN_ROWS for s in walk(function.block))
    sources: dict[Var, Var] = {}
    views: dict[Var, list[Var]] = {}
    passed: Edges = []
    inits: Edges = []
    left: Edges = []
    changes: Edges = []
    wanted: list[Var] = []
    for stmt in walk(function.block):
        groups = edges_of(stmt)
        if isinstance(stmt, For | While):
            inits += groups.pop(0)
            left += leaving(stmt)
        for group in groups:
            passed += group
        if isinstance(stmt, While):
            foreign += [p for p in stmt.cond.params if has_storage(p)]
        if not isinstance(stmt, Let):
            continue
        source = viewed(stmt)
        if is_read_only(stmt) or (
            source is not None
            and isinstance(source.type, Tape)
            and not (rows_change and isinstance(stmt.targets[0].type, Tape))
        ):
            foreign.append(stmt.targets[0])
        elif source is not None:
            sources[stmt.targets[0]] = source
            views.setdefault(source, []).append(stmt.targets[0])
        changed = _changed(stmt)
        if changed is not None:
            wanted.append(changed)
            changes.append((changed, stmt.targets[0]))
    found = reaching(wanted, [*passed, *inits, *changes])
    sharing = [*passed, *left, *((a, b) for a, b in inits if b not in found)]
    takers: dict[Var, list[int | Var]] = {}
    for source, target in [*passed, *inits]:
        if isinstance(source, Var) and target in found:
            takers.setdefault(source, []).append(target)
    for stmt in walk(function.block):
        changed = _changed(stmt) if isinstance(stmt, Let) else None
        if changed is not None:
            takers.setdefault(changed, []).append(id(stmt))
    facts = _Facts(
        sources, views, found, candidates, set(), by_source(sharing), takers, rows_change
    )
    for var in foreign:
        facts.disown(var)
    return facts


def _changed(stmt: Let) -> Var | None:
    """The variable whose memory the statement would like to take over."""
    if stmt.prim.in_place is None:
        return None
    changed = stmt.args[stmt.prim.in_place]
    return changed if isinstance(changed, Var) else None


def _unharmed(stmt: Let) -> tuple[int, ...]:
    """The operands that may be views of what is changed: assignment is exact where they overlap."""
    is_store = stmt.prim.name == "store" and stmt.args.count(stmt.args[2]) == 1
    return (0, 2) if is_store else (stmt.prim.in_place or 0,)


@dataclass(slots=True)
class _Scan:
    """One walk backwards, with what is alive after each statement."""

    facts: _Facts
    unowned: int
    """How many values were known to be unowned before."""
    live: set[Var] = field(default_factory=set[Var])
    begun: list[list[Var]] = field(default_factory=list[list[Var]])
    operands: set[int] = field(default_factory=set[int])
    inits: set[Var] = field(default_factory=set[Var])
    puts: set[int] = field(default_factory=set[int])
    sums: set[int] = field(default_factory=set[int])
    moved: set[Var] = field(default_factory=set[Var])

    def function(self, function: Function) -> None:
        results = [r for r in function.results if isinstance(r, Var) and has_storage(r)]
        for result in results:
            if self._moves(result, results):
                self.moved.add(result)
        self._use(results)
        self._block(function.block)

    def _use(self, atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            if isinstance(atom, Var) and atom not in self.live and has_storage(atom):
                self.live.add(atom)
                if self.begun:
                    self.begun[-1].append(atom)

    def _block(self, block: Block) -> None:
        for stmt in reversed(block.body):
            self.live.difference_update(defined_by(stmt))
            match stmt:
                case Let():
                    self._let(stmt)
                case Effect(args=args):
                    self._use(args)
                case If():
                    self._if(stmt)
                case For():
                    self._loop(stmt, (stmt.body,))
                case While():
                    self._loop(stmt, (stmt.body, stmt.cond))
                case _:
                    assert_never(stmt)

    def _let(self, stmt: Let) -> None:
        changed = _changed(stmt)
        if stmt.prim.in_place is not None and changed is None:
            self.operands.add(id(stmt))
        elif changed is not None:
            others = [a for k, a in enumerate(stmt.args) if k not in _unharmed(stmt)]
            if not self._takes_over(changed, others):
                self.operands.add(id(stmt))
        elif id(stmt) in self.facts.candidates:
            first, *rest = stmt.args
            if isinstance(first, Var) and self._moves(first, [first, *rest]):
                self.sums.add(id(stmt))
        if stmt.prim.name in KEEPING:
            self._put(stmt)
        self._use(stmt.args)

    def _takes_over(self, changed: Var, others: Sequence[Atom]) -> bool:
        """Whether a value can be changed in place here; views still needed become copies."""
        if not self.facts.owned(changed) or changed in self.live:
            return False
        if any(other is changed for other in others):
            return False
        self.facts.copied.update(self._needed_views(changed, others))
        return True

    def _needed_views(self, var: Var, also: Sequence[Atom]) -> list[Var]:
        """The views of a value that are still needed, later or by the statement itself."""
        return [
            view
            for view in self.facts.borrowers(var)
            if view in self.live or any(view is other for other in also)
        ]

    def _moves(self, var: Var, sources: Sequence[Atom]) -> bool:
        """Whether this is the last that anyone sees of a value under this name."""
        return self._ends(var, sources) and not self._needed_views(var, sources)

    def _ends(self, var: Var, sources: Sequence[Atom]) -> bool:
        """The same, but for views of it."""
        once = sum(source is var for source in sources) == 1
        return once and var not in self.live and self.facts.owned(var)

    def _put(self, stmt: Let) -> None:
        """A tape shares the memory of what is written on it."""
        value = stmt.args[-1]
        if not isinstance(value, Var) or not has_storage(value):
            return
        if not self._moves(value, stmt.args):
            if self.facts.rows_change and isinstance(value.type, Tape):
                self.puts.add(id(stmt))
                return
            root = self.facts.root(value)
            if root in self.facts.wanted and not self._stays(root):
                self.puts.add(id(stmt))
            else:
                self._share(value)

    def _stays(self, value: Var) -> bool:
        """Whether whatever would change a value works on a copy anyhow, as far as is known here."""
        return all(
            taker in self.inits or taker in self.facts.unowned
            if isinstance(taker, Var)
            else taker in self.operands
            for taker in self.facts.takers.get(value, ())
        )

    def _edges(self, edges: Edges, enters: bool) -> None:
        """Pass values along edges, all at once. `enters`: into a loop, where copies are cheap."""
        sources = [source for source, _ in edges]
        for source, target in edges:
            if isinstance(source, Undef):
                continue
            wanted = target in self.facts.wanted
            if isinstance(source, Var) and self._passes(source, sources, wanted):
                continue
            if enters and wanted and target not in self.facts.unowned:
                self.inits.add(target)
                continue
            self.facts.disown(target)
            if isinstance(source, Var):
                self._share(source)

    def _passes(self, source: Var, sources: Sequence[Atom], wanted: bool) -> bool:
        """Whether a value moves; a view that is in the way of a change becomes a copy."""
        root = self.facts.root(source)
        if root is not source and (wanted or root in self.facts.wanted):
            self.facts.copied.add(source)
        if not self._ends(source, sources):
            return False
        views = self._needed_views(source, sources)
        if wanted:
            self.facts.copied.update(views)
        return wanted or not views

    def _share(self, var: Var) -> None:
        self.facts.disown(self.facts.root(var))

    def _if(self, stmt: If) -> None:
        begun: list[Var] = []
        for arm, edges in zip((stmt.then, stmt.orelse), edges_of(stmt), strict=True):
            self.begun.append([])
            self._edges(edges, enters=False)
            self._use(arm.results)
            self._block(arm)
            own = [var for var in self.begun.pop() if var in self.live]
            self.live.difference_update(own)
            begun += own
        self._use(begun)

    def _loop(self, stmt: For | While, blocks: tuple[Block, ...]) -> None:
        enter, around = edges_of(stmt)
        for block in blocks:
            self._use(in_order(free_vars(block)))
        self._edges(around, enters=False)
        self._use(stmt.body.results)
        for block in blocks:
            self._block(block)
            self.live.difference_update(block.params)
        self._edges(enter, enters=True)
        self._use(stmt.inits)

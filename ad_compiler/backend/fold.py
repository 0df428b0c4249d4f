"""Which temporaries are printed inside the expression that uses them.

    t = a * b                  y = a * b + c
    y = t + c          ⇒

A temporary used once moves from its own line into its use, provided nothing can tell: operations
that may raise keep their order, an array is not read after it was changed in place, nothing is
evaluated twice or moved past a loop or branch, and the line stays readable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from ad_compiler.analysis.ownership import may_alias
from ad_compiler.backend.exits import Exits, find_exits
from ad_compiler.backend.operands import Operand, operands_of
from ad_compiler.backend.shared import shared
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    atoms_of,
    leaves,
    sweep_of,
    walk,
)
from ad_compiler.ir.primitive import Call, Method, Operator, Primitive
from ad_compiler.ir.types import Array, Tape, is_number

NOTHING: frozenset[Var] = frozenset()
WIDTH = 60
"""How wide an expression may grow by folding."""
DEPTH = 20
"""How deeply it may nest."""

FILLED = {"full_like": 1, "np.full": -2}
"""Which operand an array is filled with."""


@dataclass(slots=True)
class Tree:
    """What folding needs to know of an expression. Changes only while it is being put together."""

    width: int
    depth: int
    since: int
    """Position of the first statement in it."""
    reads: frozenset[Var]
    """The arrays it reads, each by the variable that owns the storage."""
    raising: tuple[int, int] | None
    """Which of the block's raising operations are in it: first and last of a run."""
    epoch: int
    """How many loops and branches came before it."""
    quiet: bool = False
    """Whether it must stand in a `with` that keeps NumPy from warning."""


@dataclass(slots=True)
class Scope:
    """A block while its statements are visited in order."""

    trees: dict[Var, Tree] = field(default_factory=dict[Var, Tree])
    position: int = 0
    raising: int = 0
    epoch: int = 0
    """Counts loops and branches: nothing folds past one."""
    changed: dict[Var, int] = field(default_factory=dict[Var, int])
    """Where each array was last changed in place."""

    def within(self) -> Scope:
        """The scope of an arm of a branch: what is free to wait may be evaluated in there."""
        free = {
            var: replace(tree, since=0, epoch=0)
            for var, tree in self.trees.items()
            if tree.epoch == self.epoch and not tree.reads and tree.raising is None
        }
        return Scope(free)


@dataclass(frozen=True, slots=True)
class Folds:
    """Which variables have no line of their own, and the statement that defines each.

    `inline` are the leaves of containers that are read in place, `params["W"]`;
    `conditionals` are the branches printed as conditional expressions, by target.
    """

    folded: dict[Var, Let | If]
    conditionals: dict[Var, If]
    inline: dict[Var, str]
    counts: Counter[Var]
    exits: Exits


def fold(function: Function, paths: dict[Var, str]) -> Folds:
    """Decide what folds. `paths` are the container leaves that may be read in place."""
    counts = _count(function)
    exits = find_exits(function.block, counts)
    loose = _negated(function, counts) | _filling(function, counts) | _only_result(function)
    folder = _Folder(counts, paths, exits, loose, shared(function, counts))
    scope = Scope()
    folder.statements(function.block.body, scope)
    results = [function.results[k] for k in leaves(function.output) if isinstance(k, int)]
    folder.take([Operand(atom) for atom in results], scope, 0)
    return Folds(folder.folded, folder.conditionals, folder.inline, counts, exits)


def _only_result(function: Function) -> set[Var]:
    """A result that is all there is to return: an expression tells as much as its name."""
    result = function.results[function.output] if isinstance(function.output, int) else None
    return {result} if isinstance(result, Var) else set()


def _negated(function: Function, counts: Counter[Var]) -> set[Var]:
    """Multiples that are only negated: `-2 * b` is one operation, `-b_bar` is another one."""
    lets = [stmt for stmt in walk(function.block) if isinstance(stmt, Let)]
    used = {let.args[0] for let in lets if let.prim.name == "neg"}
    multiples = (let for let in lets if let.prim.name == "mul" and isinstance(let.args[0], Const))
    return {let.targets[0] for let in multiples if counts[let.targets[0]] == 1} & used


def _filling(function: Function, counts: Counter[Var]) -> set[Var]:
    """Numbers that are there to fill an array: it is the array that should have the name."""
    lets = [stmt for stmt in walk(function.block) if isinstance(stmt, Let)]
    values = (let.args[FILLED[let.prim.name]] for let in lets if let.prim.name in FILLED)
    return {var for var in values if isinstance(var, Var) and counts[var] == 1}


def _count(function: Function) -> Counter[Var]:
    """How often each variable is read, in operands and along edges."""
    counts: Counter[Var] = Counter()

    def note(atoms: Iterable[Atom]) -> None:
        for atom in atoms:
            if isinstance(atom, Var):
                counts[atom] = counts.get(atom, 0) + 1

    for stmt in walk(function.block):
        note(atoms_of(stmt))
        match stmt:
            case If(then=then, orelse=orelse):
                note(then.results)
                note(orelse.results)
            case For(body=body):
                note(body.yielded)
            case While(cond=cond, body=body):
                note(cond.results)
                note(body.yielded)
            case _:
                pass
    note(function.results[k] for k in leaves(function.output) if isinstance(k, int))
    return counts


@dataclass(slots=True)
class _Folder:
    counts: Counter[Var]
    paths: dict[Var, str]
    exits: Exits
    loose: Collection[Var]
    shared: frozenset[Var]
    folded: dict[Var, Let | If] = field(default_factory=dict[Var, "Let | If"])
    conditionals: dict[Var, If] = field(default_factory=dict[Var, If])
    inline: dict[Var, str] = field(default_factory=dict[Var, str])
    roots: dict[Var, Var] = field(default_factory=dict[Var, Var])
    defined: dict[Var, Let | If] = field(default_factory=dict[Var, "Let | If"])
    widths: dict[Var, int] = field(default_factory=dict[Var, int])
    """Of those that are shared."""
    loops: int = 0

    def statements(self, body: Sequence[Stmt], scope: Scope) -> None:
        for stmt in body:
            self._statement(stmt, scope)
            scope.position += 1

    def _statement(self, stmt: Stmt, scope: Scope) -> None:
        match stmt:
            case Let():
                self._let(stmt, scope)
            case Effect():
                self.take(operands_of(stmt.prim, stmt.args), scope, overhead(stmt.prim))
                scope.epoch += 1
            case If():
                self._if(stmt, scope)
            case For():
                self.take([Operand(stmt.start), Operand(stmt.stop), Operand(stmt.step)], scope, 0)
                self._loop_block(stmt.body, ())
                scope.epoch += 1
            case While():
                self._loop_block(stmt.cond, stmt.cond.results)
                self._loop_block(stmt.body, ())
                scope.epoch += 1
            case _:
                assert_never(stmt)

    def _loop_block(self, block: Block, results: Sequence[Atom]) -> None:
        self.loops += 1
        inner = Scope()
        self.statements(block.body, inner)
        self.take([Operand(atom) for atom in results], inner, 0)
        self.loops -= 1

    def _let(self, stmt: Let, scope: Scope) -> None:
        tree = self.take(operands_of(stmt.prim, stmt.args), scope, overhead(stmt.prim), alone=True)
        tree.depth += 1
        tree.quiet |= is_quiet(stmt)
        arrays = [a for a in stmt.args if isinstance(a, Var) and isinstance(a.type, (Array, Tape))]
        if arrays:
            tree.reads |= {self.roots.get(a, a) for a in arrays}
        if stmt.prim.raises(stmt.args) and not sweep_of(stmt):
            _raise(tree, scope)
        if stmt.targets[0] in self.shared:
            self.folded[stmt.targets[0]] = stmt
            self.widths[stmt.targets[0]] = tree.width
        self._remember(stmt, stmt.targets, tree, scope)
        if stmt.prim.in_place is not None:
            changed = stmt.args[stmt.prim.in_place]
            if isinstance(changed, Var):
                scope.changed[self.roots.get(changed, changed)] = scope.position
                scope.trees.pop(stmt.targets[0], None)
        elif may_alias(stmt.prim) and isinstance(stmt.args[0], Var):
            self.roots[stmt.targets[0]] = self.roots.get(stmt.args[0], stmt.args[0])

    def _remember(self, stmt: Let | If, targets: tuple[Var, ...], tree: Tree, scope: Scope) -> None:
        """Note the expression of a temporary that its one use may take."""
        if len(targets) != 1 or self.counts[targets[0]] != 1:
            return
        if targets[0].temp or targets[0] in self.loose:
            scope.trees[targets[0]] = tree
            self.defined[targets[0]] = stmt

    def _if(self, stmt: If, scope: Scope) -> None:
        test = self.take([Operand(stmt.test)], scope, 3)
        inner = (scope.within(), scope.within())
        for arm, own in zip((stmt.then, stmt.orelse), inner, strict=True):
            self.statements(arm.body, own)
        tree = self._conditional(stmt, test, inner)
        if tree is None:
            scope.epoch += 1
            return
        self.conditionals[stmt.targets[0]] = stmt
        raising = tree.raising is not None
        tree.since = min(test.since, scope.position)
        tree.reads |= test.reads
        tree.raising, tree.epoch = test.raising, scope.epoch
        if raising:
            _raise(tree, scope)
        self._remember(stmt, stmt.targets, tree, scope)

    def _conditional(self, stmt: If, test: Tree, inner: tuple[Scope, Scope]) -> Tree | None:
        """The expression of a branch that chooses between two, None if it is none."""
        arms = (stmt.then, stmt.orelse)
        if id(stmt) in self.exits.branches:
            return None  # it is printed around `break`
        if len(stmt.targets) != 1 or not is_number(stmt.targets[0].type):
            return None  # an array may be handed over here, and be changed after
        if any(_keeps(arm, stmt.targets[0]) for arm in arms):
            return None
        trees = [
            self.take([Operand(arm.results[0])], own, 0)
            for arm, own in zip(arms, inner, strict=True)
        ]
        width = test.width + sum(tree.width for tree in trees) + 6
        if width <= WIDTH + 10 and all(self._is_expression(arm) for arm in arms):
            return Tree(
                width,
                max(test.depth, *(tree.depth for tree in trees)) + 1,
                0,
                trees[0].reads | trees[1].reads,
                trees[0].raising or trees[1].raising,
                0,
            )
        for arm in arms:
            result = arm.results[0]
            if isinstance(result, Var):
                self.folded.pop(result, None)
                self.inline.pop(result, None)
        return None

    def _is_expression(self, arm: Block) -> bool:
        return all(
            isinstance(s, Let | If) and bool(s.targets) and s.targets[0] in self.folded
            for s in arm.body
        )

    def take(
        self, operands: Sequence[Operand], scope: Scope, width: int, *, alone: bool = False
    ) -> Tree:
        """Fold what may be folded into an expression of these operands, rightmost first.

        `alone`: the expression is an assignment of its own, which may stand in a `with`.
        """
        total = width + sum([width_of(o.atom) for o in operands])
        depth, since, raising, quiet = 0, scope.position, None, False
        reads = NOTHING
        last = scope.raising - 1
        for operand in reversed(operands):
            var = operand.atom
            if not isinstance(var, Var) or operand.named:
                continue
            if var in self.paths and self.loops == 0 and self.counts[var] == 1:
                self.inline[var] = self.paths[var]
                total += len(self.paths[var]) - len(var.name)
                continue
            total += self.widths.get(var, len(var.name)) - len(var.name)
            tree = scope.trees.get(var)
            if tree is None or not self._movable(tree, operand, scope, last):
                continue
            if tree.quiet and not alone:
                continue
            grown = total - width_of(var) + tree.width
            if grown > WIDTH and tree.width > len(var.name):
                continue
            self.folded[var] = self.defined[var]
            del scope.trees[var]
            total, depth, quiet = grown, max(depth, tree.depth), quiet or tree.quiet
            since, reads = min(since, tree.since), reads | tree.reads if reads else tree.reads
            if tree.raising:
                raising = (tree.raising[0], raising[1] if raising else tree.raising[1])
                last = tree.raising[0] - 1
        return Tree(total, depth, since, reads, raising, scope.epoch, quiet)

    def _movable(self, tree: Tree, operand: Operand, scope: Scope, last: int) -> bool:
        """Whether an expression means the same at the place of the operand."""
        if tree.epoch != scope.epoch or tree.depth >= DEPTH:
            return False
        if tree.raising is not None and (operand.lazy or tree.raising[1] != last):
            return False
        return all(scope.changed.get(root, -1) < tree.since for root in tree.reads)


def is_quiet(stmt: Let) -> bool:
    """Whether a statement divides arrays in a `with` that keeps NumPy from warning."""
    return stmt.prim.name == "quiet_div" and any(isinstance(a.type, Array) for a in stmt.args)


def _raise(tree: Tree, scope: Scope) -> None:
    """Note that the operation itself may raise, after its operands."""
    own = scope.raising
    scope.raising += 1
    tree.raising = (tree.raising[0] if tree.raising else own, own)


def _keeps(arm: Block, target: Var) -> bool:
    """Whether this arm leaves a name as it is (or undefined), so that a block reads better."""
    result = arm.results[0]
    if isinstance(result, Undef):
        return True
    return isinstance(result, Var) and not result.temp and result.name == target.name


def width_of(atom: Atom) -> int:
    """About how wide an operand prints."""
    match atom:
        case Var():
            return len(atom.name)
        case Const(value=value, spelling=spelling):
            return len(spelling or repr(value)) if not isinstance(value, tuple | type(None)) else 0
        case Undef():
            return 4
        case _:
            assert_never(atom)


def overhead(prim: Primitive) -> int:
    """About how wide an operation prints, besides its operands."""
    match prim.spelling:
        case Operator(symbol=symbol):
            return len(symbol) + 2
        case Call(path=path):
            return len(path) + 4
        case Method(name=name):
            return len(name) + 3
        case _:
            return 4

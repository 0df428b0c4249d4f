"""Statements: lines of text, with two rules of out-of-SSA: edges copy, in-place operations change.

A block gives lines without indentation of its own; whoever holds the block indents it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePath
from typing import assert_never

from ad_compiler.backend.changes import Change, step
from ad_compiler.backend.counting import range_of
from ad_compiler.backend.exits import Exits
from ad_compiler.backend.expressions import Renderer, negated
from ad_compiler.backend.moves import Move, ordered
from ad_compiler.backend.printers import divides_quietly, shown
from ad_compiler.backend.ranges import Segments, after_moves
from ad_compiler.ir.nodes import (
    Atom,
    Block,
    Const,
    Effect,
    For,
    If,
    Let,
    Stmt,
    Undef,
    Var,
    While,
    const,
    sweep_of,
)
from ad_compiler.ir.primitive import Operator
from ad_compiler.ir.types import is_number
from ad_compiler.rules.effects import FAIL
from ad_compiler.transform.pops import ENDS, popped, reads

Lines = list[str]
INDENT = "    "
ACCUMULATE = ("+", "-", "*", "/")
QUIET = '(divide="ignore", invalid="ignore"):'


@dataclass(frozen=True, slots=True)
class Printer:
    """Turns blocks into lines. `ranges` has every variable that somebody reads."""

    to: Renderer
    ranges: Mapping[Var, Segments]
    conditionals: Mapping[Var, If]
    exits: Exits
    copied: frozenset[str]
    """Names that are read by a copy along an edge, so that they must always be bound."""
    changes: Mapping[str, Change]
    """The lines of operations in place."""
    warns: bool
    """Whether NumPy warns of a division by zero, unless told not to."""
    reversible: bool
    """Whether `reversed(range(...))` is known."""
    file: str
    """Where the function is from."""

    def block(self, body: Sequence[Stmt], sweeps: bool = False) -> Lines:
        """The lines of a block, quiet divisions of arrays in a `with` of their own.

        `sweeps`: a blank line goes where a backward sweep starts.
        """
        lines: Lines = []
        quiet = False
        sweep = 0
        for stmt, own in self._said(body):
            if not own:
                continue
            if sweeps and sweep_of(stmt) > sweep:
                lines += [""] if lines else []
                sweep, quiet = sweep_of(stmt), False
            if self._is_quiet(stmt):
                if not quiet:
                    lines.append(f"with {self.to.resolve('np.errstate')}{QUIET}")
                lines += indented(own)
                quiet = True
            else:
                first = _next_item(lines[-1] if lines else "", own)
                lines[len(lines) - bool(first) :] = first or own
                quiet = False
        return lines

    def _said(self, body: Sequence[Stmt]) -> Iterator[tuple[Stmt, Lines]]:
        """Each statement with its lines; to read an item of a list and remove it is one."""
        done = False
        for stmt, after in zip_longest(body, body[1:]):
            line = None if done else self._taken_off(stmt, after)
            if not done:
                yield stmt, self.statement(stmt) if line is None else [line]
            done = line is not None

    def _taken_off(self, stmt: Stmt, after: Stmt | None) -> str | None:
        """`item = xs.pop()`, if that is what two statements do."""
        taken = None if after is None else popped(after)
        if taken is None or not isinstance(stmt, Let) or not reads(stmt, *taken):
            return None
        assert isinstance(after, Let)
        xs, place = taken
        name, target = self.to.names[after.targets[0]], stmt.targets[0]
        if target in self.to.folded or self.to.atom(xs).text != name:
            return None
        shown = self._target(target)
        pop = f"{name}.pop({'' if place == ENDS['list_pop'] else 0})"
        return pop if shown == "_" else f"{shown} = {pop}"

    def statement(self, stmt: Stmt) -> Lines:
        """The lines of a statement; none if it was folded."""
        match stmt:
            case Let():
                return self._let(stmt)
            case Effect(prim) if prim.name == "list_len":
                return []  # it is there for the change before it, which may raise
            case Effect(prim, args):
                return [self.to.call(prim, args).text]
            case If():
                return self._if(stmt)
            case For():
                return self._for(stmt)
            case While():
                return self._while(stmt)
            case _:
                assert_never(stmt)

    # -- single lines -------------------------------------------------------------------------

    def _let(self, stmt: Let) -> Lines:
        if stmt.targets[0] in self.to.folded:
            return []
        if stmt.prim.in_place is not None:
            return self._change(stmt)
        targets = ", ".join(self._target(t) for t in stmt.targets)
        if len(stmt.targets) == 1:
            step = self._step(stmt, targets)
            if step is not None:
                return [step]
        if targets == "_" and not stmt.prim.raises(stmt.args):
            return []
        text = self.to.call(stmt.prim, stmt.args).text
        return [] if text == targets else [f"{targets} = {text}"]

    def _target(self, var: Var) -> str:
        """A name to assign; `_` for a value that is only computed because it may raise."""
        start, end = self.ranges[var][0]
        return "_" if end == start + 1 and len(self.ranges[var]) == 1 else self.to.names[var]

    def _step(self, stmt: Let, target: str) -> str | None:
        """`s += x` for `s = s + x` on numbers."""
        spelling = stmt.prim.spelling
        if not isinstance(spelling, Operator) or spelling.symbol not in ACCUMULATE:
            return None
        if len(stmt.args) != 2 or not is_number(stmt.targets[0].type):
            return None
        first, second = stmt.args
        if self._is_called(first, target):
            return step(self.to, target, spelling.symbol, second)
        if spelling.symbol in ("+", "*") and self._is_called(second, target):
            return step(self.to, target, spelling.symbol, first)
        return None

    def _is_called(self, atom: Atom, name: str) -> bool:
        return isinstance(atom, Var) and self.to.names.get(atom) == name

    def _change(self, stmt: Let) -> Lines:
        """An operation in place: its result is the operand it changes."""
        assert stmt.prim.in_place is not None
        old, new = stmt.args[stmt.prim.in_place], self.to.names[stmt.targets[0]]
        before = self.to.atom(old).text
        lines = [] if before == new else [f"{new} = {before}"]
        change = self.changes.get(stmt.prim.name)
        if change is None:
            return [*lines, self.to.call(stmt.prim, stmt.args).text]
        return [*lines, change(self.to, new, stmt.args)]

    def _is_quiet(self, stmt: Stmt) -> bool:
        return self.warns and isinstance(stmt, Let) and divides_quietly(stmt, self.to.folded)

    # -- edges --------------------------------------------------------------------------------

    def _moves(self, targets: Iterable[Var], sources: Iterable[Atom]) -> Lines:
        """Copies along an edge, all at once in effect."""
        moves: list[Move] = []
        for target, source in zip(targets, sources, strict=True):
            if target not in self.ranges:
                continue
            name = self.to.names[target]
            if isinstance(source, Undef) and name not in self.copied:
                continue
            text = self.to.atom(source).text
            if text != name:
                moves.append(Move(name, text, isinstance(source, Var)))
        return ordered(moves)

    # -- branches -----------------------------------------------------------------------------

    def _if(self, stmt: If) -> Lines:
        if stmt.targets and stmt.targets[0] in self.conditionals:
            target = stmt.targets[0]
            if target in self.to.folded:
                return []
            return [f"{self._target(target)} = {self.to.statement(stmt).text}"]
        then = self._arm(stmt.then, stmt.targets)
        orelse = self._arm(stmt.orelse, stmt.targets)
        return self._choice(stmt, then, orelse)

    def _choice(self, stmt: If, then: Lines, orelse: Lines) -> Lines:
        """`if` with the lines of its arms."""
        test = self.to.atom(stmt.test)
        if not then and len(orelse) == 1 and _fails(stmt.orelse):
            return [f"assert {', '.join([test.text, *self._message(stmt.orelse)])}"]
        if not then and orelse:
            test, then, orelse = negated(test), orelse, []
        lines = [f"if {test.text}:", *indented(then or ["pass"])]
        if orelse and self._is_chain(stmt.orelse, orelse):
            return [*lines, f"el{orelse[0]}", *orelse[1:]]
        return [*lines, "else:", *indented(orelse)] if orelse else lines

    def _message(self, arm: Block) -> Lines:
        """The message of a failed `assert`, if it has one."""
        failure = arm.body[-1]
        assert isinstance(failure, Effect)
        templates, *operands = failure.args
        return shown(self.to, templates, operands)

    def _arm(self, arm: Block, targets: tuple[Var, ...]) -> Lines:
        return [*self.block(arm.body), *self._moves(targets, arm.results)]

    def _is_chain(self, arm: Block, lines: Lines) -> bool:
        """Whether an `else` holds nothing but another `if`."""
        inner = [line for line in lines if not line.startswith((INDENT, "elif ", "else:"))]
        return len(inner) == 1 and inner[0].startswith("if ") and len(arm.body) > 0

    # -- loops --------------------------------------------------------------------------------

    def _for(self, stmt: For) -> Lines:
        index, *params = stmt.body.params
        body = self._trip(stmt.body, params)
        start, end = self.ranges[index][0]
        name = "_" if end == start + 1 else self.to.names[index]
        return [
            *self._comment(stmt),
            *self._moves(params, stmt.inits),
            f"for {name} in {range_of(stmt, self.to, reversible=self.reversible)}:",
            *indented(body or ["pass"]),
            *self._moves(stmt.targets, params),
        ]

    def _trip(self, body: Block, params: Sequence[Var]) -> Lines:
        """The body of a loop, and the ways out of it."""
        after = self._moves(params, body.results)
        if body.stop is None:
            return [*self.block(body.body), *after]
        if isinstance(body.stop, Const) or body.stop in self.exits.silent:
            return self._leaving(body.body, body.stop, after, after)
        stop = after_moves(body, params)
        leave = [f"if {self.to.atom(stop).text}:", f"{INDENT}break"]
        return [*self.block(body.body), *after, *leave]

    def _leaving(self, body: Sequence[Stmt], stop: Atom, leave: Lines, stay: Lines) -> Lines:
        """Statements after which the loop is left where `stop` holds.

        `leave` are the lines before `break`, `stay` those that end the other paths.
        """
        if not isinstance(stop, Var):
            ends = [*leave, "break"] if stop == const(True) else stay
            return [*self.block(body), *ends]
        last = body[-1]
        assert isinstance(last, If)
        k = last.targets.index(stop)
        then, orelse = last.then, last.orelse
        one, other = (self._moves(last.targets, arm.results) for arm in (then, orelse))
        if id(last) in self.exits.guards:
            return [
                *self._leaving(body[:-1], last.test, [*one, *leave], []),
                *self._leaving(orelse.body, orelse.results[k], [*other, *leave], [*other, *stay]),
            ]
        leaves = [arm.results[k] == const(True) for arm in (then, orelse)]
        inner = [] if not any(leaves) else stay
        above = self._leaving(then.body, then.results[k], [*one, *leave], [*one, *inner])
        below = self._leaving(orelse.body, orelse.results[k], [*other, *leave], [*other, *inner])
        lines = self.block(body[:-1])
        if leaves[0]:
            return [*lines, f"if {self.to.atom(last.test).text}:", *indented(above), *below]
        if leaves[1]:
            test = negated(self.to.atom(last.test)).text
            return [*lines, f"if {test}:", *indented(below), *above]
        return [*lines, *self._choice(last, above, below), *stay]

    def _while(self, stmt: While) -> Lines:
        cond = self.block(stmt.cond.body)
        test = self.to.atom(stmt.cond.results[0])
        body = self._trip(stmt.body, stmt.body.params)
        if cond:
            body = [*cond, f"if {negated(test).text}:", f"{INDENT}break", *body]
        head = "while True:" if cond else f"while {test.text}:"
        return [
            *self._comment(stmt),
            *self._moves(stmt.body.params, stmt.inits),
            head,
            *indented(body or ["pass"]),
            *self._moves(stmt.targets, stmt.body.params),
        ]

    def _comment(self, stmt: For | While) -> Lines:
        """Which loop this one reverses."""
        if stmt.at is None or not any(t.name.endswith("_bar") for t in stmt.targets):
            return []
        place = f"line {stmt.at.line}"
        if stmt.at.file != self.file:
            place = f"{PurePath(stmt.at.file).name}:{stmt.at.line}"
        if not sweep_of(stmt):
            return [f"# the loop at {place} and its reverse in one"]
        return [f"# reverse of the loop at {place}"]


def _fails(arm: Block) -> bool:
    """Whether an arm is what a failed `assert` does."""
    last = arm.body[-1] if arm.body else None
    return isinstance(last, Effect) and last.prim is FAIL


def indented(lines: Lines) -> Lines:
    """The lines one level deeper."""
    return [INDENT + line for line in lines]


_LONGEST_DISPLAY = 300
"""The characters of a list that still gets an item: longer ones are appended to."""


_NUMBER = r"-?(?:\d[\d.e+-]*|math\.inf)"


def _of_one_number(last: str, lines: Lines) -> Lines:
    """`xs = [0.0] * n`, for a list that a loop fills, or that has more than a few items."""
    text = "\n".join([last, *lines])
    filled = re.fullmatch(
        rf"(\w+) = \[\]\nfor _ in range\((.*)\):\n    \1\.append\(({_NUMBER})\)", text
    )
    if filled is not None:
        name, count, item = filled.groups()
        simple = re.fullmatch(r"[\w.]+(\[\d+\])?", count)
        return [f"{name} = [{item}] * {count}" if simple else f"{name} = [{item}] * ({count})"]
    longer = re.fullmatch(rf"(\w+) = \[({_NUMBER})\] \* (\d+)\n\1\.append\(\2\)", text)
    if longer is not None:
        name, item, count = longer.groups()
        return [f"{name} = [{item}] * {int(count) + 1}"]
    item = r"    (\w+) = (\[.*\] \* .*)\n    \1\.append\(\3\)"
    rows = re.fullmatch(rf"(\w+) = \[\]\n(for \w+ in range\(.*\)):\n{item}", text)
    if rows is not None:
        return [f"{rows[1]} = [{rows[4]} {rows[2]}]"]
    few = re.fullmatch(rf"(\w+) = \[({_NUMBER})(?:, \2){{4}}\]\n\1\.append\(\2\)", text)
    return [f"{few[1]} = [{few[2]}] * 6"] if few is not None else []


def _next_item(last: str, lines: Lines) -> Lines:
    """`xs = [x, y]`, for `xs = [x]` and then `xs.append(y)`; nothing where it is not that."""
    short = _of_one_number(last, lines)
    if short:
        return short
    made = re.fullmatch(r"(\w+) = \[(.*)\]", last)
    if made is None or len(lines) != 1 or len(last) > _LONGEST_DISPLAY or not _is_display(last):
        return []
    name, items = made.groups()
    added = re.fullmatch(rf"{name}\.append\((.*)\)", lines[0])
    if added is None or re.search(rf"\b{name}\b", added[1]):
        return []
    return [f"{name} = [{', '.join(filter(None, (items, added[1])))}]"]


def _is_display(line: str) -> bool:
    """Whether a list is bound that is written out, item by item."""
    match ast.parse(line).body:
        case [ast.Assign(value=ast.List(elts=items))]:
            return not any(isinstance(item, ast.Starred) for item in items)
        case _:
            return False

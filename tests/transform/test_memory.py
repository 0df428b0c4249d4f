"""Memory modes: what backward sweeps store, and that results do not depend on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ad_compiler import UsageError, grad, hvp, jacobian, source, value_and_grad, vjp
from ad_compiler.driver.program import MEMORY
from ad_compiler.fuzz.generate import program
from ad_compiler.fuzz.memory import bits, judge_memory
from ad_compiler.ir.nodes import Const, Let, Var, const
from ad_compiler.ir.types import F64, PY_FLOAT, Array, Sym
from ad_compiler.rules.registry import OPERATORS, PRIMITIVES
from ad_compiler.transform.storing import Region, plan
from tests.control_flow import programs as control_flow
from tests.depth import spread
from tests.emitted import programs
from tests.emitted.test_emitted import FUNCTIONS, random_like


def outcome(f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What a function gives, or whatever it raises."""
    try:
        return f(*args)
    except Exception as error:
        return error


def same_bits(make: Callable[[str], Any], args: tuple[Any, ...]) -> bool:
    """Whether a derivative gives, or raises, the same in all modes."""
    one, *others = (bits(outcome(make(mode), args)) for mode in MEMORY)
    return others == [one, one]


@pytest.mark.parametrize("name", spread(FUNCTIONS, 6))
def test_ordinary_functions(name: str) -> None:
    f, (models, argnums) = getattr(programs, name), FUNCTIONS[name]
    random = np.random.default_rng(5)
    args = [random_like(a, random) for a in models]
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    assert same_bits(lambda m: jacobian(f, chosen, memory=m), tuple(args))


@pytest.mark.parametrize(("f", "args"), spread(control_flow.CASES, 6))
def test_control_flow(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    moving = tuple(k for k, a in enumerate(args) if not isinstance(a, int))
    assert same_bits(lambda m: value_and_grad(f, moving, memory=m), args)


@pytest.mark.parametrize("seed", spread(range(6100, 6108), 3))
def test_random_programs(seed: int) -> None:
    verdict = judge_memory(program(seed))
    assert verdict.outcome in ("right", "refused"), verdict.detail


def orbit(x: Any, h: float, n: int) -> Any:
    for _ in range(n):
        r = np.sqrt(np.sum(x * x))
        force = np.exp(-r) * x
        x = x + h * (force - np.sin(force) * np.tanh(r))
    return np.sum(x)


def test_less_is_stored_where_more_is_computed() -> None:
    args = (np.array([0.3, 0.5]), 0.1, 3)
    stored = [source(grad(orbit, memory=m), *args).count("= []") for m in MEMORY]
    assert stored[0] > stored[1] > stored[2] == 1


def test_every_verb_takes_it() -> None:
    args = (np.array([0.3, 0.5]), 0.1, 3)
    assert same_bits(lambda m: hvp(orbit, memory=m), (*args, np.array([1.0, -2.0])))
    assert same_bits(lambda m: vjp(orbit, *args, memory=m)[1], (1.5,))


def test_modes_have_names() -> None:
    with pytest.raises(UsageError, match=r"memory='all': there are store and auto and recompute"):
        grad(orbit, memory="all")


# -- the cut --------------------------------------------------------------------------------------


def let(target: Var, name: str, *args: Any) -> Let:
    prim = OPERATORS.get(name) or PRIMITIVES[name]
    atoms = tuple(a if isinstance(a, Var | Const) else const(a) for a in args)
    return Let((target,), prim, atoms)


def planned(needed: list[Var], carried: list[Var], *lets: Let) -> tuple[list[Var], list[Let]]:
    ways = {s.targets[0]: [s] for s in lets if s.prim.name in ("add", "sub", "mul")}
    values = [*carried, *(s.targets[0] for s in lets)]
    return plan(Region(values, set(), carried, lambda v: ways.get(v, [])), needed)


def test_one_value_from_which_two_follow() -> None:
    x, e, p, q = (Var(name, PY_FLOAT) for name in "xepq")
    sums = [let(p, "+", e, 1.0), let(q, "-", e, 1.0)]
    stored, again = planned([p, q], [x], let(e, "math.exp", x), *sums)
    assert (stored, again) == ([e], sums)


def test_one_value_that_follows_from_two() -> None:
    a, b, s, t = (Var(name, PY_FLOAT) for name in "abst")
    stored, again = planned([t], [a, b], let(s, "*", a, b), let(t, "+", s, 1.0))
    assert (stored, again) == ([t], [])


def test_a_number_rather_than_an_array() -> None:
    x = Var("x", Array("f64", (Sym("n", never=1),)))
    r, y = Var("r", F64), Var("y", x.type)
    stored, again = planned([y, x], [x], let(r, "np.sum", x, None, False), let(y, "*", x, r))
    assert stored == [x, r]
    assert [s.targets[0] for s in again] == [y]


def gates(w: Any, b: Any, xs: Any) -> Any:
    """Quotients in an inner loop, whose cotangents a person would divide."""
    h = 0.0
    for x in xs:
        i, o = (1.0 / (1.0 + np.exp(-(v * x + c))) for v, c in zip(w, b, strict=False))
        h = h + o * np.tanh(i)
    return h


def test_what_is_computed_again_is_not_looked_into() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        args = rng.normal(size=2), rng.normal(size=2), rng.normal(size=9)
        assert same_bits(lambda memory: grad(gates, (0, 1), memory=memory), args)

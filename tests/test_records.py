"""Named tuples and dataclasses as structure: arguments, values, gradients, and what is refused."""
# pyright: basic
# The functions here are untyped on purpose: they are what users write.

from __future__ import annotations

import collections
import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

from ad_compiler import (
    Unsupported,
    UsageError,
    check_grads,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    source,
    value_and_grad,
    vjp,
)
from tests.points import Points, assert_same_bits


class Layer(NamedTuple):
    w: Any
    b: float = 2.0

    def norm(self):
        return self.b


@dataclass
class State:
    x: float
    v: float = 0.0

    @property
    def half(self):
        return self.x / 2

    def energy(self):
        return self.x**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    rate: Any
    decay: Any = 3.0


@dataclass(frozen=True)
class Model:
    layer: Layer
    rate: float


@dataclass
class Longer(State):
    xs: list = field(default_factory=list)
    work: Any = field(default_factory=lambda: np.ones(2))


@dataclass
class Settings:
    rate: float = 0.1
    steps: int = 3
    name: str = "sgd"


@dataclass
class Checked:
    x: float

    def __post_init__(self):
        self.y = self.x


Pair = collections.namedtuple("Pair", "a b")
x = np.arange(1.0, 4.0)
layer = Layer(x.copy(), 1.5)
settings = Settings()
case = Points()


@case(layer, x)
def fields(p, x):
    return np.sum((p.w * x + p.b) ** 2)


@case(layer)
def as_a_tuple(p):
    _, b = p
    return np.sum(p[0]) * b + len(p) * p.b + sum(q * 2.0 for q in p[1:]) + (*p, 1.0)[1]


@case(Model(layer, 0.5), x)
def nested_and_replaced(m, x):
    smaller = dataclasses.replace(m, layer=m.layer._replace(b=m.rate))
    return fields(smaller.layer, x) * m.layer.b


@case(State(1.0, 2.0), 3)
def made_anew_in_a_loop(s, n):
    for _ in range(n):
        s = State(s.x + 0.1 * s.v, s.v - 0.1 * s.x)
    return s.x * s.v


@case(State(1.0, 2.0))
def changed_in_a_loop(s):
    while s.x < 10.0:
        s.x = s.x * 2 + s.v
        s.v *= 0.5
    return s.x * s.v


@case(State(1.0, 2.0))
def seen_by_every_name(s):
    t = s
    t.x = t.x * 3
    u = dataclasses.replace(s, x=s.x + 1)
    u.v += 1.0
    return s.x * s.v + u.v * u.x


@case(2.0, 3.0)
@case(0.5, 3.0)
def made_in_branches(x, y):
    s = State(x, y) if x > 1.0 else State(y, x * 2)
    return s.x * s.v + s.x


@case(State(1.0, 2.0), State(3.0, 4.0))
def one_or_the_other(s, t):
    r = s if s.x > t.x else t
    q = r
    return q.x * r.v + s.x


@case(Options(rate=1.5))
def keywords_only(o):
    p = dataclasses.replace(Options(rate=o.rate * 2, decay=o.decay), decay=o.rate)
    return p.rate * p.decay * o.decay


@case(1.5)
def inherited_fields_and_factories(x):
    d = Longer(x, xs=[x])
    d.xs.append(x * x)
    d.work[0] = x
    return d.x + d.v + d.xs[1] * d.work[0]


@case(1.5)
def ways_of_making_named_tuples(x):
    return Pair._make([x, x * x])._asdict()["b"] + Pair(1.0, x)._replace(a=x).a


@case([Pair(1.0, 2.0), Pair(3.0, 4.0)])
def in_a_list(pairs):
    return sum([p.a * p.b for p in pairs])


@case({"p": State(1.0, 2.0), "q": Pair(2.0, 3.0)})
def in_a_dict(d):
    d["p"].x *= 2
    return d["p"].x * d["q"].b * d["q"].a


@case(State(1.0, 2.0))
def taken_apart(s):
    d = dataclasses.asdict(s)
    d["x"] = 3.0
    a, b = dataclasses.astuple(s)
    return d["x"] * d["v"] + s.x * b + a


@case(layer)
def arrays_in_fields_are_written(p):
    p.w[0] = 5.0 * p.b
    return np.sum(p.w * p.w)


@case(State(1.0, 2.0))
def derivatives_inside(s):
    def f(t):
        return t.x * s.v + t.v**2

    inner = grad(f)(s)
    return inner.v * s.x + inner.x


@case(2.0)
def captured(x):
    for _ in range(settings.steps):
        x = x - settings.rate * x**2
    return x if settings.name == "sgd" else 0.0


@case(State(1.0, 2.0))
def instances(s):
    return s.x if isinstance(s, State) and not isinstance(s, tuple) else 0.0


@pytest.mark.parametrize(("function", "args"), case.entered)
def test_derivatives(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    expected = function(*copy.deepcopy(args))
    before = repr(args)
    real = tuple(k for k, value in enumerate(args) if not isinstance(value, int))
    value, gradients = value_and_grad(function, real)(*args)
    assert_same_bits(value, expected)
    assert repr(args) == before
    assert [type(g) for g in gradients] == [type(args[k]) for k in real]
    check_grads(function, copy.deepcopy(args))


def moved(s):
    s.x = s.x * 2
    return s


def test_values_and_cotangents_are_of_the_class() -> None:
    value, tangent = jvp(moved, (State(1.0, 2.0),), (State(1.0, 0.0),))
    assert (value, tangent) == (State(2.0, 2.0), State(2.0, 0.0))
    _, pullback = vjp(moved, State(1.0, 2.0))
    assert pullback(State(1.0, 1.0)) == (State(2.0, 1.0),)
    assert jacobian(lambda x: Pair(x, x * x))(3.0) == Pair(1.0, 6.0)
    second = hessian(keywords_only)(Options(rate=1.5))
    assert second == Options(rate=Options(rate=12.0, decay=6.0), decay=Options(rate=6.0, decay=0.0))
    assert hvp(keywords_only)(Options(rate=1.5), Options(rate=1.0, decay=0.0)) == second.rate


def test_has_aux_and_several_arguments() -> None:
    def f(m, s):
        return m.rate * s.x, (m, Pair(s.v, m.rate))

    (value, aux), gradients = value_and_grad(f, ("m", "s"), has_aux=True)(
        Model(Layer(2.0), 3.0), State(1.0, 2.0)
    )
    assert (value, aux) == (3.0, (Model(Layer(2.0), 3.0), Pair(2.0, 3.0)))
    assert gradients == (Model(Layer(0.0, 0.0), 1.0), State(3.0, 0.0))


def test_captured_fields_are_read_at_each_call() -> None:
    gradient = grad(captured)
    settings.rate = 0.5
    assert gradient(2.0) == -1.0
    settings.name = "none"
    assert gradient(2.0) == 0.0
    settings.rate, settings.name = 0.1, "sgd"


def test_classes_of_one_name_are_told_apart() -> None:
    def make(scale):
        @dataclass
        class Local:
            x: float

        def f(p):
            return Local(p.x * scale) if isinstance(p, Local) else p

        return Local, f

    one, f = make(2.0)
    other, g = make(3.0)
    assert type(jvp(f, (one(1.0),), (one(1.0),))[1]) is one
    assert jvp(g, (other(1.0),), (other(1.0),))[1] == other(3.0)
    assert jvp(g, (one(1.0),), (one(1.0),))[1] == one(1.0)


made: Any = State

REFUSED: list[tuple[Callable[..., Any], Any, str]] = [
    (lambda s: s.energy(), State(1.0), "`energy` is a method of the class `State`"),
    (lambda s: s.half, State(1.0), "`half` is a property"),
    (lambda s: s.y, State(1.0), "`State` has no field `y`"),
    (lambda p: p.norm(), layer, "`norm` is a method of the class `Layer`"),
    (lambda s: s[0], State(1.0), "a `State` has no elements"),
    (lambda s: s + 1.0, State(1.0), "a `State` stands where a number or an array is needed"),
    (lambda s: len(s) * s.x, State(1.0), "which has no items"),
    (lambda s: s == s, State(1.0), "a `State` stands where a number"),
    (lambda s: [q for q in s], State(1.0), "a loop over a `State`"),  # noqa: C416
    (lambda s: made(s.x, s.v, 3.0).x, State(1.0), "takes 2 positional"),
    (lambda s: made(y=1.0).x, State(1.0), "`State` has no field `y`"),
    (lambda s: made(v=1.0).x, State(1.0), "made without `x`"),
    (lambda x: Checked(x).x, 1.0, "has a `__post_init__`"),
]


@pytest.mark.parametrize(("function", "at", "reason"), REFUSED)
def test_refused(function: Callable[..., Any], at: Any, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason) as caught:
        grad(function)(at)
    assert caught.value.lineno is not None


def assigned(p):
    p.b = 2.0
    return p.b


def assigned_frozen(o):
    o.rate = 1.0
    return o.rate


def assigned_new(s):
    s.other = 1.0
    return s.x


def unpacked(s):
    a, _b = s
    return a


def depends(s):
    t = s if s.x > 0.0 else State(1.0)
    s.x = 2.0
    return t.x


@pytest.mark.parametrize(
    ("function", "at", "reason"),
    [
        (assigned, Layer(1.0), "a `Layer` is a tuple"),
        (assigned_frozen, Options(rate=1.0), "a `Options` is frozen"),
        (assigned_new, State(1.0), "`other` is no field of the dataclass `State`"),
        (unpacked, State(1.0), "a `State` cannot be unpacked"),
        (depends, State(1.0), "depends on the path"),
    ],
)
def test_assignments_refused(function: Callable[..., Any], at: Any, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        grad(function)(at)


def test_what_cannot_be_made_again_is_read_but_not_differentiated() -> None:
    assert grad(lambda p, y: p.x * y, 1)(Checked(2.0), 3.0) == 2.0
    with pytest.raises(UsageError, match="__post_init__"):
        grad(lambda p: p.x)(Checked(2.0))
    with pytest.raises(UsageError, match="`steps`, of type int"):
        grad(lambda p: p.rate)(settings)
    with pytest.raises(UsageError, match="must be a State"):
        jvp(moved, (State(1.0),), (Pair(1.0, 2.0),))


def test_emitted_text_needs_no_class_of_an_argument() -> None:
    text = source(grad(nested_and_replaced), Model(layer, 0.5), x)
    assert "import dataclasses" in text
    assert "test_records" not in text.replace("(test_records.py", "")
    assert "_replace(" in text

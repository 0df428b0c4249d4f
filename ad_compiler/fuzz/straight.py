"""Statements of random programs that bind names: to numbers, containers and functions."""

from __future__ import annotations

from ad_compiler.fuzz.generator import (
    ARRAYS,
    FLOAT,
    MATRIX,
    PART,
    ROW,
    VECTOR,
    Generator,
    Missing,
    Row,
    blocks,
    lines,
    statements,
)


def assign(g: Generator, depth: int) -> list[str]:
    """`name = expression`: a name that is bound already, or a new one."""
    type_ = g.rng.choices([FLOAT, *ARRAYS], [5, 4, 2, 2, 2, 1, 2])[0]
    text = g.tame(type_, 2)
    bound = g.rebindable(type_)
    name = g.rng.choice(bound) if bound and g.chance(0.5) else g.new(type_)
    if g.single and type_ in ARRAYS and name in bound:
        text = f"({text}).astype({name}.dtype)"
    g.bind(name, type_)
    return [f"{name} = {text}"]


def accumulate(g: Generator, depth: int) -> list[str]:
    """`name += expression`."""
    return [f"{g.name(FLOAT)} {g.pick('+=', '-=')} 0.25 * {g.tame(FLOAT, 2)}"]


def exchange(count: int, *types: str) -> Row:
    """`p, q = q, p` and `p, q, r = q, r, p`."""

    def make(g: Generator, depth: int) -> list[str]:
        type_ = g.pick(*types)
        bound = g.rebindable(type_)
        if len(bound) < count or (g.single and type_ in ARRAYS):
            raise Missing(type_)
        names = g.rng.sample(bound, count)
        turned = [*names[1:], names[0]]
        old = [g.storage.get(name) for name in turned]
        for name, storage in zip(names, old, strict=True):
            g.bind(name, type_, storage)
        return [f"{', '.join(names)} = {', '.join(turned)}"]

    what = "p, q = q, p" if count == 2 else "p, q, r = q, r, p"
    return Row(f"{what} ({'numbers' if FLOAT in types else 'arrays'})", make)


def rebound(g: Generator, depth: int) -> list[str]:
    """`w = w * 2`: the same name, for a new array."""
    type_ = g.pick(*ARRAYS)
    bound = g.rebindable(type_)
    if not bound:
        raise Missing(type_)
    name = g.rng.choice(bound)
    g.bind(name, type_)
    return [f"{name} = np.tanh({name} * {g.atom(FLOAT)})"]


STRAIGHT = [
    Row("name = expression", assign, 24.0),
    Row("name += expression", accumulate, 8.0),
    exchange(2, FLOAT),
    exchange(3, FLOAT),
    exchange(2, VECTOR, MATRIX, ROW),
    exchange(3, VECTOR, PART),
    Row("w = f(w)", rebound),
    *statements(*lines("""
<+f>, <+f1> = <tF>, <tF1>
<+f>, *<+l> = <tF>, float(<tF1>), float(<tF2>)
(<+f>, <+f1>), <+f2> = (<tF>, <tF1>), <tF2>
[<+f>, <+f1>] = pair(<tF>, <tF1>)
<+f>: float = <tF>
<+f> = <+f1> = <tF>
<f> *= 0.5 + 0.25 * <tF>
<f> /= 1.5 + <tF>
<f> %= 2.75
<f> //= 0.75
<+f>, <+f1>, <+f2> = <r>
<+f> = <f1>; <+f2> = <tF>
""")), *statements(*blocks("""
if (<+f> := <tF>) > 0.1:
    <f> += 0.5

<f> **= 2
<f> = math.tanh(<f>)
""")),
    *statements(*lines("""
print(f'{<f>:.3f}', n, sep='; ', end='')
"""), weight=0.4),
    *statements(*lines("""
pass
'a text'
assert n > 0, 'none'
"""), weight=0.3),
    *statements(*lines("""
<+l> = [float(<tF>), float(<tF1>)]
<l>.append(float(<tF>))
<l>[0] = float(<tF>)
<l>[-1] += float(<tF>)
<l>.extend([float(<tF>), 0.5])
<l> += [float(<tF>)]
push(<l>, float(<tF>))
<+l> = [float(p) * <f> for p in <v>]
<+l> = [float(p) for p in (<F>, <F1>) for _ in (0, 1)]
<+l> = [float(k * <f>) for k in range(3) if k != 1]
<+l> = list((float(<F>), 0.5))
<+v> = np.array([p * p for p in <v1>])
""")), *statements(*blocks("""
<+x> = [<f>, <f1>]
<x>.insert(0, <tF>)
<x>.reverse()
<+f2> = <x>[0] * <x>[-1]

<+l> = []
<l>.append(float(<tF>))
<+f> = <l>[-1] * <l>[0]

<l>.append(float(<tF>))
<+f> = <l>.pop()

<+l1> = <l>
<l1>.append(float(<tF>))

<+x> = [0.25, <f>]
<+x1> = <x>.copy()
<x1>[0] = 0.5
<+f1> = <x>[0] * <x1>[0]

<+l> = []
for <+x1> in range(n):
    <l>.append(float(<v>[<x1>] * <f2>))
<+f> = sum(<l>)

<+l> = [float(<F>)]
if <c>:
    <l>.append(float(<tF>))
<+f> = <l>[-1] * len(<l>)

<+l> = [0.5]
while len(<l>) < n:
    <l>.append(math.sin(<l>[-1] + <f2>))
<+f> = sum(<l>)

<+l> = [float(p) for p in <v>]
<+f> = 0.0
while len(<l>) > 1:
    <f> = 0.5 * <f> + <l>.pop()

<+l> = [0.25]
for <+x1> in <v>:
    <l>.append(float(<l>[-1] * <x1> + 0.5))
<+f> = np.mean(<l>)

<+x2> = []
for <+x1> in <m1>:
    <x2>.append(<x1> * <f>)
<+m> = np.array(<x2>)

<+x2> = []
for <+x1> in <v1>:
    <x2>.append((float(<x1>), float(<x1> * <f>)))
<+f1> = sum([p * q for p, q in <x2>])
<+f2> = np.sum(np.array(<x2>)[:, 1])

<+x2> = [(k, <v1>[k]) for k in range(n)]
<x2>.sort(key=lambda p: -p[1])
<+f> = <x2>[0][1] * <x2>[-1][0]

<+x2> = []
for <+x1> in range(n):
    <x2>.append([<v1>[<x1>], <v1>[<x1> - 1]])
<+f>, <+f1> = <x2>.pop()

<+x2> = []
for <+x1> in range(n):
    <x2> = <x2> + [<v1>[<x1>] * <f>]
<+f1>, *<+x3> = sorted(<x2>)
<+f2> = sum(<x3>) * <f1>

<+f> = max(<v>, key=lambda p: abs(p - <f1>)) * <f2>

<+f> = sum(itertools.accumulate(<v>, lambda p, q: math.sin(p) + q * <f1>))

<+f> = <tF>
match n:
    case 1 | 2:
        <f> = math.sin(<f>)
    case <+x1> if <x1> > 4:
        <f> *= 0.5
    case _:
        <f> += 0.25 * n
""")),
    *statements(*lines("""
<+d> = {'p': <tF>, 'q': <tF1>}
<d>['p'] = <tF>
<d>['p'] += <tF>
<d>['q'] = <d>['p'] * <tF>
<d>.update({'p': <tF>})
<+d> = {key: <f> * value for key, value in <d1>.items()}
<+d> = dict(p=<tF>, q=0.5)
<+f> = <d>.get('p', 0.0) * <f1>
<+f> = sum([<d>[key] for key in <d>])
<+d> = {**<d1>, 'p': <tF>}
""")), *statements(*blocks("""
<+d1> = <d>
<d1>['p'] = <tF>

for <+x1>, <+x2> in <d>.items():
    <d>[<x1>] = <x2> * 0.5

<+x> = {'p': [<tF>, <tF1>], 'q': {'w': <V>}}
<x>['p'][0] *= 2.0
<+f> = <x>['p'][0] * np.sum(<x>['q']['w'])

<+x> = [<tF>, <tF1>]
<+f>, <+f1> = <x>
""")),
    *statements(*lines("""
<+f>, <+f1> = value_and_grad(lambda p: math.sin(p) * p * <f2>)(<tF>)
<+v>, <+v1> = jvp(lambda p: p * p, (<v2>,), (np.sin(<v2>),))
""")), *statements(*blocks("""
def <+g>(p, q=<f2>):
    return p * math.sin(q)
<+f> = <g>(<tF>)

def <+g>(p, *, q=0.5):
    return p * q + <f2>
<+f> = <g>(<tF>, q=<tF1>)

def <+g>(*p):
    return p[0] * p[-1]
<+f> = <g>(<tF>, <f1>, <tF1>)

def <+g>(p):
    if p > <f2>:
        return p * p
    return math.sin(p)
<+f> = <g>(<tF>)

def <+g>(p):
    for <+x1> in range(3):
        p = math.sin(p + <f2>)
    return p
<+f> = <g>(<tF>)

<+g> = lambda p: p * <f2>
<+f> = <g>(<g>(<tF>))

<+g> = functools.partial(blend, <tF>, t=0.75)
<+f> = <g>(<tF1>)

<+g> = functools.partial(scale, by=<tF>)
<+v> = <g>(<V>)

def <+g>(p):
    def twice(q):
        return q * p * <f2>
    return twice
<+f> = <g>(<tF>)(<tF1>)

def <+g>(p):
    return p * <f2>
<+f> = apply(<g>, <tF>)

def <+g>(p):
    return np.sum(p * p * <v>)
<+v1> = grad(<g>)(<tV>)

def <+g>(p):
    return math.sin(p * <f2>)
<+f> = grad(<g>)(<tF>)

def <+g>(p):
    w = p.copy()
    w[0] *= 2.0
    return np.sum(w * w * p)
<+r> = grad(<g>)(<tR>)
""")),
]  # fmt: skip

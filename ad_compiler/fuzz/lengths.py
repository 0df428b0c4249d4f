"""Rows of random programs with arrays of length 1, and with parts that are so only for some n.

Which axis is stretched then depends on the numbers that a program is run with: `v[1:] * v[:1]`
broadcasts for most n, and not for n = 2.
"""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.fuzz.generator import (
    FLOAT,
    MATRIX,
    ROW,
    VECTOR,
    Row,
    blocks,
    expressions,
    lines,
    operator,
    statements,
)

ONES = [
    operator("O", "O"), operator("O", "F"),
    *expressions(*lines("""
<v>[:1]
<v>[-1:]
<v>[n - 1:]
<v>[<i>:][:1]
<v>[:n // n]
<v>[::n]
<m>[:1, <j>]
<m>[<i>, 2:]
<r>[:1]
np.array([<F>])
np.atleast_1d(<F>)
np.full(1, <F>)
np.sum(<V>, keepdims=True)
np.mean(<M>, axis=0, keepdims=True)[:, <j>]
np.max(<v>, keepdims=True)
np.sin(<O>)
(<O> / (1.5 + <O1> ** 2))
<o>.copy()
np.where(<O> > <f>, <O1>, 0.25)
np.array([<v>[<i>]])
<v>.reshape(1, n)[:, <i>]
np.einsum('i,j->i', <O>, <V>)
""")),
]  # fmt: skip

PARTS = [
    operator("P", "P"), operator("P", "F"), operator("P", "O"), operator("O", "P"),
    *expressions(*lines("""
<v>[1:]
<v>[:-1]
<v>[::-1][1:]
<m>[1:, <j>]
<m>[:n - 1].sum(axis=1)
np.diff(<V>)
np.cos(<P>)
<P> ** 2
-<P>
<p>[::-1]
<p>.copy()
(<P> / (2.0 + <O> ** 2))
(<O> / (2.0 + <P> ** 2))
np.where(<P> > <F>, <O>, <P1>)
np.where(<O> > <f>, <P>, <P1>)
np.maximum(<P>, <O>)
np.hypot(1.5 + <P> ** 2, <O>)
np.concatenate((<O>, <p>))[:-1]
np.cumsum(<tP>)
np.sort(<P>)
(<m>[1:] @ <R>)
np.append(<p>, <f>)[1:]
np.array([q * <f> for q in <p>])
np.outer(<P>, <O>)[:, 0]
smoothed(<P>)
np.sum(<m>[1:] * (<P>)[:, None], axis=1)
np.sum(<m>[1:] * <m1>[:1], axis=1)
""")),
]  # fmt: skip

MORE: dict[str, list[Row]] = {
    FLOAT: expressions(*lines("""
np.sum(<P>)
np.sum(<P> * <O>)
(<P> @ <P1>)
np.dot(<p>, <p1> - <p>[:1])
float((<O>)[0])
(<O>).item()
np.sum(<V> - <O>)
np.sum((<v> - <v1>) * <v>[:1])
np.sum((<v>[1:] - <v>[:1]) ** 2)
np.sum(np.outer(<P>, <V>))
np.sum(<M> * <m>[:1])
np.sum(<m>[:, :1] * <m>[:1])
np.linalg.norm(2.0 + np.sin(<V> * <O>))
np.sum(<P> @ <m>[1:])
len(<p>) * <f>
np.sum(np.multiply.outer(<O>, <P>))
np.sum(<M> - <m>[:, -1:])
np.sum((<V>).reshape(-1, 1) * <O>)
""")),
    VECTOR: [
        operator("V", "O"), operator("O", "V"),
        *expressions(*lines("""
np.concatenate((<O>, <P>))
np.append(<P>, <F>)
np.hstack((<P>, <O>))
np.where(<B>, <V>, <O>)
np.maximum(<V>, <O>)
(<V> / (2.0 + <O> ** 2))
(<O> / (2.0 + <V> ** 2))
np.broadcast_to(<O>, (n,))
np.repeat(<O>, n)
np.tile(<O>, n)
np.pad(<P>, (1, 0))
np.sum(<M> * <O>, axis=1)
(<M> - <m>[:, :1]).sum(axis=1)
np.insert(<p>, 0, <f>)
np.arctan2(<V>, 2.0 + <O> ** 2)
""")),
    ],
    MATRIX: [
        operator("M", "O"),
        *expressions(*lines("""
(<M> * <m>[:1])
(<m>[:1] - <M>)
(<M> - <m>[:, :1])
(<M> - np.mean(<m>, axis=0, keepdims=True))
np.vstack((<m>[:1], <m1>[1:]))
np.concatenate(((<O>)[:, None] * <R>, <m>[1:]))
np.where(<M> > <m>[:, 2:], <O>, <M1>)
np.broadcast_to(<m>[:1], (n, 3))
(<m>[:1] + <v>[:, None])
""")),
    ],
    ROW: [
        operator("R", "O"),
        *expressions(*lines("""
(<P> @ <m>[1:])
np.sum(<m>[1:] - <m>[:1], axis=0)
np.sum(<M> * <O>, axis=0)
(<m>[:1] * <R>)[0]
np.squeeze(<m>[-1:] * <O>, axis=0)
""")),
    ],
}  # fmt: skip
"""Rows for the tables of other types."""

WRITES = statements(*lines("""
<wv>[1:] = <P>
<wv>[:-1] += <P>
<wv>[1:] *= <O>
<wv>[:1] += <tO>
<wv>[-1:] = <O>
<wv>[:] = <O>
<wv> -= 0.5 * <tO>
<wv> *= <tO>
<wm> += <tO>
<wm>[:, :1] = <O>
<wm>[:, 1:] *= <wm>[:, :1]
<wm>[1:] *= (<tP>)[:, None]
<wm>[:1] += <tR>
<wm>[1:] = <m1>[:1]
<wp>[:] = <tP>
<wp> += <tO>
<wp> *= <tP>
<wo>[0] = <tF>
<wo> -= <tF>
np.multiply(<v>, <tO>, out=<wv>)
np.copyto(<wv>, <tO>)
<wr>[:1] = <tO>
"""), *blocks("""
<@p> = <wv>[1:]
<p> += <tO>

<@o> = <wv>[:1]
<o> *= <tF>
<wv>[0] += 0.25

<+p> = np.zeros(n - 1)
<p> += <v>[1:] * <o>

<+p> = np.zeros(n - 1)
for <+x> in range(n - 1):
    <p>[<x>] = <v>[<x> + 1] * <v>[<x>]

for <+x> in range(n):
    <+x1> = <v>[<x>:]
    <f> += 0.1 * np.sum((<x1> - <x1>[:1]) * <x1>[-1:])

for <+x> in range(n):
    <+x1> = <v>[<x>:]
    if len(<x1>) > 1:
        <f> += 0.25 * math.sin(<x1>[1] * <x1>[0])
    else:
        <f> -= 0.5 * <x1>[0]

<+x> = np.tanh(<v>)
while len(<x>) > 1:
    <x> = <x>[1:] * <x>[:1]
<+f> = <x>[0]

<+x> = <v>
while len(<x>) > 1:
    <x> = 0.5 * <x>[1:] + <f> * <x>[:-1]
<+f1> = np.tanh(np.sum(<x> * <v>))

for <+x> in range(1, n + 1):
    <wv>[:<x>] *= 1.0 + 0.1 * np.tanh(np.sum(<v1>[:<x>] * <v1>[-1:]))

for <+x> in range(n):
    <wm>[<x>:] -= 0.25 * np.outer(np.sin(<v>[<x>:]), <r>)

for <+x> in range(1, n):
    <wv>[<x>] = math.tanh(<wv>[<x>] - np.dot(<wm>[:<x>, 0], <wv>[:<x>]))

def <+g>(p):
    return np.sum((p - p[:1]) * p)
<+f> = np.tanh(<g>(<V>) + <g>(<P>) * <g>(<O>))

def <+g>(p, q):
    return np.sum(p * q)
<+f> = np.tanh(<g>(<V>, <O>) + <g>(<P>, <O>) + <g>(<R>, <R1>))

<+x> = [<v>[k:] * 2.0 for k in range(n)]
<+f> = np.tanh(np.sum(<x>[0] * <x>[-1]))

<+x1> = 0.0
for <+x> in <m>:
    <x1> = <x1> + <x>[:1] * <x>
<+r> = np.tanh(<x1> * np.ones(3))

<+x1> = <o>
for <+x> in range(n):
    <x1> = np.tanh(<x1> * <v>)
<+v1> = <x1> * 1.5
"""))  # fmt: skip

STATEMENTS = [replace(row, weight=0.5) for row in WRITES]
"""Statements, with writes of one element into many and loops over parts that shrink."""

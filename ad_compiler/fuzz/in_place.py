"""Random statements that write into arrays: through names, aliases, views, rows and functions."""

from __future__ import annotations

from dataclasses import replace

from ad_compiler.fuzz.generator import blocks, lines, statements

WRITES = [
    *statements(*lines("""
<wv>[<i>] = <tF>
<wv>[<i>] += <tF>
<wv>[<i>] -= <tF>
<wv>[<i>] *= <tF>
<wv>[<i>] /= 1.5 + <tF>
<wm>[<i>, <j>] = <tF>
<wm>[<i>, <j>] += <tF>
<wm>[<i>][<j>] = <tF>
<ws>[<j>, <j1>] = <tF>
<wr>[<j>] = <tF>
<wr>[<j>] *= <tF>
<wv>[<i>] = math.sin(<wv>[<i> - 1] * <wv>[<i>]) + <f>
<wv>[<i>] //= 0.75
<wv>[<i>] %= 1.75
""")),
    *statements(*lines("""
<wv>[1:] = <v>[:-1]
<wv>[1:] += 0.5 * <v>[:-1]
<wv>[:-1] -= np.sin(<v>[1:])
<wv>[::2] *= <tF>
<wv>[::-1] = <v>
<wm>[:, <j>] = <v>
<wm>[<i>] += <tF>
<wm>[<i>] = <r>
<wm>[<i>] = <wm>[<i1>] * <tF>
<ws>[<j>] = <tR>
<wm>[<i>], <wm>[<i1>] = <wm>[0], 0.5 * <wm>[-1]
<wm>[1:, 1:] = <wm>[:-1, :-1]
<wv>[0], <wv>[-1] = <wv>[-1], <wv>[0]
<wv>[1:-1] = <wv>[2:] + <wv>[:-2] - 2.0 * <wv>[1:-1]
<wv>[::2] = <tF>
<ws>[:, <j>] -= <tF> * <ws>[:, <j1>]
<wm>[..., 0] *= <tF>
<wm>[::-1, <j>] += <v>
<ws>[1:, 0] = <ws>[0, 1:]
<wr>[:2] = <wr>[1:]
<wr>[1:3] += <wr>[0:2] ** 2
<wv>[0:2] = 0.5 * <wv>[0:2] * math.cos(<wv>[-1])
<wm>[:, 0:2] -= <wm>[:, 1:3] * <tF>
<wm>[-1:] = <r>
<wv>[n // 2 :] = <tF>
<ws>[0, :], <ws>[1, :] = <ws>[1, :].copy(), <ws>[0, :].copy()
""")), *statements(*blocks("""
<wm>[1:] **= 2
np.tanh(<wm>, out=<wm>)

<wv>[<i>] **= 2
<wv>[<i>] = math.tanh(<wv>[<i>])
""")),
    *statements(*lines("""
<wv> += <tV>
<wv> -= 0.5 * <tV>
<wv> *= <tV>
<wv> /= 1.5 + <tV>
<wv> %= 1.75
<wv> //= 0.75
<wv>[:] = <tV>
<wv>[...] = <tF>
<wv>.fill(<tF>)
np.sin(<V>, out=<wv>)
np.multiply(<v>, <tF>, <wv>)
np.copyto(<wv>, <tV>)
<wm> *= <tM>
<wm> += WEIGHTS
<wm>.T[0] -= <tV>
<wm>[:] = <tV>[:, None]
<ws>[:] = <ws> @ <tS>
np.add(<wv>, <tV>, out=<wv>)
<wr> -= <tR>
np.exp(<tV>, out=<wv>)
<wm> -= <tR>
<ws> += <ws>.T
np.negative(<wv>, out=<wv>)
<ws>.fill(0.25)
np.maximum(<v>, 0.1, out=<wv>)
""")), *statements(*blocks("""
<wv> **= 2
np.tanh(<wv>, out=<wv>)

<+v> = np.exp(<tV>)
<v> *= 2.0
""")),
    *statements(*lines("""
<wv>[<wv> > 0.1] = <tF>
<wv>[<v> < 0.0] *= <tF>
<wv>[<v> > 0.0] += <tF>
<wv>[np.array([0, -1])] = <tF>
<wv>[np.array([0, 0])] = np.array([<tF>, <f>])
<wv>[np.array([0, 0, 1])] += <tF>
np.add.at(<wv>, np.array([0, 0, -1]), <tF>)
<wm>[<wm> < 0.0] = <tF>
<wr>[np.array([2, 0])] = <wr>[np.array([0, 1])]
<wm>[np.array([0, 0]), np.array([1, 1])] = <tF>
<wv>[np.arange(n)[::-1]] = <v>
<wm>[np.array([0, -1])] *= <tF>
<wv>[<v> > 0.0] = <v1>[<v> > 0.0]
np.add.at(<ws>, np.array([0, 2, 0]), <tR>)
<ws>[np.arange(3), np.arange(3)] += <tF>
<wm>[:, np.array([0, 0])] = <tF>
np.subtract.at(<wv>, np.array([0, 0]), <tF>)
""")),
    *statements(*blocks("""
<+v> = <v1>.copy()
<v>[<i>] = <tF>

<+v> = np.zeros(n)
<v>[<i>] = <tF>

<+v> = np.empty(n)
<v>[:] = <tF>

<+v> = np.ones(n)
<v>[0] += <tF>

<+v> = np.zeros_like(<v1>)
<v>[1:] = <v1>[1:]

<+v> = np.full(n, <tF>)
<v>[-1] = <tF1>

<+v> = np.empty_like(<v1>)
<v>.fill(<tF>)

<+v> = np.full_like(<v1>, <tF>)
<v>[0] = 0.5

<+m> = np.zeros((n, 3))
<m>[<i>] = <tR>

<+m> = np.zeros_like(<m1>)
<m>[:, 0] = <v>

<+s> = np.eye(3)
<s>[<j>] *= <tF>

<+v> = np.array(<v1>)
<v> += 1.0

<+v> = np.ones_like(<v1>)
<v>[0] = <tF>

<+m> = <m1>.copy()
<m>[0, 0] = <tF>

<+v> = np.zeros(n)
for <+x1> in range(1, n):
    <v>[<x1>] = <v>[<x1> - 1] * <f> + <v1>[<x1>]
<v> = np.tanh(<v>)

<+m> = np.empty((n, 3))
for <+x1> in range(n):
    for <+x2> in range(3):
        <m>[<x1>, <x2>] = <v>[<x1>] * <r>[<x2>]

<+v> = <v1>.copy()
<+v2> = np.empty_like(<v>)
for <+x1> in range(3):
    <v2>[1:-1] = 0.5 * (<v>[2:] + <v>[:-2])
    <v2>[0] = <f>
    <v2>[-1] = 0.25
    <v>, <v2> = <v2>, <v>

for <+x1> in range(3):
    for <+x2> in range(<x1> + 1, 3):
        <ws>[<x2>] -= 0.25 * <ws>[<x2>, <x1>] * <ws>[<x1>]
""")),
    *statements(*lines("""
<@v> = smooth(<wv>)
""")), *statements(*blocks("""
<@v> = <wv>
<v>[<i>] += <tF>

<@v> = <wv>[::-1]
<v>[0] = <tF>
<wv>[<i>] *= 0.5

<@v> = <wm>[:, <j>]
<v>[<i>] = <tF>

<@v> = <wm>.T[1]
<v> *= <tF>

<@r> = <wm>[<i>]
<r> += <tF>

<@r> = <wm>[<i>]
<wm>[<i>, 0] = <tF>
<+f> = <r>[0] * 2.0

<@r> = <wm>[0:][:, ::-1][-1]
<r>[0] = <tF>

<@s> = <ws>.T
<s>[0, 1] = <tF>

<@r> = <ws>.T[<j>]
<r>[<j1>] *= <tF>

<@m> = <wm>[:]
<m>[<i>, <j>] = <tF>

<@v> = <wv>[:]
<wv>[<i>] = <tF>
<v>[<i1>] += 0.25

<@m> = np.transpose(<wm>).T
<m>[0] = <tR>

<+f> = np.sum(<wv>[1:])
<wv>[1:] = <tF>

<+m> = np.zeros((n, 3))
<+m> = np.zeros(<m1>.shape)
<@v> = <m>.ravel()[:n]
<v>[<i>] = <tF>
<m> *= <m1>

<+m> = <m1>.copy()
<m>.reshape(3 * n)[<i>] += <tF>
<m>.flat[::2] *= 0.5

<+m> = <m1>.copy()
<@v> = <m>.reshape(-1)[:n]
<v>[0] = <tF>
<m>[-1, 1] *= 2.0

<@m> = <wm>[::-1]
<@r> = <m>[0]
<r>[1] = <tF>
<wm>[-1, 1] *= 2.0

<@v> = <wm>[:, 1]
<wm>[0, 1] = <tF>
<+f> = <v>[0] * <f1>
""")),
    *statements(*lines("""
bump(<wv>, <i>, <tF>)
bump(<wm>[<i>], 0, <tF>)
bump(<wv>[::-1], 0, <tF>)
bump(<wm>.T[<j>], -1, <tF>)
fill_with(<tF>, out=<wv>)
<+f> = norm_with_work(<v>, <wv>)
<wv>[0] += len(<v>) * 0.1
<wv>[:], <+f> = <tV>, <tF>
""")), *statements(*blocks("""
for <+x1> in <wm>:
    <x1> *= 0.5 + 0.25 * np.tanh(<x1>[0])

for <+x1> in <wm>:
    <x1>[1] = <x1>[0] * <f>

for <+x1> in <ws>.T:
    <x1> -= 0.5 * <x1>[0]

for <+x1>, <+x2> in zip(<wm>, <v>):
    <x1>[0] += <x2>

for <+x1>, <+x2> in enumerate(<v>):
    <wm>[<x1>, 0] = <x2> * <f>

def <+g>(k):
    <wv>[k] = math.tanh(<wv>[k] + <f>)
<g>(0)
<g>(-1)

<+r> = WEIGHTS.copy()
<r>[0] = <tF>
""")),
]  # fmt: skip


IN_PLACE = [replace(row, weight=0.5) for row in WRITES]
"""Writes, as rows of the generator's table."""

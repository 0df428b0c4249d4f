"""Expressions of random programs, by their type."""

from __future__ import annotations

from ad_compiler.fuzz.generator import (
    FLOAT,
    MASK,
    MATRIX,
    ONE,
    PART,
    ROW,
    SQUARE,
    VECTOR,
    expressions,
    lines,
    operator,
)
from ad_compiler.fuzz.lengths import MORE, ONES, PARTS

FLOATS = [
    operator("F", "F"),
    *expressions(*lines("""
(<F> / (1.5 + <F1> ** 2))
math.sin(<F>)
np.cos(<F>)
<tF> ** 3 / 9.0
(1.5 + math.sin(<F>)) ** math.cos(<F1>)
-<F>
abs(<F>)
max(<F>, <F1>)
min(<F>, <F1>)
(<F> if <c> else <f>)
<v>[<i>]
<m>[<i>, <j>]
<r>[<j>]
<s>[<j>, <j1>]
np.sum(<V>)
np.mean(<M>)
<v>.max()
np.dot(<V>, <V1>)
(<V> @ <V1>)
np.sum(<v>[1:] * <v1>[:-1])
np.sum(<v>[0:2] ** 2) * np.sum(<v>[1:3] ** 3)
np.sum(<v>[0:3:2]) * np.sum(<v>[1:3:2] ** 2)
np.sum(<v>[1:-1] * <v>[0:-2])
np.sum(<m>[:, 0:2] * <m>[:, 1:3] ** 2)
np.sum(<m>[1:3, <j>]) * np.sum(<m>[0:2, <j1>] ** 2)
np.sum(<r>[0:2] * <r>[1:3] ** 2)
np.sum((<V>)[::2])
float(<F>)
(2.0 + math.sin(<F>)) ** 0.5
(<tF> % 7.25)
(<R> @ <S> @ <R1>)
np.trace(<S>)
(<F> + n)
(<F> * (n // 2))
(<F> * (n % 3))
(<F> / n)
(0.5 * <F> if <f> > 0 and <f1> < 1 else <F1>)
(<f> and <f1>)
(<f> or <f1>)
len(<v>) * <f>
<v>.size * <f>
<m>.shape[1] * <f>
<m>.ndim * <f>
<m>[0][1]
<m>[-1].sum()
np.sum(<v>[np.array([0, -1, 0])])
np.sum(<v>[<v1> > 0.0])
(<f> * (<f1> > 0))
(<f> // 0.75)
int(<f> * 3) * <f1>
round(<f>, 1)
pow(<tF>, 2)
bool(<f>) * <f1>
(<f> * (n << 1))
(<f> * (n >> 1))
(<f> * (n & 1))
(<f> * (n | 4))
(<f> * (n ^ 1))
(<f> * ~n)
math.factorial(n) * <f> / 24.0
math.gcd(n, 6) * <f>
math.comb(4, 2) * <f>
math.isqrt(n + 8) * <f>
abs(n - 3) * <f>
(-n * <f>)
n ** 2 * <f>
2.0 ** -n * <f>
""")),
    *expressions(*lines("""
blend(<F>, <F1>)
squash(<F>)
scale(<F>, by=<F1>)
total(<F>, <F1>, 0.5)
np.sum(smoothed(<V>))
apply(squash, <F>)
apply(lambda p: p * <f>, <F>)
damp(<F>)
(lambda p, q=<f>: p * q)(<F>)
pair(<F>, <F1>)[0]
SQUASHED(<F>)
looped(<F>, n)
newton(<F>)
horner(<f>)
stop_gradient(<F>)
""")),
    *expressions(*lines("""
grad(squash)(<tF>)
value_and_grad(cubed)(<tF>)[1]
jvp(cubed, (<tF>,), (<tF1>,))[1]
grad(grad(cubed))(<tF>)
vjp(blend, <tF>, <tF1>)[1](1.0)[0]
grad(lambda p: p * math.sin(p * <f>))(<tF>)
np.sum(grad(energy)(<tR>))
np.sum(hessian(energy)(<tR>))
np.sum(hvp(energy)(<tR>, <tR1>))
np.sum(jacobian(lambda p: p * p)(<tR>))
np.sum(elementwise_grad(lambda p: np.sin(p) * p)(<tR>))
"""), weight=0.3),
    *expressions(*lines("""
sum([<F>, <F1>])
(<F>, <F1>)[1]
[p * <f> for p in (<F>, <F1>)][0]
{'p': <F>, 'q': <F1>}['q']
sum([p * p for p in <v>])
np.sum(np.array([p * <f> for p in <v>]))
max([<F>, <F1>, 0.25])
sum(<l>)
<l>[0]
<l>[-1]
len(<l>) * <f>
<d>['p']
sum(<d>.values())
np.mean(np.array(<l>))
len(<d>) * <f>
max(<v>)
min(<v>)
sum(<v>)
sum([p * q for p, q in zip(<v>, <v1>)])
sum([k * p for k, p in enumerate(<v>)])
np.array([<F>, <F1>]).sum()
sum((<F>, <F1>))
math.hypot(<F>, <F1>, 0.5)
math.prod((<tF>, <F1>))
math.dist((<F>, 0.5), (<F1>, 1.5))
math.atan2(<F>, 3.5)
""")),
    *expressions(*lines("""
float(np.where(<c>, <F>, <F1>))
np.float64(<F>)
np.array(<F>).item()
np.max(<V>)
np.min(<V>)
np.linalg.norm(1.5 + <V> ** 2)
"""), weight=0.7),
]  # fmt: skip

VECTORS = [
    operator("V", "V"), operator("V", "F"), operator("F", "V"),
    *expressions(*lines("""
np.sin(<V>)
np.exp(<tV>)
(<V> / (2.0 + <V1> ** 2))
np.where(<B>, <V>, <V1>)
np.where(<V> > <F>, <V1>, 0.0)
np.maximum(<V>, <F>)
np.abs(<V>)
np.sum(<M>, axis=1)
<m>.mean(axis=1)
(<M> @ <R>)
<m>[:, <j>]
<v>[::-1]
np.concatenate((<v>[:1], <v1>[1:]))
blend(<V>, <V1>, t=0.5)
scale(<V>, by=<F>)
np.clip(<V>, -1.25, 1.25)
<V> ** 2
-<V>
<v>.copy()
np.roll(<V>, 1)
np.cumsum(<tV>)
np.cumprod(<tV>)
(<V> * <B>)
<v>[np.arange(n)]
<v>[np.argsort(<v1>)]
np.sort(<V>)
np.append(<v>[1:], <F>)
np.hstack((<v>[1:], <F>))
np.full(n, <F>)
np.linspace(<f>, 2.0, n)
np.arange(n) * <F>
np.array([p for p in <v>])
np.array([<f> * k for k in range(n)])
np.interp(<V>, WEIGHTS[np.argsort(WEIGHTS)], <r>)
<m>.max(axis=1)
np.min(<M>, axis=-1)
np.einsum('ij,j->i', <M>, <R>)
np.linalg.norm(2.0 + np.sin(<M>), axis=1)
np.prod(<tM>, axis=1)
<m>.T[<j>]
np.outer(<V>, <V1>)[:, 0]
np.diag(np.outer(<V>, <V1>))
stop_gradient(<V>)
(<v> % 3.5)
np.floor(<v>) * <V>
(<v> // 0.75)
<v>[..., :]
<v>[:, None][:, 0]
<m>[np.arange(n), np.array([<j>])]
np.array(<v>)
np.asarray(<v>)
<v>.astype(float)
np.repeat(<v>, 2)[:n]
np.tile(<v>, 2)[n:]
np.convolve(<V>, <R>)[2:]
np.flip(<V>)
np.mean(<M>, axis=1)
np.var(1.5 * <M>, axis=1)
<v>[-n:]
np.zeros(n) + <F>
np.ones_like(<v>) * <F>
(<V> if <c> else <v>)
np.cos(np.squeeze(<v>.reshape(1, n), 0))
np.sin(<v>.reshape(-1))
np.sin(<m>.ravel()[:n])
<m>.flatten()[-n:]
np.broadcast_to(<tF>, (n,))
np.vstack((<v>, <v1>))[1]
np.pad(<v>, 1)[1:-1]
np.diff(np.append(<v>, <f>))
""")),
]  # fmt: skip

MATRICES = [
    operator("M", "M"), operator("M", "F"), operator("M", "R"),
    *expressions(*lines("""
(<m> + <v>[:, None])
np.outer(<V>, <R>)
np.tanh(<M>)
(<tM> @ (<tM1>.T @ <tM>))
(<m> - np.sum(<m>, axis=1, keepdims=True))
<m>.reshape(-1).reshape(n, 3)
np.stack((<v>, <v1>, <V>), axis=1)
(<tM> @ <S>)
<m>[::-1]
<m>[:, ::-1]
np.transpose(<m>.T)
np.where(<M> > 0.1, <M1>, <F>)
np.column_stack((<v>, <v1>, <V>))
<m>.T.copy().T
np.tile(<r>, (n, 1)) * <F>
np.cumsum(<tM>, axis=0)
np.sort(<M>, axis=1)
np.broadcast_to(<R>, (n, 3))
np.zeros((n, 3)) + (<V>)[:, np.newaxis]
np.roll(<M>, 1, axis=1)
np.swapaxes(<m>.T, 0, 1)
np.maximum(<M>, <R>)
np.concatenate((<m>[:1], <m1>[1:]), axis=0)
-<M>
<M> ** 2
(<m> / (2.0 + <R> ** 2))
np.einsum('i,j->ij', <V>, <R>)
np.clip(<M>, -0.75, <F> ** 2)
np.flip(<M>, 1)
np.expand_dims(<v>, 1) * <R>
""")),
]  # fmt: skip

ROWS = [
    operator("R", "R"), operator("R", "F"),
    *expressions(*lines("""
np.cos(<R>)
WEIGHTS * <F>
<m>[<i>]
np.sum(<M>, axis=0)
(<R> @ <S>)
(<S> @ <R>)
<s>[<j>]
<s>[:, <j>]
np.array([<F>, <F1>, 0.5])
np.cross(<R>, <R1>)
<r>[::-1]
(<v> @ <m>)
np.mean(<M>, axis=0)
np.diag(<S>)
<m>[np.array([0, -1])].sum(axis=0)
<m>.T @ <v>
np.where(<R> < <F>, <R1>, 1.0)
<r>.copy()
np.linalg.solve(4.0 * np.eye(3) + <tS>, <R>)
np.take(<r>, np.array([2, 0, 0]))
<r>[np.array([1, 1, 2])]
np.maximum(<R>, 0.0)
""")),
]  # fmt: skip

SQUARES = [
    operator("S", "S"), operator("S", "F"), operator("S", "R"),
    *expressions(*lines("""
np.sin(<S>)
<s>.T
np.outer(<R>, <R1>)
(<tS> @ <tS1>)
np.eye(3) * <F>
np.diag(<R>)
<m>.T @ <m1>
np.tril(<S>)
np.triu(<S>, 1)
np.linalg.inv(4.0 * np.eye(3) + <tS>)
np.linalg.cholesky(4.0 * np.eye(3) + 0.5 * (<tS> + <tS>.T))
np.kron(<r>, <r1>).reshape(3, 3)
(<s> + <s1>[:, :1])
np.stack((<r>, <r1>, <R>))
(<s> - <s>[0])
np.rot90(<s>)
np.linalg.matrix_power(<tS>, 2)
np.transpose(<s>)
""")),
]  # fmt: skip

MASKS = expressions(*lines("""
(<V> > <F>)
(<v> < <v1>)
np.logical_and(<v> > -0.5, <v1> < 0.5)
~(<v> > 0.2)
((<v> > 0.0) & (<v1> > 0.0))
((<v> > 0.3) | (<v1> < 0.1))
np.isfinite(<v>)
np.logical_not(<v> > 0.4)
np.logical_or(<v> > 0.5, <v1> < -0.5)
(<v> != 0.0)
((<v> > 0.0) ^ (<v1> > 0.0))
(np.arange(n) % 2 == 0)
np.bitwise_and(<v> > 0, <v1> > 0)
np.bitwise_or(<v> > 0, <v1> > 0)
np.bitwise_xor(<v> > 0, <v1> > 0)
np.invert(<v> > 0)
np.logical_xor(<v> > 0, <v1> > 0)
"""))  # fmt: skip

EXPRESSIONS = {
    FLOAT: [*FLOATS, *MORE[FLOAT]], VECTOR: [*VECTORS, *MORE[VECTOR]],
    MATRIX: [*MATRICES, *MORE[MATRIX]], ROW: [*ROWS, *MORE[ROW]], SQUARE: SQUARES, MASK: MASKS,
    ONE: ONES, PART: PARTS,
}  # fmt: skip
"""The rows of each type of expression."""

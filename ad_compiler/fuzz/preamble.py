"""What random programs find in their module: imports, globals and functions that they call."""

PREAMBLE = '''\
import functools
import itertools
import math

import numpy as np

from ad_compiler import (
    elementwise_grad, grad, hessian, hvp, jacobian, jvp, stop_gradient, value_and_grad, vjp
)

RATE = 0.75
WEIGHTS = np.array([0.5, -1.25, 2.0])


def near(k, s):
    return k + 0.05 * np.sin(s * k)


def fixed(w):
    w.flags.writeable = False
    return w


def blend(p, q, t=0.25):
    """Between p and q."""
    return p * (1.0 - t) + q * t


def squash(p):
    if p > 0.0:
        r = p / (1.0 + p)
    else:
        r = math.tanh(p)
    return r


SQUASHED = functools.partial(squash)


def scale(w, *, by=2.0):
    return w * by


def total(*p):
    r = 0.0
    for q in p:
        r = r * 0.5 + q
    return r


def apply(h, p):
    return h(p)


def pair(p, q):
    return p * q, p - q


def damp(p, rate=RATE):
    if p < -1.0:
        return -1.0
    for _ in range(3):
        p = math.sin(p * rate)
        if p > 0.9:
            return p * p
    return p


def looped(p, n):
    r = 1.0
    for k in range(n):
        r = math.cos(r * p + k)
    return r


def newton(p):
    q, k = 1.5, 0
    while True:
        k += 1
        step = (q * q - p * p - 1.0) / (2.0 * q)
        q = q - step
        if abs(step) < 1e-3 or k > 20:
            break
    return q


def horner(p):
    r = 0.0
    for w in WEIGHTS:
        r = r * math.tanh(p) + w
    return r


def cubed(p):
    return p * p * p


def energy(w):
    return np.sum(w**3) * w[0]


def smoothed(w):
    """Neighbours into each other, in a copy."""
    r = w.copy()
    r[1:] += 0.25 * w[:-1]
    return r


def push(xs, p):
    xs.append(p)


def bump(w, k, by):
    """Change one element, then all of them."""
    w[k] += by
    w *= 0.75


def smooth(w):
    """Neighbours into each other, through a view; gives the array back."""
    inner = w[1:]
    inner += 0.25 * w[:-1]
    return w


def fill_with(p, out):
    for k in range(len(out)):
        out[k] = math.sin(p * k)


def norm_with_work(w, work):
    work[:] = w
    work *= w
    return math.sqrt(np.sum(work) + 1.0)


'''
"""The beginning of the text of every program."""

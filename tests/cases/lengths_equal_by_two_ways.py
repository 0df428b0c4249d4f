"""Two equations of lengths, one of parts and one of the whole, sent the compiler in a circle."""
import numpy as np


def f(a, b, u, v, m):
    m[...] *= np.sum(u[1:] * v[:-1])
    q = m
    return np.sum(q + np.dot(v, u))


number = f


def arguments():
    r = np.random.default_rng(786082)
    return 0.5, 0.25, r.normal(size=6), r.normal(size=6), r.normal(size=(6, 3))

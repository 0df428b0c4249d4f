"""A list that grows is changed, and nobody reads it then: it may raise, so it stays."""
import numpy as np


def f(v, m):
    xs = [q * 2.0 for q in v]
    xs.pop()
    ys = [q * q for q in v]
    ys[1] = 2.0
    return np.sum(m)


number = f


def arguments():
    return np.ones(3), np.ones(2)

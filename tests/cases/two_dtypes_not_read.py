"""A name that is an array of one dtype or another, and is bound again without being read."""
import numpy as np


def f(b, v):
    if v[0] > 0:
        w = np.tanh(v)
    else:
        w = v * b
    z = w
    if v[0] > 5:
        z = v
    return np.sum(v * v)


number = f


def arguments():
    return np.float64(2.0), np.ones(2, np.float32)

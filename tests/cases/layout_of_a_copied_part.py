"""A part was copied row by row, and what was computed from it summed up in another order."""
import numpy as np


def f(b, m, n):
    for i in range(n):
        for j in range(i):
            if b > 5.0:
                break
            m[n] += 0.5
        else:
            m = np.arctan(m[::1])
    return np.sum(m)


number = f


def arguments():
    return 6.0, np.asfortranarray(np.random.default_rng(1).normal(size=(6, 3))), 4

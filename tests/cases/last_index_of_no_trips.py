"""The last index of a loop that did not run was asked for, by reverse over reverse."""
import math

import numpy as np


def f(a, b, m, n):
    s = a
    for i in range(n):
        for j in range(n - 1, i, -1):
            if a > b:
                s = s * math.sin(a) * m[i, 0]
                break
            s = s * math.cos(s) + m[j, 1]
            if m[0, 0] < s:
                break
    return s * np.sum(m * m)


number = f


def arguments():
    return 0.5, 1.5, np.random.default_rng(3).normal(size=(3, 3)), 3

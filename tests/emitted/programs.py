"""Ordinary functions, whose derivatives should read as if a person had written them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def polynomial(x: Any) -> Any:
    return 3 * x**3 - 2 * x**2 + x - 5


def horner(coefficients: Any, x: float) -> Any:
    p = 0.0
    for k in range(len(coefficients) - 1, -1, -1):
        p = p * x + coefficients[k]
    return p


def logistic(w: Any, features: Any, labels: Any) -> Any:
    margins = labels * (features @ w)
    return np.sum(np.log(1 + np.exp(-margins)))


def ridge(w: Any, a: Any, b: Any, strength: float) -> Any:
    residual = a @ w - b
    return residual @ residual + strength * np.sum(w**2)


def rk4_step(y: Any, h: float, k: float) -> Any:
    def slope(y: Any) -> Any:
        return -k * y

    k1 = slope(y)
    k2 = slope(y + 0.5 * h * k1)
    k3 = slope(y + 0.5 * h * k2)
    k4 = slope(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def pairwise(points: Any) -> Any:
    d = points[:, None, :] - points[None, :, :]
    return np.sum(np.sqrt(np.sum(d**2, axis=2) + 1e-9))


def softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def mlp(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    hidden = np.tanh(x @ w1 + b1)
    error = hidden @ w2 + b2 - y
    return np.mean(error**2)


def kepler(e: float, m: float) -> Any:
    x = m
    while abs(x - e * math.sin(x) - m) > 1e-12:
        x -= (x - e * math.sin(x) - m) / (1 - e * math.cos(x))
    return x


def orbit_energy(r: Any, v: Any, mu: float) -> Any:
    return 0.5 * np.sum(v**2) - mu / np.sqrt(np.sum(r**2))


def black_scholes(s: float, k: float, t: float, r: float, sigma: float) -> Any:
    d1 = (math.log(s / k) + (r + 0.5 * sigma**2) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    n1 = 0.5 * (1 + math.erf(d1 / math.sqrt(2)))
    n2 = 0.5 * (1 + math.erf(d2 / math.sqrt(2)))
    return s * n1 - k * math.exp(-r * t) * n2


def logsumexp(x: Any) -> Any:
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def huber(x: float, delta: float) -> Any:
    if abs(x) <= delta:
        return 0.5 * x**2
    return delta * (abs(x) - 0.5 * delta)


def piecewise(x: float) -> Any:
    if x < 0:
        y = math.exp(x)
    elif x < 1:
        y = 1 + math.sin(x)
    else:
        y = x**2
    return 2 * y


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def heat(u0: Any, c: float, n: int) -> Any:
    u = u0.copy()
    for _ in range(n):
        u[1:-1] += c * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def euler(y: float, h: float, n: int) -> Any:
    for _ in range(n):
        y = y + h * math.sin(y)
    return y


def trapezoid(f: Any, h: float) -> Any:
    return h * (np.sum(f) - 0.5 * (f[0] + f[-1]))


def moving_sum(x: Any, w: Any) -> Any:
    total = 0.0
    for i in range(len(x) - len(w) + 1):
        s = 0.0
        for j in range(len(w)):
            s += w[j] * x[i + j]
        total += s**2
    return total


def prefix_product(x: Any) -> Any:
    p = 1.0
    for v in x:
        p = p * v
    return p


def gaussian(x: Any, mean: float, sigma: float) -> Any:
    z = (x - mean) / sigma
    return -0.5 * np.sum(z**2) - len(x) * math.log(sigma)


def cosine(a: Any, b: Any) -> Any:
    return a @ b / np.sqrt((a @ a) * (b @ b))


def attention(q: Any, k: Any, v: Any) -> Any:
    scores = q @ k.T
    weights = np.exp(scores)
    weights = weights / np.sum(weights, axis=1, keepdims=True)
    return weights @ v


def polar(x: float, y: float) -> Any:
    return math.hypot(x, y), math.atan2(y, x)


def parameters(p: Any, x: Any) -> Any:
    return p["scale"] * np.tanh(x) + p["shift"]


def quadratic_form(x: Any, a: Any, b: Any) -> Any:
    return 0.5 * x @ a @ x - b @ x


def elementwise_chain(x: Any) -> Any:
    return np.exp(-(x**2)) * np.sin(x)


def affine(x: Any, w: Any, b: Any) -> Any:
    return w @ x + b


def layer(x: Any, w: Any, b: Any) -> Any:
    return np.tanh(w @ x + b)


def fixed_point(a: float) -> Any:
    x = 1.0
    for _ in range(50):
        new = math.cos(a * x)
        if abs(new - x) < 1e-10:
            break
        x = new
    return x


def newton(a: float, guess: float, n: int) -> Any:
    x = guess
    for _ in range(n):
        step = (x * x - a) / (2 * x)
        x -= step
        if abs(step) < 1e-9:
            break
    return x


def positive_scan(x: Any, decay: float) -> Any:
    s = 0.0
    for item in x:
        if item < 0:
            continue
        s = s * decay + math.sin(item)
    return s


def first_pair(x: Any, limit: float) -> Any:
    for i in range(len(x)):
        for j in range(i):
            if x[i] * x[j] > limit:
                return math.sin(x[i]) * x[j]
    return limit


def settle(x: float, rate: float) -> Any:
    while True:
        y = math.exp(-rate * x)
        if abs(y - x) < 1e-6:
            break
        x = y
    return y


def first_above(x: Any, limit: float) -> Any:
    for item in x:
        if item > limit:
            found = item**2
            break
    else:
        found = limit
    return found * limit


def guarded(x: float, y: float) -> Any:
    assert x > 0, f"x is {x:.3f}"
    if y < 0:
        raise ValueError("y is negative", y)
    return math.log(x) * math.sqrt(y)


def last_index(x: float, y: float, n: int) -> Any:
    for k in range(n):
        x = math.sin(x) + y
    return x * k  # pyright: ignore[reportPossiblyUnboundVariable]


def fractions(x: float, y: float) -> Any:
    return (x + y) / (x - y) + 1 / (x * y)


def wall(u: float, stiffness: float) -> float:
    if u > 1.0:
        return 0.5 * stiffness * (u - 1.0) ** 2
    return 0.0


def relaxed_chain(q: Any, k: float, stiffness: float, steps: int) -> Any:
    u = q.copy()
    energy = 0.0
    for step in range(steps):
        for i in range(1, len(u) - 1):
            if i % 2 == step % 2:
                u[i] = (1 - k) * u[i] + 0.5 * k * (u[i - 1] + u[i + 1])
        energy += wall(u[len(u) // 2], stiffness)
    return energy


def forward_algorithm(initial: Any, transition: Any, emission: Any, observed: Any) -> Any:
    alpha = initial * emission[:, observed[0]]
    log_likelihood = 0.0
    for t in range(1, len(observed)):
        alpha = (alpha @ transition) * emission[:, observed[t]]
        total = np.sum(alpha)
        alpha = alpha / total
        log_likelihood += np.log(total)
    return log_likelihood


def descent(w: Any, x: Any, y: Any, rate: float, steps: int) -> Any:
    for _ in range(steps):
        residual = x[1:] @ w - y[1:]
        w = w - rate * x[1:].T @ residual
    return np.sum(w**2)


def burgers(u: Any, nu: float, dx: float, dt: float, steps: int) -> Any:
    for _ in range(steps):
        before = u.copy()
        for i in range(1, len(u) - 1):
            slope = before[i] * (before[i] - before[i - 1]) / dx
            spread = nu * (before[i + 1] - 2 * before[i] + before[i - 1]) / dx**2
            u[i] = before[i] + dt * (spread - slope)
        u[0] = u[-2]
        u[-1] = u[1]
    return np.sum(u**2) * dx


def gates(weights: Any, state: Any, x: Any) -> Any:
    total = 0.0
    for k in range(len(weights)):
        w, row = weights[k], state[k]
        total += np.sum(np.tanh(x * w[0] + w[1]) * row[1])
        x = x * w[2]
    return total


def last_row(x: Any, y: Any) -> Any:
    states = x * x
    row = states[-1]
    row -= y
    return row @ row + np.sum(states)


def neighbour_products(x: Any) -> Any:
    return sum([x[i] * x[i - 1] for i in range(1, len(x))])


def canal(depth: Any, rate: float, steps: int) -> Any:
    n = len(depth)
    level = depth.copy()
    flow = np.zeros(n - 1)
    for _ in range(steps):
        for k in range(len(flow)):
            flow[k] += level[k] - level[k + 1]
        level[1:n] += rate * flow
        level[: n - 1] -= rate * flow
    return np.sum(level**2)


def joined(x: Any, w: Any) -> Any:
    a = np.concatenate([x, w])
    return np.sum(a[1:] * a[:-1])


def value_of(point: Any) -> Any:
    return point[1]


def first_of_the_sorted(x: Any) -> Any:
    points: list[Any] = []
    for i in range(len(x)):
        points.append((i, x[i]))
    points.sort(key=value_of)
    (_, least), *others = points
    return least * sum(v for _, v in others)


def softmax_loss(w: Any, x: Any, labels: Any) -> Any:
    """The cross-entropy of the right labels: what has its maximum taken away has no log of 0."""
    z = x @ w
    z = z - z.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(labels)), labels].mean()

"""The example of the encyclopedia: y = x1 x2 + sin(x1)."""

import math

from ad_compiler import grad, jvp


def f(x1: float, x2: float) -> float:
    """Its gradient is (x2 + cos(x1), x1)."""
    return x1 * x2 + math.sin(x1)


def main() -> None:
    """Print the gradient by one reverse sweep, and by two forward ones."""
    point = (2.0, 3.0)
    print("reverse:", grad(f, argnums=(0, 1))(*point))
    print("forward:", *(jvp(f, point, seed)[1] for seed in ((1.0, 0.0), (0.0, 1.0))))
    print("by hand:", point[1] + math.cos(point[0]), point[0])


if __name__ == "__main__":
    main()

"""The linear layer f(x) = W x: its Jacobian with respect to x is W."""

import numpy as np
from numpy.typing import NDArray

from ad_compiler import jacobian

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def layer(x: Vector, W: Matrix) -> Vector:
    """A linear layer."""
    return W @ x


def main() -> None:
    """Print the Jacobian beside W."""
    W = np.arange(6.0).reshape(2, 3)
    J = jacobian(layer)(np.array([1.0, -1.0, 2.0]), W)
    print("J =", J.tolist(), "and W =", W.tolist(), "equal:", bool(np.all(J == W)))


if __name__ == "__main__":
    main()

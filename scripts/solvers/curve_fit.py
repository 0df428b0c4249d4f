"""`scipy.optimize.curve_fit` with the derivatives of a model by its parameters."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from ad_compiler import jacobian

Vector = NDArray[np.float64]


def model(t: Vector, height: float, rate: float, frequency: float, level: float) -> Vector:
    """A damped swing."""
    return height * np.exp(-rate * t) * np.cos(frequency * t) + level


def slopes(t: Vector, *parameters: float) -> NDArray[np.float64]:
    """One column for each parameter, as `curve_fit` wants them."""
    by_parameter = jacobian(model, argnums=(1, 2, 3, 4))
    return np.stack(by_parameter(t, *parameters), axis=1)


TRUE = (2.5, 0.3, 4.0, 0.5)


def measured() -> tuple[Vector, Vector]:
    """Times, and values with noise."""
    t = np.linspace(0.0, 5.0, 200)
    return t, model(t, *TRUE) + 0.02 * np.random.default_rng(0).normal(size=t.size)


def fit() -> tuple[Any, Any]:
    """The parameters, and their covariance."""
    t, values = measured()
    found, covariance = curve_fit(model, t, values, p0=(2.0, 0.1, 3.8, 0.0), jac=slopes)
    return found, covariance


def main() -> None:
    """Print each parameter with its uncertainty."""
    found, covariance = fit()
    for name, value, variance in zip(
        ["height", "rate", "frequency", "level"], found, np.diag(covariance), strict=True
    ):
        print(f"{name:10} {value:7.4f} ± {np.sqrt(variance):.4f}")


if __name__ == "__main__":
    main()

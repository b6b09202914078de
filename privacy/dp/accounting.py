"""What differentially private training costs: epsilon of Poisson-sampled DP-SGD, and the noise that keeps within it.

One step looks at each person's row with probability `rate`, clips its gradient and adds Gaussian noise of `noise` times
the clipping norm (Abadi et al. 2016, https://arxiv.org/abs/1607.00133). The unit is one row, the neighbouring relation
add or remove one. Three accountants compose the steps, each an upper bound of the true epsilon:

- rdp: Rényi divergences (Mironov, Talwar and Zhang 2019, https://arxiv.org/abs/1908.10530), converted as in Balle et
  al. 2020 (https://arxiv.org/abs/1905.09982, theorem 21). Tables made before 2020 use Mironov's looser conversion;
- pld: privacy loss distributions with connected dots (Doroshenko et al. 2022, https://arxiv.org/abs/2207.04380);
- prv: privacy loss random variables (Gopi et al. 2021, https://arxiv.org/abs/2106.02848), Opacus's, which needs torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from models.errors import InputError

# an interval of the loss so narrow beside epsilon bounds the rounding of the pld: with the library's fixed 1e-4 the
# epsilon of a million gentle steps came out 15 times too large, and that of a few noiseless ones took a minute
INTERVALS = 50_000
# no more noise than this is looked for: the promise is so strict that nothing could be learned
MOST_NOISE = 2.0**20
# of the logarithm of the noise: how far a search goes at once, and how near it comes
STRIDE, TOLERANCE = 0.3, 1e-4


@dataclass(frozen=True)
class Sampled:
    """DP-SGD as it is accounted: `rows` people, each in a batch with probability batch / rows, for `epochs` passes.

    Raises InputError where the numbers describe no training.
    """

    rows: int
    batch: int
    epochs: float

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise InputError(f"A dataset has at least one row, not {self.rows:,}.")
        if self.batch < 1:
            raise InputError(f"A batch has at least one row, not {self.batch:,}.")
        if self.batch > self.rows:
            raise InputError(f"A batch of {self.batch:,} is larger than the {self.rows:,} rows. Choose a smaller one.")
        if not (math.isfinite(self.epochs) and self.epochs > 0):
            raise InputError(f"The number of epochs is above 0, not {self.epochs}.")

    @property
    def rate(self) -> float:
        """The probability with which a step looks at a row."""
        return self.batch / self.rows

    @property
    def steps(self) -> int:
        """ceil(epochs * rows / batch), exact for epochs as they are written (0.1 is a tenth)."""
        return math.ceil(Fraction(str(self.epochs)) * self.rows / self.batch)


@dataclass(frozen=True)
class Spent:
    """Epsilon at one delta by each accountant. `order` is the Rényi order that gave `rdp`; `prv` needs Opacus."""

    rdp: float
    pld: float
    prv: float | None
    order: float


def spent(sampled: Sampled, noise: float, delta: float) -> Spent:
    """Epsilon at `delta` after all steps with a noise multiplier of `noise`. InputError for what is no mechanism."""
    check_delta(delta)
    check_noise(noise)
    rdp, order = _rdp(sampled, noise, delta)
    return Spent(rdp, _pld(sampled, noise, delta, rdp), _prv(sampled, noise, delta, rdp), order)


def noise_for(sampled: Sampled, epsilon: float, delta: float) -> float:
    """The least noise multiplier, to one part in 10,000, whose epsilon by pld at `delta` is at most `epsilon`.

    Raises InputError where no noise keeps that promise, or the numbers are none.
    """
    check_epsilon(epsilon)
    check_delta(delta)

    def by_rdp(noise: float) -> float:
        return _rdp(sampled, noise, delta)[0]

    def by_pld(noise: float) -> float:
        return _pld(sampled, noise, delta, by_rdp(noise))

    # the rdp is quick and loose: it finds where to look, and the pld looks there
    return _least(by_pld, epsilon, _least(by_rdp, epsilon, 1.0))


def _least(costs: Callable[[float], float], epsilon: float, near: float) -> float:
    """The least noise at which `costs`, which falls with noise, is at most `epsilon`; looked for around `near`."""
    from scipy.optimize import brentq

    def excess(logarithm: float) -> float:
        return math.log(max(costs(math.exp(logarithm)), 1e-12) / epsilon)

    low, high = math.log(near) - STRIDE, math.log(near)
    while excess(high) > 0:
        low, high = high, high + STRIDE
        if high > math.log(MOST_NOISE):
            raise InputError(f"No noise keeps epsilon at {epsilon:g} with so many steps. Allow more, or train shorter.")
    while excess(low) <= 0:
        low, high = low - STRIDE, low
    found = brentq(excess, low, high, xtol=TOLERANCE / 2)
    # the root may lie a hair on the wrong side; the promise may not
    while excess(found) > 0:
        found += TOLERANCE / 2
    return math.exp(found)


def check_epsilon(epsilon: float) -> None:
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise InputError(f"Epsilon is above 0, not {epsilon}. The smaller, the stronger the promise; 1 to 8 is usual.")


def check_delta(delta: float) -> None:
    if not 0 < delta < 1:
        raise InputError(f"Delta lies between 0 and 1, not {delta}. Usual is less than one part of the rows.")


def check_noise(noise: float) -> None:
    if not (math.isfinite(noise) and noise > 0):
        raise InputError(f"The noise multiplier is above 0, not {noise}. Without noise there is no promise.")


def cautions(rows: int, epsilon: float, delta: float) -> list[str]:
    """Sentences about a promise that holds and protects little."""
    told = []
    if delta > 1 / rows:
        told.append(
            f"Delta {delta:g} is above 1/n = {1 / rows:.2g}: publishing one person's row outright would keep this "
            "promise. Choose a smaller delta."
        )
    if epsilon > 10:
        told.append(
            f"Epsilon {epsilon:.3g} is large: the promise lets an attacker's odds about one person grow "
            f"{_odds(epsilon)}-fold. Test it with an attack before relying on it."
        )
    return told


def _odds(epsilon: float) -> str:
    return f"{math.exp(epsilon):.2g}" if epsilon < 700 else "e^" + f"{epsilon:.3g}"


def _event(sampled: Sampled, noise: float) -> Any:
    import dp_accounting

    step = dp_accounting.GaussianDpEvent(noise)
    if sampled.rate < 1:
        step = dp_accounting.PoissonSampledDpEvent(sampled.rate, step)
    return dp_accounting.SelfComposedDpEvent(step, sampled.steps)


def _rdp(sampled: Sampled, noise: float, delta: float) -> tuple[float, float]:
    from dp_accounting.rdp import RdpAccountant

    epsilon, order = RdpAccountant().compose(_event(sampled, noise)).get_epsilon_and_optimal_order(delta)
    return float(epsilon), float(order)


def _pld(sampled: Sampled, noise: float, delta: float, scale: float) -> float:
    """`scale` is a rough epsilon, from which the width of the loss's intervals is taken."""
    from dp_accounting.pld import PLDAccountant

    accountant = PLDAccountant(value_discretization_interval=max(scale, 1e-9) / INTERVALS)
    return float(accountant.compose(_event(sampled, noise)).get_epsilon(delta))


def _prv(sampled: Sampled, noise: float, delta: float, scale: float) -> float | None:
    """Within a thousandth of `scale`, a rough epsilon: Opacus's fixed 0.01 takes hours where epsilon is large."""
    try:
        from opacus.accountants import PRVAccountant
    except ModuleNotFoundError:
        return None
    accountant = PRVAccountant()
    accountant.history = [(noise, sampled.rate, sampled.steps)]
    return float(accountant.get_epsilon(delta=delta, eps_error=max(0.01, scale / 1_000)))

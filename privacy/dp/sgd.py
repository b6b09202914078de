"""DP-SGD (Abadi et al. 2016, arXiv:1607.00133) over arrays: Poisson sampling by index, ghost clipping, Gaussian noise.

The updates have the same distribution as those of Opacus with Poisson sampling; what is left out is its data loader and
its copy of the weights for each row. Opacus stays the judge: tests compare every row's gradient with its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.errors import InputError
from privacy.dp.accounting import Sampled
from privacy.dp.network import Network, backward
from privacy.dp.randomness import Randomness

if TYPE_CHECKING:
    import torch

# rows that are differentiated at once; a batch larger than that is added up from pieces
PIECE = 8_192
# adaptive clipping (Andrew et al. 2021, arXiv:1905.03871): the quantile of norms that is aimed at, how fast, and the
# noise on the count of rows within the norm as a share of the batch
QUANTILE, RATE, COUNT_NOISE = 0.5, 0.2, 0.05

Told = Callable[[int, float], None]


@dataclass(frozen=True)
class Recipe:
    """How to train. `noise` is the multiplier that is accounted for (0 for the twin that promises nothing, which is not
    clipped either); `clip` the norm to which each row's gradient is cut, or to begin with where it adapts."""

    sampled: Sampled
    noise: float
    clip: float = 1.0
    adaptive: bool = False
    learning_rate: float = 0.01

    @property
    def gradient_noise(self) -> float:
        """The multiplier of the gradients' noise. Adaptive clipping spends the rest on the noisy count, so that the two
        together cost what `noise` alone would (theorem 1 of Andrew et al.)."""
        if not self.adaptive or not self.noise:
            return self.noise
        spread = 2 * COUNT_NOISE * self.sampled.batch
        if spread <= self.noise:
            raise InputError(
                f"Adaptive clipping needs a batch above {self.noise / (2 * COUNT_NOISE):,.0f} with so much noise. "
                "Choose a larger batch, or a fixed clipping norm."
            )
        return float((self.noise**-2 - spread**-2) ** -0.5)


def train(
    network: Network, x: torch.Tensor, y: torch.Tensor, recipe: Recipe, source: Randomness, told: Told | None = None
) -> Network:
    """Train on rows `x` (n, inputs) of classes `y` (n,), on the device they are on, and return the trained network.

    told(steps done, clipping norm) after each step. The optimiser is Adam, which sees noised sums only. Raises
    InputError where training leaves the numbers.
    """
    import torch

    weights = [each.clone().to(x.device) for each in network.parameters]
    layers = len(network.weights)
    here = Network(tuple(weights[:layers]), tuple(weights[layers:]))
    optimiser = torch.optim.Adam(weights, lr=recipe.learning_rate)
    clip = recipe.clip
    for step in range(recipe.sampled.steps):
        chosen = torch.from_numpy(np.flatnonzero(source.uniform(len(x)) < recipe.sampled.rate)).to(x.device)
        total, within = _clipped_sum(here, x, y, chosen, clip if recipe.noise else math.inf)
        if recipe.noise:
            _add_noise(total, recipe.gradient_noise * clip, source)
        for weight, gradient in zip(weights, total, strict=True):
            weight.grad = gradient / recipe.sampled.batch
        optimiser.step()
        if recipe.adaptive and recipe.noise:
            clip *= _adapted(within, recipe, source)
        if told:
            told(step + 1, clip)
    if not all(bool(torch.isfinite(weight).all()) for weight in weights):
        raise InputError("Training diverged: the weights are no numbers any more. Choose a lower learning rate.")
    return here


def _clipped_sum(
    network: Network, x: torch.Tensor, y: torch.Tensor, chosen: torch.Tensor, clip: float
) -> tuple[list[torch.Tensor], int]:
    """The sum of the chosen rows' gradients, each of a norm of at most `clip`, and how many were within it anyway."""
    import torch

    total, within = [torch.zeros_like(each) for each in network.parameters], 0
    for start in range(0, len(chosen), PIECE):
        rows = chosen[start : start + PIECE]
        found = backward(network, x[rows], y[rows])
        norms = found.norms()
        for sum_so_far, more in zip(total, found.weighted((clip / (norms + 1e-6)).clamp(max=1.0)), strict=True):
            sum_so_far += more
        within += int((norms <= clip).sum())
    return total, within


def _add_noise(total: list[torch.Tensor], scale: float, source: Randomness) -> None:
    """Independent normal noise on every coordinate, drawn at once."""
    import torch

    drawn = torch.from_numpy(source.normal(sum(each.numel() for each in total)) * scale)
    used = 0
    for each in total:
        each += drawn[used : used + each.numel()].reshape(each.shape).to(each)
        used += each.numel()


def _adapted(within: int, recipe: Recipe, source: Randomness) -> float:
    """The factor by which the clipping norm moves towards the quantile."""
    noisy = within + float(source.normal(1)[0]) * COUNT_NOISE * recipe.sampled.batch
    return math.exp(-RATE * (noisy / recipe.sampled.batch - QUANTILE))

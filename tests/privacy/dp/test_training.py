"""The training's arithmetic against Opacus, its noise, its sampling, and what adaptive clipping costs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.errors import InputError
from privacy.dp.accounting import Sampled
from privacy.dp.randomness import Secure, Seeded

torch = pytest.importorskip("torch", reason="the privacy group is not installed")

from privacy.dp.network import Network, backward, logits, new_network  # noqa: E402
from privacy.dp.sgd import COUNT_NOISE, Recipe, train  # noqa: E402

WIDTHS = [(20, 3), (20, 16, 2), (100, 64, 32, 5)]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def rows(n: int, inputs: int, classes: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = np.random.default_rng(3)
    x = drawn.standard_normal((n, inputs)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy((x[:, :classes]).argmax(1))


def of_opacus(network: Network, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    """Each row's gradient by Opacus's hooks, in the order of Network.parameters."""
    from opacus import GradSampleModule

    layers = [torch.nn.Linear(*weight.T.shape) for weight in network.weights]
    with torch.no_grad():
        for layer, weight, bias in zip(layers, network.weights, network.biases, strict=True):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    between = [part for layer in layers for part in (layer, torch.nn.ReLU())][:-1]
    module = GradSampleModule(torch.nn.Sequential(*between), loss_reduction="sum")
    torch.nn.functional.cross_entropy(module(x), y, reduction="sum").backward()
    return [each.weight.grad_sample for each in layers] + [each.bias.grad_sample for each in layers]


@pytest.mark.filterwarnings("ignore:Full backward hook")
@pytest.mark.parametrize("widths", WIDTHS)
def test_every_rows_gradient_is_opacuss(widths: tuple[int, ...]) -> None:
    network = new_network(widths, seed=1)
    x, y = rows(64, widths[0], widths[-1])
    found, theirs = backward(network, x, y), of_opacus(network, x, y)
    for ours, judge in zip(found.each(), theirs, strict=True):
        assert torch.allclose(ours, judge, atol=1e-6)
    norms = sum(each.flatten(1).square().sum(1) for each in theirs).sqrt()
    assert torch.allclose(found.norms(), norms, atol=1e-5)
    by = torch.rand(64)
    for ours, judge in zip(found.weighted(by), theirs, strict=True):
        assert torch.allclose(ours, torch.einsum("n,n...->...", by, judge), atol=1e-4)


class Told(Seeded):
    """Draws as seeded, and keeps what was asked of it."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.asked: list[tuple[str, int]] = []

    def uniform(self, size: int) -> np.ndarray:
        self.asked.append(("uniform", size))
        return super().uniform(size)

    def normal(self, size: int) -> np.ndarray:
        self.asked.append(("normal", size))
        return super().normal(size)


def test_each_step_draws_who_is_in_it_and_noise_for_every_weight() -> None:
    x, y = rows(200, 5)
    source = Told(0)
    train(new_network((5, 2), 0), x, y, Recipe(Sampled(200, 20, 1), noise=1.0), source)
    assert source.asked == [("uniform", 200), ("normal", 12)] * 10


class Loud(Seeded):
    """Takes everybody each time and gives a noise of 1 everywhere."""

    def uniform(self, size: int) -> np.ndarray:
        return np.zeros(size)

    def normal(self, size: int) -> np.ndarray:
        return np.ones(size)


def test_what_the_optimiser_sees_is_the_clipped_sum_and_the_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []

    def step(self: torch.optim.Adam, closure: None = None) -> None:
        seen.extend(each.grad.clone() for group in self.param_groups for each in group["params"])

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    network, (x, y) = new_network((5, 2), 0), rows(30, 5)
    train(network, x, y, Recipe(Sampled(30, 10, 0.1), noise=2.0, clip=0.5), Loud(0))
    each = backward(network, x, y).each()
    norms = sum(part.flatten(1).square().sum(1) for part in each).sqrt()
    factor = (0.5 / norms).clamp(max=1)
    assert (norms > 0.5).any()
    for got, gradients in zip(seen, each, strict=True):
        expected = (torch.einsum("n,n...->...", factor, gradients) + 2.0 * 0.5) / 10
        assert torch.allclose(got, expected, atol=1e-5)


def test_it_learns_with_and_without_noise_and_a_seed_repeats_it() -> None:
    x, y = rows(4_000, 6)
    network = new_network((6, 16, 2), 0)

    def accuracy(recipe: Recipe, seed: int) -> float:
        return float((logits(train(network, x, y, recipe, Seeded(seed)), x).argmax(1) == y).float().mean())

    sampled = Sampled(4_000, 200, 10)
    assert accuracy(Recipe(sampled, 1.0), 1) > 0.85
    assert accuracy(Recipe(sampled, 1.0, adaptive=True), 1) > 0.85
    assert accuracy(Recipe(sampled, 0.0), 1) > 0.95
    assert accuracy(Recipe(sampled, 1.0), 1) == accuracy(Recipe(sampled, 1.0), 1) != accuracy(Recipe(sampled, 1.0), 2)


def test_adaptive_clipping_costs_what_the_noise_says() -> None:
    """Two Gaussian mechanisms of multipliers a and b are one of (a^-2 + b^-2)^-1/2; the count's sensitivity is 1/2."""
    recipe = Recipe(Sampled(10_000, 500, 1), noise=1.3, adaptive=True)
    on_the_count = COUNT_NOISE * 500 / 0.5
    assert (recipe.gradient_noise**-2 + on_the_count**-2) ** -0.5 == pytest.approx(1.3)
    with pytest.raises(InputError, match="Choose a larger batch"):
        _ = Recipe(Sampled(100, 10, 1), noise=2.0, adaptive=True).gradient_noise


def test_a_training_that_leaves_the_numbers_is_said() -> None:
    x, y = rows(50, 5)
    with pytest.raises(InputError, match="diverged"):
        train(new_network((5, 2), 0), x * math.inf, y, Recipe(Sampled(50, 10, 1), 1.0), Seeded(0))


@pytest.mark.parametrize("source", [Secure(), Seeded(5)])
def test_noise_is_normal_and_sampling_uniform(source: Secure | Seeded) -> None:
    from scipy.stats import kstest

    assert kstest(source.normal(20_000), "norm").pvalue > 1e-6
    assert kstest(source.uniform(20_000), "uniform").pvalue > 1e-6


def test_the_secure_source_never_repeats() -> None:
    assert not np.array_equal(Secure().normal(10), Secure().normal(10))

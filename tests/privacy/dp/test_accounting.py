"""Epsilon against exact cases, against published tables, and the noise that keeps within it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from scipy.stats import norm

from models.errors import InputError
from plumbline_client.main import run
from privacy.dp.accounting import Sampled, cautions, noise_for, spent


def exact_delta(epsilon: float, noise: float) -> float:
    """Of the Gaussian mechanism (Balle and Wang 2018, https://arxiv.org/abs/1805.06530, theorem 8)."""
    half = 1 / (2 * noise)
    return norm.cdf(half - epsilon * noise) - math.exp(epsilon) * norm.cdf(-half - epsilon * noise)


@pytest.mark.parametrize(("noise", "epochs"), [(2.0, 1), (40.0, 400), (0.5, 1), (10.0, 7)])
def test_without_sampling_the_pld_is_the_gaussian_mechanism_exactly(noise: float, epochs: int) -> None:
    found = spent(Sampled(100, 100, epochs), noise, 1e-5)
    assert exact_delta(found.pld, noise / math.sqrt(epochs)) == pytest.approx(1e-5, rel=1e-3)
    assert found.rdp > found.pld


@pytest.mark.parametrize(
    ("batch", "noise", "epochs", "published"), [(256, 1.3, 15, 1.19), (256, 1.1, 60, 3.01), (256, 0.7, 45, 7.10)]
)
def test_mironovs_conversion_gives_the_table_of_tensorflow_privacy(
    batch: int, noise: float, epochs: int, published: float
) -> None:
    """The tutorial's MNIST table (60,000 rows, delta 1e-5); its conversion is the looser one, so ours lies below."""
    from dp_accounting.rdp import RdpAccountant

    from privacy.dp.accounting import _event

    sampled = Sampled(60_000, batch, epochs)
    accountant = RdpAccountant().compose(_event(sampled, noise))
    before_2020 = min(
        rdp + math.log(1e5) / (order - 1) for order, rdp in zip(accountant._orders, accountant._rdp, strict=True)
    )
    assert before_2020 == pytest.approx(published, abs=0.01)
    found = spent(sampled, noise, 1e-5)
    assert found.pld < found.rdp < published


def test_a_million_gentle_steps_and_a_few_harsh_ones_are_bounded_closely() -> None:
    gentle = spent(Sampled(100_000, 1, 10), 20.0, 1e-9)
    assert gentle.pld < 0.2 * gentle.rdp
    assert spent(Sampled(1_000, 1, 0.01), 0.05, 1e-6).pld == pytest.approx(443.46, abs=0.05)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0, 1000.0])
def test_the_noise_keeps_the_promise_and_is_the_least_that_does(epsilon: float) -> None:
    sampled = Sampled(45_000, 512, 20)
    noise = noise_for(sampled, epsilon, 1e-5)
    assert spent(sampled, noise, 1e-5).pld <= epsilon
    assert spent(sampled, noise * 0.999, 1e-5).pld > epsilon


def test_steps_are_exact() -> None:
    assert Sampled(1_000, 10, 0.1).steps == 10
    assert Sampled(60_000, 256, 60).steps == 14_063
    assert Sampled(10, 10, 3).steps == 3


@pytest.mark.parametrize(
    ("sampling", "noise", "delta", "says"),
    [
        ((0, 1, 1), 1, 1e-5, "at least one row"),
        ((10, 0, 1), 1, 1e-5, "at least one row"),
        ((10, 11, 1), 1, 1e-5, "larger than the 10 rows"),
        ((10, 1, 0), 1, 1e-5, "epochs is above 0"),
        ((10, 1, math.inf), 1, 1e-5, "epochs is above 0"),
        ((10, 1, 1), 0, 1e-5, "Without noise there is no promise"),
        ((10, 1, 1), math.nan, 1e-5, "Without noise there is no promise"),
        ((10, 1, 1), 1, 0, "Delta lies between"),
        ((10, 1, 1), 1, 1, "Delta lies between"),
    ],
)
def test_what_is_no_training_is_refused(
    sampling: tuple[int, int, float], noise: float, delta: float, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        spent(Sampled(*sampling), noise, delta)


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.inf, math.nan])
def test_an_epsilon_that_is_none_is_refused(epsilon: float) -> None:
    with pytest.raises(InputError, match="Epsilon is above 0"):
        noise_for(Sampled(100, 10, 1), epsilon, 1e-5)


def test_a_promise_that_protects_little_is_said() -> None:
    assert cautions(1_000, 1, 1e-5) == []
    assert "above 1/n" in cautions(1_000, 1, 1e-2)[0]
    assert "large" in cautions(1_000, 50, 1e-5)[0]
    assert "e^1e+04" in cautions(1_000, 10_000, 1e-5)[0]


def test_the_command_writes_each_accountants_epsilon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "account.json"
    line = "privacy account --rows 60000 --batch 256 --noise 1.1 --epochs 60 --delta 1e-5 --json"
    assert run([*line.split(), str(out)]) == 0
    written = json.loads(out.read_text())
    assert written["epsilon"]["rdp"] == pytest.approx(2.597, abs=0.001)
    assert written["epsilon"]["pld"] == pytest.approx(2.382, abs=0.001)
    assert set(written["epsilon"]) == {"rdp", "pld", "prv"}
    assert (written["order"], written["steps"]) == (8.1, 14_063)
    assert "14,063 steps" in capsys.readouterr().out


def test_the_command_warns_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "privacy account --rows 100 --batch {} --noise 1.1 --epochs 1 --delta 0.05"
    assert run(line.format(10).split()) == 0
    assert "above 1/n" in capsys.readouterr().err
    assert run(line.format(200).split()) == 2
    assert "larger than the 100 rows" in capsys.readouterr().err

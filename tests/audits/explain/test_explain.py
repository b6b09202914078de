"""What is told of a model: measurements that can be recomputed, groups, single cases, proxies, what is held back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from audits.explain.explain import explain
from audits.explain.request import Request
from audits.explain.summary import absolute_mean, rank_correlation
from audits.measure.types import CheckResult, Table
from models.errors import InputError
from tests.audits.explain.games import quiet

INPUTS = ["income", "debt", "proxy", "age"]
N = 600
ASKED = Request(positive="1", sensitive=("sex", "age"), exclude=("bad",), adverse_from_threshold=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(9)
    sex = np.where(np.arange(N) < 560, rng.choice(["female", "male"], N), "other")
    income, debt = rng.normal(size=N), rng.normal(size=N)
    columns = {
        "income": income,
        "debt": debt,
        "proxy": (sex == "male") + rng.normal(scale=0.2, size=N),
        "age": rng.integers(0, 3, N).astype(float),
        "sex": sex,
        "bad": (debt - income + (sex == "male") > 0).astype(int),
    }
    path = tmp_path_factory.mktemp("data") / "rows.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def trained(data: Path, model: object) -> object:
    rows = pq.read_table(data).to_pandas()
    return model.fit(rows[INPUTS], rows["bad"])  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def boosted(data: Path) -> Path:
    import skops.io

    path = data.parent / "boosted.skops"
    skops.io.dump(trained(data, HistGradientBoostingClassifier(max_iter=20)), path)
    return path


@pytest.fixture(scope="module")
def network(data: Path) -> Path:
    import skops.io

    path = data.parent / "network.skops"
    skops.io.dump(
        trained(data, make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=300, random_state=0))), path
    )
    return path


@pytest.fixture(scope="module")
def found(boosted: Path, data: Path) -> CheckResult:
    return explain(boosted, data, ASKED, quiet)


def table(result: CheckResult, start: str) -> Table:
    return next(t for t in result.tables if t.id.startswith(start))


def test_each_input_has_a_measurement_that_follows_from_its_details(found: CheckResult) -> None:
    assert [m.feature for m in found.measurements] == INPUTS
    for m in found.measurements:
        assert m.details is not None
        assert m.interval is not None
        value, interval = absolute_mean(m.details)
        assert (m.check, m.metric, m.n, dict(m.group)) == ("explanation", "mean_absolute_shapley", N, {})
        assert (value, interval) == (m.value, m.interval)
        assert value == pytest.approx(m.details["sum"] / m.details["n"])
        assert m.interval.low < value < m.interval.high
        assert m.details["space"] == "log-odds"
        assert m.details["method"] == "interventional, exact (WOODELF)"


def test_the_interval_is_students_on_the_mean(found: CheckResult) -> None:
    value, interval = absolute_mean({"n": 4, "sum": 20.0, "sum_of_squares": 120.0})

    assert value == 5.0
    assert interval is not None
    assert interval.high == pytest.approx(5.0 + 3.18244630528371 * np.sqrt(20 / 3 / 4))


def test_the_gap_between_groups_is_the_sum_of_its_inputs(found: CheckResult) -> None:
    rows = [row for row in table(found, "explanation-groups-1").rows if row[0] == "male"]
    together = next(row for row in rows if row[1] == "all inputs together")

    assert sum(row[2] for row in rows if row is not together) == pytest.approx(together[2])
    assert max(rows[1:], key=lambda row: row[2])[1] == "proxy"
    assert together[5] > together[7] > 0


def test_single_cases_add_up_to_their_score(found: CheckResult) -> None:
    rows = table(found, "explanation-cases").rows
    names = {row[0] for row in rows}

    assert names == {"the highest score", "nearest the threshold", "the lowest score"}
    for name in names:
        case = [row for row in rows if row[0] == name]
        assert 1 / (1 + np.exp(-sum(row[4] for row in case))) == pytest.approx(case[0][1], abs=1e-9)


def test_sensitive_inputs_and_proxies_are_named(found: CheckResult) -> None:
    notes = " ".join(found.notes)
    first = table(found, "explanation-proxies").rows[0]

    assert "age is a sensitive attribute and an input of the model itself" in notes
    assert "The input proxy follows sex closely (correlation ratio" in notes
    assert first[:3] == ("sex", "proxy", "correlation ratio")


def test_small_groups_and_single_cases_are_held_back_where_small_counts_are(boosted: Path, data: Path) -> None:
    held_back = explain(boosted, data, replace(ASKED, suppress=50), quiet)
    groups = {row[0] for row in table(held_back, "explanation-groups-1").rows}

    assert not any(t.id == "explanation-cases" for t in held_back.tables)
    assert "other" not in groups
    # the mean of "other" would follow from everybody's and those of two groups, so one more is held back
    assert len(groups) == 1
    assert all(
        row[-1] is None or row[-1] == 0 or row[-1] >= 50 for row in table(held_back, "explanation-groups-1").rows
    )
    assert all(row[2] >= 50 for t in held_back.tables if "dependence" in t.id for row in t.rows)


def test_a_model_that_cannot_be_taken_apart_is_sampled_with_its_errors_apart(network: Path, data: Path) -> None:
    result = explain(network, data, replace(ASKED, evaluations=40_000), quiet)

    assert any("Values are sampled, not exact: we cannot take MLPClassifier apart exactly." in n for n in result.notes)
    for m in result.measurements:
        assert m.details is not None
        assert m.details["space"] == "probability"
        assert m.n == 250
        both = np.hypot(m.details["error_from_orders"], m.details["error_from_rows"])
        spread = m.details["sum_of_squares"] / m.n - (m.details["sum"] / m.n) ** 2
        assert both == pytest.approx(np.sqrt(spread / (m.n - 1)), rel=1e-6)


def test_sampled_values_lie_within_their_error_of_the_exact_ones(data: Path) -> None:
    import skops.io

    path = data.parent / "forest.skops"
    skops.io.dump(trained(data, RandomForestClassifier(5, max_depth=5, random_state=0)), path)

    exact = explain(path, data, ASKED, quiet).measurements
    sampled = explain(path, data, replace(ASKED, method="sampled"), quiet).measurements

    for true, estimate in zip(exact, sampled, strict=True):
        assert true.details is not None
        assert estimate.details is not None
        assert true.details["space"] == estimate.details["space"] == "probability"
        assert estimate.n == true.n
        assert true.value is not None
        assert estimate.value is not None
        errors = 4 * estimate.details["error_from_orders"]
        assert -errors < estimate.value - true.value < errors + estimate.details["bias_at_most"]


def test_the_same_seed_gives_the_same_sample(network: Path, data: Path) -> None:
    asked = replace(ASKED, evaluations=5_000, rows=300, background=200)

    one, two, other = (explain(network, data, replace(asked, seed=seed), quiet).to_json() for seed in (1, 1, 2))

    assert one == two
    assert one != other


def test_trees_too_deep_to_take_apart_are_sampled(tmp_path: Path, data: Path) -> None:
    import skops.io

    steep = DecisionTreeRegressor().fit(pd.DataFrame({"income": np.arange(N)}), 2.0 ** np.arange(N))
    skops.io.dump(steep, tmp_path / "steep.skops")

    result = explain(tmp_path / "steep.skops", data, Request("1", ("sex",), exclude=("bad",), evaluations=400), quiet)

    assert any("its trees ask up to 599 questions one after the other" in note for note in result.notes)


def test_a_method_that_does_not_exist_is_refused(boosted: Path, data: Path) -> None:
    with pytest.raises(InputError, match="method is one of auto, path-dependent, sampled"):
        explain(boosted, data, replace(ASKED, method="guess"), quiet)


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 5, 50).astype(float), rng.normal(size=50)

    assert rank_correlation(one, two) == pytest.approx(float(spearmanr(one, two).statistic))


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ([-0.624, 0.0, 1.076], "The score rises with age: it moves it by −0.62 to +1.08"),
        ([0.5, 0.1], "The score falls with age: it moves it by +0.10 to +0.50"),
        ([0.1, 0.5, 0.2], "The score goes up and down with age: it moves it by +0.10 to +0.50"),
        ([0.25], "age moves the score by +0.25 in every part of the rows"),
        ([], "age has no known value"),
    ],
)
def test_the_title_of_a_dependence_states_what_it_shows(moves, said):
    from audits.explain.dependence import _finding

    assert _finding("age", moves) == said

"""Figures that others published, reproduced through `run_audit` from the counts behind them (see data/README.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.audits.measure.tables import audit, figure, policy, spread, value

DATA = Path(__file__).parent / "data"
RACES = ("African-American", "Asian", "Caucasian", "Hispanic", "Native American", "Other")


def counts(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}_counts.csv")


@pytest.fixture(scope="module")
def compas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    rows = spread(counts("compas"))
    return audit(
        rows,
        tmp_path_factory.mktemp("compas"),
        sensitive=("race",),
        label="two_year_recid",
        score="decile_score",
        threshold=5,
        favourable="0",
    )


@pytest.fixture(scope="module")
def aequitas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    rows = spread(counts("aequitas_compas"))
    return audit(
        rows, tmp_path_factory.mktemp("aequitas"), sensitive=("race",), label="label_value", prediction="score"
    )


def cells(result: dict[str, Any], race: str | None) -> dict[str, int]:
    """tn, fp, fn, tp of a group (None: of everybody) as they stand in the exported cube."""
    one = next(s for s in result["cube"]["sets"] if s["attributes"] == (["race"] if race else []))
    wanted = one["groups"].index([race] if race else [])
    found = {"tn": 0, "fp": 0, "fn": 0, "tp": 0}
    names = {(0, 0): "tn", (0, 1): "fp", (1, 0): "fn", (1, 1): "tp"}
    columns = (one["cells"][c] for c in ("group", "label", "prediction", "n"))
    for group, label, prediction, n in zip(*columns, strict=True):
        if group == wanted:
            found[names[label, prediction]] += n
    return found


@pytest.mark.parametrize(
    ("race", "table", "fpr", "fnr", "ppv", "npv"),
    [
        (None, (2681, 1282, 1216, 2035), 32.35, 37.40, 0.61, 0.69),
        ("African-American", (990, 805, 532, 1369), 44.85, 27.99, 0.63, 0.65),
        ("Caucasian", (1139, 349, 461, 505), 23.45, 47.72, 0.59, 0.71),
    ],
)
def test_propublica_compas_tables(
    compas: dict[str, Any], race: str | None, table: tuple[int, ...], fpr: float, fnr: float, ppv: float, npv: float
) -> None:
    """propublica/compas-analysis "Compas Analysis.ipynb" @bafff5da."""
    found = cells(compas, race)
    assert (found["tn"], found["fp"], found["fn"], found["tp"]) == table
    group = {"race": race} if race else {}
    assert 100 * value(compas, "false_positive_rate", group) == pytest.approx(fpr, abs=0.0051)
    assert 100 * value(compas, "false_negative_rate", group) == pytest.approx(fnr, abs=0.0051)
    assert value(compas, "precision", group) == pytest.approx(ppv, abs=0.0051)
    assert found["tn"] / (found["tn"] + found["fn"]) == pytest.approx(npv, abs=0.0051)


def test_propublica_filtered_counts(tmp_path: Path) -> None:
    """The same notebook after its filter: 6,172 people, 2,809 of them with a new charge."""
    rows = spread(counts("compas").query("within_30_days == 1"))
    found = audit(
        rows, tmp_path, sensitive=("race",), label="two_year_recid", score="decile_score", threshold=5, favourable="0"
    )
    assert found["cube"]["schema"] == "plumbline.cube/1"
    assert figure(found, "base_rate")["n"] == 6172
    assert value(found, "base_rate") == pytest.approx(2809 / 6172, abs=1e-12)
    by_race = [figure(found, "base_rate", {"race": race})["n"] for race in RACES]
    assert by_race == [3175, 31, 2103, 509, 11, 343]


@pytest.mark.parametrize(
    ("race", "fp", "fn", "tn", "tp"),
    [
        ("African-American", 805, 532, 990, 1369),
        ("Asian", 2, 3, 21, 6),
        ("Caucasian", 349, 461, 1139, 505),
        ("Hispanic", 87, 129, 318, 103),
        ("Native American", 3, 1, 5, 9),
        ("Other", 36, 90, 208, 43),
    ],
)
def test_aequitas_crosstab(aequitas: dict[str, Any], race: str, fp: int, fn: int, tn: int, tp: int) -> None:
    """dssg/aequitas docs/source/examples/compas_demo.ipynb @4dc71c69."""
    assert cells(aequitas, race) == {"tn": tn, "fp": fp, "fn": fn, "tp": tp}


@pytest.mark.parametrize(
    ("race", "metric", "expected"),
    [
        ("African-American", "false_negative_rate", 0.503301),
        ("African-American", "false_positive_rate", 2.087696),
        ("African-American", "selection_rate", 1.97203),
        ("African-American", "precision", 1.16161),
        ("African-American", "true_negative_rate", 0.702423),
        ("African-American", "true_positive_rate", 1.622079),
        ("Caucasian", "false_negative_rate", 0.858266),
        ("Caucasian", "false_positive_rate", 1.091838),
        ("Caucasian", "selection_rate", 1.166727),
        ("Asian", "false_negative_rate", 0.599483),
        ("Asian", "false_positive_rate", 0.404798),
        ("Other", "false_negative_rate", 1.216996),
        ("Other", "false_positive_rate", 0.686829),
        ("Other", "selection_rate", 0.702541),
    ],
)
def test_aequitas_disparities_against_hispanic(
    aequitas: dict[str, Any], race: str, metric: str, expected: float
) -> None:
    """The same notebook: a group's rate over the Hispanic one."""
    ratio = value(aequitas, metric, {"race": race}) / value(aequitas, metric, {"race": "Hispanic"})
    assert ratio == pytest.approx(expected, abs=1e-6)


def test_aequitas_predicted_prevalence_disparity_is_our_disparate_impact(tmp_path: Path) -> None:
    rows = spread(counts("aequitas_compas"))
    found = audit(
        rows,
        tmp_path,
        sensitive=("race",),
        label="label_value",
        prediction="score",
        reference={"race": "Hispanic"},
    )
    expected = {"African-American": 1.97203, "Caucasian": 1.166727, "Other": 0.702541}
    for race, ratio in expected.items():
        assert value(found, "disparate_impact", {"race": race}, "race") == pytest.approx(ratio, abs=1e-6)


def test_fairlearn_guide(tmp_path: Path) -> None:
    """fairlearn @ebf8fa75 docs/user_guide/assessment/perform_fairness_assessment.rst, common_fairness_metrics.rst."""
    frame = pd.DataFrame(
        {
            "y": [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1],
            "p": [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0],
            "g": list("bbabbcccaacabccbcc"),
        }
    )
    found = audit(frame, tmp_path, sensitive=("g",), label="y", prediction="p")
    for group, tpr, fpr, selected, n in (
        ("a", 0.5, 1.0, 0.75, 4),
        ("b", 0.6, 0.0, 0.5, 6),
        ("c", 0.4, 2 / 3, 0.5, 8),
    ):
        assert value(found, "true_positive_rate", {"g": group}) == pytest.approx(tpr, abs=1e-12)
        assert value(found, "false_positive_rate", {"g": group}) == pytest.approx(fpr, abs=1e-12)
        assert value(found, "selection_rate", {"g": group}) == pytest.approx(selected, abs=1e-12)
        assert figure(found, "selection_rate", {"g": group})["n"] == n
    assert value(found, "demographic_parity_difference", attribute="g") == pytest.approx(0.25, abs=1e-12)
    assert value(found, "demographic_parity_ratio", attribute="g") == pytest.approx(2 / 3, abs=1e-12)
    assert value(found, "equalized_odds_difference", attribute="g") == pytest.approx(1.0, abs=1e-12)
    assert value(found, "equalized_odds_ratio", attribute="g") == pytest.approx(0.0, abs=1e-12)
    lowest = min(value(found, "selection_rate", {"g": g}) for g in "abc") / value(found, "selection_rate")
    highest = value(found, "selection_rate") / max(value(found, "selection_rate", {"g": g}) for g in "abc")
    assert min(lowest, highest) == pytest.approx(0.740741, abs=1e-6)


def test_sagemaker_clarify_unit_tests(tmp_path: Path) -> None:
    """aws/amazon-sagemaker-clarify @024329d1 tests/unit/bias/metrics/test_metrics.py (d is F, a is M)."""
    frame = pd.DataFrame(
        {
            "facet": list("MFFMFMFFMMFF"),
            "label": [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0],
            "p": [1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0],
        }
    )
    found = audit(frame, tmp_path, sensitive=("facet",), label="label", prediction="p", reference={"facet": "M"})

    def gap(metric: str) -> float:
        return float(value(found, metric, {"facet": "M"}) - value(found, metric, {"facet": "F"}))

    assert value(found, "disparate_impact", {"facet": "F"}, "facet") == pytest.approx(1.4285714285714286, abs=1e-12)
    assert gap("true_positive_rate") == pytest.approx(-2 / 3, abs=1e-12)
    assert gap("accuracy") == pytest.approx(-0.37142857142857144, abs=1e-12)
    assert gap("precision") == pytest.approx(-0.5, abs=1e-12)


def test_aif360_credit_tutorial_before_and_after_reweighing(tmp_path: Path) -> None:
    """Trusted-AI/AIF360 @34877916 examples/tutorial_credit_scoring.ipynb: mean difference -0.169905, then 0."""
    rows = spread(counts("german_credit_train"))
    # Kamiran & Calders: n_s n_l / (n n_sl), by (age_25_or_more, credit)
    weights = {(0, 2): 0.678, (0, 1): 1.2555555555555555, (1, 2): 1.100625, (1, 1): 0.9622950819672131}
    rows["weight"] = [weights[key] for key in zip(rows.age_25_or_more, rows.credit, strict=True)]
    asked = {"sensitive": ("age_25_or_more",), "prediction": "credit", "positive": "1"}
    before = audit(rows, tmp_path, **asked)
    young, old = (value(before, "selection_rate", {"age_25_or_more": g}) for g in "01")
    assert young - old == pytest.approx(-0.169905, abs=1e-6)
    assert value(before, "demographic_parity_difference", attribute="age_25_or_more") == pytest.approx(
        0.169905, abs=1e-6
    )
    after = audit(rows, tmp_path, weight="weight", **asked)
    assert value(after, "demographic_parity_difference", attribute="age_25_or_more") == pytest.approx(0, abs=1e-6)


def test_bertrand_mullainathan_callbacks(tmp_path: Path) -> None:
    """Bertrand & Mullainathan, American Economic Review 94 (2004): 9.65% against 6.45%, fifty percent more."""
    rows = spread(counts("resume_audit"))
    found = audit(rows, tmp_path, sensitive=("race",), prediction="received_callback", reference={"race": "black"})
    assert value(found, "selection_rate", {"race": "white"}) == pytest.approx(235 / 2435, abs=1e-12)
    assert value(found, "selection_rate", {"race": "black"}) == pytest.approx(157 / 2435, abs=1e-12)
    assert value(found, "selection_rate", {"race": "white"}) == pytest.approx(0.0965, abs=5e-5)
    assert value(found, "selection_rate", {"race": "black"}) == pytest.approx(0.0645, abs=5e-5)
    assert value(found, "disparate_impact", {"race": "white"}, "race") == pytest.approx(1.5, abs=0.0051)
    assert value(found, "demographic_parity_difference", attribute="race") == pytest.approx(0.032, abs=5e-4)


def test_berkeley_admissions_reverse_within_departments(tmp_path: Path) -> None:
    """Bickel, Hammel & O'Connell, Science 187 (1975), the counts as --frequency."""
    found = audit(
        counts("ucb_admissions"),
        tmp_path,
        sensitive=("Gender", "Dept"),
        prediction="Admit",
        positive="Admitted",
        frequency="Freq",
        intersections=True,
    )
    assert value(found, "selection_rate", {"Gender": "Male"}) == pytest.approx(0.4451876625789669, abs=1e-12)
    assert value(found, "selection_rate", {"Gender": "Female"}) == pytest.approx(0.30354223433242505, abs=1e-12)
    assert figure(found, "selection_rate")["n"] == 4526
    rates = {
        (dept, sex): value(found, "selection_rate", {"Gender": sex, "Dept": dept})
        for dept in "ABCDEF"
        for sex in ("Male", "Female")
    }
    assert rates["A", "Female"] == pytest.approx(0.8240740740740741, abs=1e-12)
    assert rates["A", "Male"] == pytest.approx(0.6206060606060606, abs=1e-12)
    assert rates["F", "Female"] == pytest.approx(0.07038123167155426, abs=1e-12)
    assert rates["F", "Male"] == pytest.approx(0.058981233243967826, abs=1e-12)
    assert [d for d in "ABCDEF" if rates[d, "Female"] > rates[d, "Male"]] == ["A", "B", "D", "F"]


def test_rosen_jerdee_promotions(tmp_path: Path) -> None:
    """Rosen & Jerdee, Journal of Applied Psychology 59 (1974): 21 of 24 men promoted, 14 of 24 women."""
    rows = spread(counts("rosen_jerdee"))
    found = audit(rows, tmp_path, sensitive=("gender",), prediction="decision", positive="promoted")
    assert figure(found, "selection_rate", {"gender": "male"})["n"] == 24
    assert value(found, "selection_rate", {"gender": "male"}) == pytest.approx(21 / 24, abs=1e-12)
    assert value(found, "demographic_parity_difference", attribute="gender") == pytest.approx(0.291667, abs=1e-6)
    low = figure(found, "demographic_parity_difference", attribute="gender")["interval"]["low"]
    assert 0 < low < 0.1  # Fisher's one-sided p is 0.0245: just on this side


def hired(rates: dict[str, float], of: int) -> pd.DataFrame:
    rows = [(group, chosen, round(of * (r if chosen else 1 - r))) for group, r in rates.items() for chosen in (0, 1)]
    return pd.DataFrame(rows, columns=["race", "hired", "n"])


def test_uniform_guidelines_four_fifths(tmp_path: Path) -> None:
    """EEOC Uniform Guidelines, questions and answers (1979): rates .60 .45 .48 .51, adverse below four fifths."""
    frame = hired({"White": 0.60, "American Indian": 0.45, "Hispanic": 0.48, "Black": 0.51}, 100)
    found = audit(frame, tmp_path, sensitive=("race",), prediction="hired", frequency="n")
    ratios = {g: value(found, "disparate_impact", {"race": g}, "race") for g in frame.race.unique()}
    assert ratios == {
        "White": 1.0,
        "American Indian": pytest.approx(0.75, abs=1e-9),
        "Hispanic": pytest.approx(0.8, abs=1e-9),
        "Black": pytest.approx(0.85, abs=1e-9),
    }
    assert figure(found, "disparate_impact", {"race": "Black"}, "race")["reference"] == {"race": "White"}


@pytest.mark.parametrize(
    ("group", "rate", "outcome"),
    [("American Indian", 0.45, "fail"), ("Hispanic", 0.48, "inconclusive"), ("Black", 0.51, "pass")],
)
def test_four_fifths_exactly_is_not_adverse(tmp_path: Path, group: str, rate: float, outcome: str) -> None:
    """However many rows there are: at .80 exactly no rows would settle it, and it never fails."""
    frame = hired({"White": 0.60, group: rate}, 10_000_000)
    rule = {"id": "four-fifths", "metric": "disparate_impact", "at_least": 0.8}
    found = audit(frame, tmp_path, policy(rule), sensitive=("race",), prediction="hired", frequency="n")
    verdict = found["verdicts"][0]
    assert verdict["outcome"] == outcome
    if outcome == "inconclusive":
        assert verdict["rows_needed"] is None


@pytest.mark.parametrize(
    ("scored", "reference", "ratios"),
    [
        ({"Male": (92, 50), "Female": (76, 34)}, "Male", {"Female": 0.82}),
        (
            {"Hispanic": (28, 18), "White": (40, 15), "Black": (32, 16), "NHPI": (8, 5), "Asian": (24, 10)},
            "Hispanic",
            {"White": 0.58, "Black": 0.78, "NHPI": 0.97, "Asian": 0.65},
        ),
    ],
)
def test_nyc_local_law_144_scoring_example(
    tmp_path: Path, scored: dict[str, tuple[int, int]], reference: str, ratios: dict[str, float]
) -> None:
    """6 RCNY 5-301(c), the rule's example: share scoring above the median over the highest category's."""
    rows = [(g, above, k if above else n - k) for g, (n, k) in scored.items() for above in (0, 1)]
    frame = pd.DataFrame(rows, columns=["category", "above_median", "n"])
    found = audit(frame, tmp_path, sensitive=("category",), prediction="above_median", frequency="n")
    assert figure(found, "disparate_impact", {"category": reference}, "category")["value"] == 1.0
    for group, ratio in ratios.items():
        shown = figure(found, "disparate_impact", {"category": group}, "category")
        assert shown["reference"] == {"category": reference}
        assert shown["value"] == pytest.approx(ratio, abs=0.0051)

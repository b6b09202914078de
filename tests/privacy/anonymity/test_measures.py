"""Anonymity against pyCANON's figures, against plain loops, and on what is no sound table."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InputError
from plumbline_client.main import run
from privacy.anonymity.generalise import suggest
from privacy.anonymity.measures import anonymity, classes_of, disclosure
from privacy.anonymity.rows import MISSING, Combinations, read_combinations
from privacy.anonymity.singling import singled_out

CENSUS = Path(__file__).parent / "adult.parquet"


def written(folder: Path, frame: pd.DataFrame) -> Path:
    file = folder / "people.parquet"
    frame.to_parquet(file)
    return file


def people(rows: int = 4_000) -> pd.DataFrame:
    drawn = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "age": drawn.integers(18, 90, rows),
            "zip": [f"{code:05d}" for code in drawn.integers(10_000, 10_300, rows)],
            "sex": drawn.choice(["female", "male"], rows),
            "born": pd.to_datetime("1940-01-01") + pd.to_timedelta(drawn.integers(0, 25_000, rows), "D"),
            "illness": drawn.choice(["none", "flu", "cancer"], rows, p=[0.7, 0.25, 0.05]),
            "income": drawn.choice([0, 1_000, 2_500, 9_000], rows),
        }
    )


def by_hand(frame: pd.DataFrame, known: list[str], sensitive: str, ordered: bool) -> tuple[int, int, float, float]:
    """k, l distinct, l by entropy, t by loops over classes and levels."""
    levels = sorted(frame[sensitive].unique())
    whole = [float((frame[sensitive] == level).mean()) for level in levels]
    k, distinct, entropy, t = math.inf, math.inf, math.inf, 0.0
    for _, rows in frame.groupby(known):
        counted = Counter(rows[sensitive])
        share = [counted[level] / len(rows) for level in levels]
        k, distinct = min(k, len(rows)), min(distinct, len(counted))
        entropy = min(entropy, math.exp(-sum(p * math.log(p) for p in share if p)))
        apart = np.subtract(share, whole)
        near = np.abs(np.cumsum(apart)).sum() / max(len(levels) - 1, 1) if ordered else np.abs(apart).sum() / 2
        t = max(t, float(near))
    return int(k), int(distinct), entropy, t


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 5)), min_size=1, max_size=40))
def test_every_measure_equals_plain_loops(rows: list[tuple[int, int, int]], tmp_path_factory: Any) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "number"]).assign(text=lambda f: f["number"].astype(str))
    table = read_combinations(written(tmp_path_factory.mktemp("t"), frame), ["a", "b"], ["number", "text"])
    classes = classes_of(table.identifiers)
    for column in table.sensitive:
        found = disclosure(table, column, classes)
        k, distinct, entropy, t = by_hand(frame, ["a", "b"], column.name, column.ordered)
        assert anonymity(table.n, classes).k == k
        assert found.distinct == distinct
        assert found.entropy == pytest.approx(entropy)
        assert found.t == pytest.approx(t)


def test_pycanon_says_the_same_of_census_data() -> None:
    """The first 4,000 rows of UCI Adult; figures by pyCANON 1.3.6, which needs an older numpy than we have."""
    table = read_combinations(CENSUS, ["sex", "race"], ["occupation", "hours-per-week"])
    classes = classes_of(table.identifiers)
    occupation, hours = (disclosure(table, column, classes) for column in table.sensitive)
    assert anonymity(table.n, classes).k == 10
    assert (occupation.distinct, int(occupation.entropy)) == (6, 5)
    assert (hours.distinct, int(hours.entropy)) == (4, 2)
    assert occupation.t == pytest.approx(0.4567058823529412, abs=1e-14)
    assert hours.t == pytest.approx(0.11557125103562547, abs=1e-14)


def test_the_suggestion_holds_on_the_rows_themselves(tmp_path: Path) -> None:
    frame = people()
    table = read_combinations(written(tmp_path, frame), ["age", "zip", "sex", "born"])
    found = suggest(table, 5)
    how = dict(found.columns)
    assert found.after
    assert found.after.k >= 5
    assert found.dropped <= 0.01 * len(frame)
    # written out again from the words alone
    again = pd.DataFrame({name: reworked(frame[name], says) for name, says in how.items()})
    sizes = again.groupby(list(again)).size()
    assert int(sizes[sizes < 5].sum()) == found.dropped
    assert int(sizes[sizes >= 5].min()) == found.after.k


def reworked(values: pd.Series, says: str) -> pd.Series:
    words = says.split()
    if says == "as it is":
        return values.astype(str)
    if says == "left out":
        return pd.Series("", index=values.index)
    if says.startswith("in intervals of"):
        return np.floor(values / float(words[-1])).astype(str)
    if says.startswith("by the first"):
        return values.str[: int(words[3])]
    return values.dt.strftime({"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}.get(words[-1], "")) + (
        (values.dt.year // 10).astype(str) if words[-1] == "decade" else ""
    )


def test_a_table_that_hides_everybody_needs_no_suggestion(tmp_path: Path) -> None:
    table = read_combinations(written(tmp_path, pd.DataFrame({"sex": ["f", "m"] * 50})), ["sex"])
    found = suggest(table, 5)
    assert (found.columns, found.dropped) == ((("sex", "as it is"),), 0)


def test_rows_that_nothing_hides_are_all_left_out(tmp_path: Path) -> None:
    table = read_combinations(written(tmp_path, pd.DataFrame({"sex": ["f", "m"]})), ["sex"])
    found = suggest(table, 5)
    assert (found.after, found.dropped) == (None, 2)


def test_missing_values_are_a_level_and_large_numbers_stay_apart(tmp_path: Path) -> None:
    values = pd.array([2**60, 2**60 + 1, None, None], dtype="Int64")
    table = read_combinations(written(tmp_path, pd.DataFrame({"id": values})), ["id"])
    assert table.identifiers[0].levels == (2**60, 2**60 + 1, MISSING)
    assert anonymity(table.n, classes_of(table.identifiers)).unique == 2


def test_few_columns_that_single_out_are_named(tmp_path: Path) -> None:
    frame = people(300)
    table = read_combinations(written(tmp_path, frame), ["age", "zip", "sex"])
    for each in singled_out(table):
        sizes = frame.groupby(list(each.columns)).size()
        assert each.unique == int((sizes == 1).sum())
    assert ("age", "zip", "sex") in {each.columns for each in singled_out(table)}


@pytest.mark.parametrize(
    ("identifiers", "sensitive", "says"),
    [
        ([], [], "Name the columns"),
        (["age", "age"], [], "Named twice: 'age'"),
        (["age"], ["age"], "either an identifier or sensitive"),
        (["height"], [], "has no column 'height'"),
        ([f"c{i}" for i in range(21)], [], "At most 20 identifiers"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, identifiers: list[str], sensitive: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_combinations(written(tmp_path, people(50)), identifiers, sensitive)


@pytest.mark.parametrize("several", [["--identifiers", "age", "sex"], ["--identifiers", "age", "--identifiers", "sex"]])
def test_the_command_takes_columns_either_way(
    tmp_path: Path, several: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = written(tmp_path, people()), tmp_path / "out.json"
    line = ["privacy", "anonymity", str(file), *several, "--sensitive", "illness", "--json", str(out)]
    assert run(line) == 0
    found = json.loads(out.read_text())
    assert [each["name"] for each in found["identifiers"]] == ["age", "sex"]
    assert found["k_anonymity"] == people().groupby(["age", "sex"]).size().min()
    assert sum(each["rows"] for each in found["class_sizes"]) == found["rows"] == 4_000
    assert found["l_diversity"][0]["column"] == "illness"
    assert "k-anonymity" in capsys.readouterr().out


def test_the_command_refuses_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["privacy", "anonymity", str(written(tmp_path, people(50))), "--identifiers", "height"]) == 2
    assert "no column 'height'" in capsys.readouterr().err


def test_combinations_know_their_rows(tmp_path: Path) -> None:
    table = read_combinations(written(tmp_path, people(500)), ["sex"])
    assert isinstance(table, Combinations)
    assert table.rows == 500

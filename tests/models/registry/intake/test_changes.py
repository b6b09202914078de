"""What became of a table between two versions, against figures that pandas and the definition give."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.registry.intake.changes import changes
from models.registry.intake.profile import Balance, ColumnProfile, Profile, profile
from models.registry.intake.read import open_table


def described(frame: pandas.DataFrame, folder: Path, name: str) -> Profile:
    file = folder / name
    frame.to_csv(file, index=False)
    return profile(open_table(file))


def column(counts: dict[str, int], name: str = "colour") -> ColumnProfile:
    values = tuple(Balance(value, rows) for value, rows in counts.items())
    return ColumnProfile(name, "VARCHAR", "text", "feature", 0, len(counts), 0, None, None, (), values, 0)


def table(*columns: ColumnProfile) -> Profile:
    return Profile("csv", sum(each.rows for each in columns[0].values) if columns else 0, columns, ())


counts = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 1000), min_size=1)


def test_real_tables_are_compared_as_pandas_counts_them(tmp_path):
    before = pandas.DataFrame({"sex": ["f"] * 60 + ["m"] * 40, "age": range(100), "old": 1})
    after = pandas.DataFrame({"sex": ["f"] * 50 + ["m"] * 60 + ["x"] * 15, "age": range(20, 145), "new": 2})
    found = changes(described(before, tmp_path, "a.csv"), described(after, tmp_path, "b.csv"))
    assert found.rows == (100, 125)
    assert [each.name for each in found.added] == ["new"]
    assert [each.name for each in found.removed] == ["old"]
    by_name = {each.name: each for each in found.columns}
    shares = [frame.sex.value_counts(normalize=True) for frame in (before, after)]
    distance = shares[0].subtract(shares[1], fill_value=0).abs().sum() / 2
    assert by_name["sex"].moved == pytest.approx(distance)
    assert {(v.value, round(v.before, 4), round(v.after, 4)) for v in by_name["sex"].values} == {
        (value, round(shares[0].get(value, 0), 4), round(shares[1].get(value, 0), 4)) for value in "fmx"
    }
    assert by_name["age"].medians == (before.age.median(), after.age.median())
    middle_half = before.age.quantile(0.75) - before.age.quantile(0.25)
    assert by_name["age"].moved == pytest.approx((after.age.median() - before.age.median()) / middle_half, rel=0.02)
    assert by_name["age"].ranges == ((0, 99), (20, 144))


@given(counts)
def test_nothing_changed_between_a_table_and_itself(values):
    same = table(column(values))
    found = changes(same, same)
    assert (found.added, found.removed, found.changed) == ((), (), ())
    assert found.columns[0].moved == 0


@given(counts, counts)
def test_the_distance_is_a_share_the_same_both_ways_and_one_where_nothing_is_shared(old, new):
    there, back = changes(table(column(old)), table(column(new))), changes(table(column(new)), table(column(old)))
    moved = there.columns[0].moved
    assert moved == pytest.approx(back.columns[0].moved)
    assert -1e-9 <= moved <= 1 + 1e-9
    assert math.isclose(moved, 1, abs_tol=1e-9) == (not set(old) & set(new))


@given(counts, st.integers(2, 50))
def test_more_rows_of_the_same_mixture_are_no_shift(values, times):
    found = changes(table(column(values)), table(column({value: rows * times for value, rows in values.items()})))
    assert found.columns[0].moved == pytest.approx(0, abs=1e-12)


def test_the_columns_that_moved_most_come_first():
    before = table(column({"a": 50, "b": 50}, "calm"), column({"a": 50, "b": 50}, "wild"))
    after = table(column({"a": 49, "b": 51}, "calm"), column({"a": 1, "b": 99}, "wild"))
    assert [each.name for each in changes(before, after).columns] == ["wild", "calm"]


def test_where_the_values_are_not_all_known_no_distance_is_made_up():
    many = replace(column({"a": 5, "b": 5}), distinct=100)
    (found,) = changes(table(many), table(column({"a": 5, "b": 5}))).columns
    assert (found.moved, found.values) == (None, ())
    assert found.has_changed


def test_a_column_that_is_the_same_number_everywhere_has_no_middle_half():
    flat = ColumnProfile("x", "BIGINT", "integer", "feature", 0, 30, 0, 1, 1, (1.0,) * 7, (), 0)
    (found,) = changes(table(flat), table(replace(flat, quantiles=(2.0,) * 7, low=2, high=2))).columns
    assert found.moved is None
    assert found.medians == (1.0, 2.0)


def test_another_type_or_role_and_missing_cells_are_changes():
    old = column({"a": 5})
    for new in (replace(old, type="BIGINT"), replace(old, role="sensitive"), replace(old, missing=1)):
        assert changes(table(old), table(new)).changed

"""The profile: what each column holds, and what a person should look at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.errors import InputError
from models.jobs.sandbox.errors import SandboxError
from models.jobs.sandbox.run import Limits
from models.registry.intake.limits import DataLimits
from models.registry.intake.profile import Balance, ColumnProfile, Profile, profile, profile_in_sandbox
from models.registry.intake.read import open_table

CONTENT = """id,sex,age,score,label,weight,seen,note
p01,f,20,0.1,0,1.5,2020-01-01,
p02,m,30,0.2,1,2.5,2020-01-02,
p03,f,40,nan,0,1.5,2020-01-03,7
p04,m,50,inf,1,2.5,2020-01-04,many
"""


@pytest.fixture
def columns(tmp_path: Path) -> dict[str, ColumnProfile]:
    path = tmp_path / "people.csv"
    lines = CONTENT.splitlines()
    more = [f"p{n},f,{20 + n},0.5,0,1.0,2020-02-01," for n in range(10, 40)]
    path.write_text("\n".join([*lines, *more]) + "\n")
    return {column.name: column for column in profile(open_table(path)).columns}


def test_roles_are_suggested_from_names_and_values(columns: dict[str, ColumnProfile]) -> None:
    assert {name: column.role for name, column in columns.items()} == {
        "id": "identifier",
        "sex": "sensitive",
        "age": "sensitive",
        "score": "feature",
        "label": "label",
        "weight": "weight",
        "seen": "time",
        "note": "feature",
    }


def test_counts_ranges_quantiles_and_balance_are_those_of_the_rows(columns: dict[str, ColumnProfile]) -> None:
    age, score, label = columns["age"], columns["score"], columns["label"]
    assert (age.low, age.high, age.distinct, age.missing) == (20, 59, 31, 0)
    assert age.quantiles[3] == 43.5
    assert (score.missing, score.infinite, score.low, score.high) == (1, 1, 0.1, 0.5)
    assert label.values == (Balance("0", 32), Balance("1", 2))
    assert columns["seen"].low == "2020-01-01"
    assert columns["id"].values == ()


def test_a_column_of_mixed_types_is_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(CONTENT)
    remarks = profile(open_table(path)).warnings
    assert "The column 'note' mixes types: 1 cells are numbers, 1 are other text." in remarks
    assert "The column 'score' has 1 infinite values." in remarks


def test_empty_constant_and_mostly_missing_columns_are_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("nothing,same,few\n" + ",1,\n" * 9 + ",1,5\n")
    assert profile(open_table(path)).warnings == (
        "The column 'nothing' is empty.",
        "The column 'same' has the same value in every row that has one.",
        "The column 'few' is mostly missing: 9 of 10 rows.",
    )


def test_the_profile_from_the_sandbox_is_the_same_and_json(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(CONTENT)
    found = profile_in_sandbox(path, tmp_path / "out")
    assert found == profile(open_table(path))
    assert Profile.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


def test_the_sandbox_tells_what_is_wrong_by_the_owners_name(tmp_path: Path) -> None:
    stored = tmp_path / ("a" * 64)
    stored.write_bytes(b'a,b\n1,"x\n')
    with pytest.raises(InputError, match=r"^clients\.csv: the quote opened at line 2, column 3"):
        profile_in_sandbox(stored, tmp_path / "out", name="../../etc/clients.csv")
    with pytest.raises(InputError, match=r"9 bytes; at most 2"):
        profile_in_sandbox(stored, tmp_path / "out", data_limits=DataLimits(bytes=2))


def test_a_table_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(CONTENT)
    with pytest.raises(SandboxError) as stopped:
        profile_in_sandbox(path, tmp_path / "out", limits=Limits(seconds=0.05))
    assert stopped.value.kind == "time"

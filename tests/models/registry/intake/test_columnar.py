"""Parquet and Arrow: looked over by what they declare, before anything of them is unpacked."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from models.errors import InputError
from models.registry.intake.limits import DataLimits
from models.registry.intake.profile import profile
from models.registry.intake.read import open_table


def table() -> pa.Table:
    return pa.table(
        {
            "n": pa.array([1, 2, None], pa.int32()),
            "x": [1.5, float("nan"), float("inf")],
            "t": pa.array(["a", "b", "a"]).dictionary_encode(),
            "b": [True, None, False],
            "day": pa.array([0, 1, 2], pa.date32()),
        }
    )


@pytest.mark.parametrize("kind", ["parquet", "arrow", "feather, zstd"])
def test_a_table_is_read_with_its_types_under_any_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data.bin"
    if kind == "parquet":
        pyarrow.parquet.write_table(table(), path)
    else:
        pyarrow.feather.write_feather(table(), path, compression="zstd" if "zstd" in kind else "uncompressed")
    found = open_table(path)
    assert [column.type for column in found.columns] == ["INTEGER", "DOUBLE", "VARCHAR", "BOOLEAN", "DATE"]
    assert found.rows == 3
    with duckdb.connect() as connection:
        assert connection.sql(f"SELECT t FROM {found.relation(connection)}").fetchall() == [("a",), ("b",), ("a",)]
    assert len(found.sha256()) == 64


def test_the_same_rows_give_the_same_profile_in_every_kind_of_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"n": [1, 2, 3], "x": [0.5, None, 2.5], "t": ["a", None, "b"]})
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_feather(tmp_path / "a.feather")
    frame.to_csv(tmp_path / "a.csv", index=False)
    columns = {profile(open_table(tmp_path / f"a.{end}")).columns for end in ("parquet", "feather", "csv")}
    assert len(columns) == 1


def parquet(folder: Path, **columns: object) -> Path:
    pyarrow.parquet.write_table(pa.table(columns), folder / "data.parquet")
    return folder / "data.parquet"


@pytest.mark.parametrize("kept", [4, 50, -1, -9])
def test_a_parquet_that_is_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = parquet(tmp_path, a=list(range(1000)))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"cut short|damaged"):
        open_table(path)


def test_a_parquet_with_a_lying_footer_is_refused(tmp_path: Path) -> None:
    content = parquet(tmp_path, a=list(range(1000))).read_bytes()
    path = tmp_path / "lies.parquet"
    for footer in (2**31 - 1, 10, len(content)):
        path.write_bytes(content[:-8] + footer.to_bytes(4, "little") + b"PAR1")
        with pytest.raises(InputError, match="damaged"):
            open_table(path)


def test_a_damaged_page_is_told_when_it_is_read(tmp_path: Path) -> None:
    content = bytearray(parquet(tmp_path, a=np.arange(1000.0)).read_bytes())
    content[30:200] = b"\xff" * 170
    path = tmp_path / "page.parquet"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"page\.parquet cannot be read"):
        profile(open_table(path))


def test_a_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    zeros = pa.table({"a": np.zeros(4_000_000)})
    pyarrow.parquet.write_table(zeros, path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match=r"declares to unpack to 32,.* bytes"):
        open_table(path, DataLimits(unpacked_bytes=1 << 20))


def test_more_rows_and_columns_than_are_taken_are_refused_unread(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=[1] * 1000, b=[2] * 1000)
    with pytest.raises(InputError, match="declares 1,000 rows; at most 999"):
        open_table(path, DataLimits(rows=999))
    with pytest.raises(InputError, match="2 columns; at most 1"):
        open_table(path, DataLimits(columns=1))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1, 2]], r"'a' holds nested values \(list"),
        ([{"b": {"c": 1}}], r"'a' holds nested values \(struct"),
        ([b"\x00\xff"], "'a' holds bytes"),
    ],
)
def test_nested_and_binary_columns_are_refused_and_named(tmp_path: Path, column: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_table(parquet(tmp_path, a=column))
    pyarrow.feather.write_feather(pa.table({"a": column}), tmp_path / "data.arrow")
    with pytest.raises(InputError, match=message):
        open_table(tmp_path / "data.arrow")


def test_columns_nested_a_hundred_deep_are_refused(tmp_path: Path) -> None:
    kind: pa.DataType = pa.int8()
    for _ in range(60):
        kind = pa.list_(kind)
    pyarrow.parquet.write_table(pa.table({"a": pa.array([None], kind)}), tmp_path / "deep.parquet")
    with pytest.raises(InputError, match="nested"):
        open_table(tmp_path / "deep.parquet")


def test_no_rows_no_columns_and_doubled_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(table().slice(0, 0), path)
    with pytest.raises(InputError, match="no rows"):
        open_table(path)
    pyarrow.parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(InputError, match="occurs more than once"):
        open_table(path)
    pyarrow.parquet.write_table(pa.table({}), path)
    with pytest.raises(InputError, match="no columns"):
        open_table(path)


@pytest.mark.parametrize("kept", [8, 200, -1])
def test_an_arrow_file_that_is_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "data.arrow"
    pyarrow.feather.write_feather(pa.table({"a": ["text"] * 1000}), path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="cut short"):
        open_table(path)


def test_an_arrow_file_whose_offsets_lie_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.arrow"
    pyarrow.feather.write_feather(pa.table({"a": ["text"] * 1000}), path, compression="uncompressed")
    content = path.read_bytes()
    offsets = np.arange(0, 4004, 4, dtype=np.int32).tobytes()
    lies = np.full(1001, 2**30, dtype=np.int32).tobytes()
    assert offsets in content
    path.write_bytes(content.replace(offsets, lies))
    with pytest.raises(InputError, match="damaged"):
        open_table(path)


def test_an_arrow_stream_is_refused_with_what_to_write_instead(tmp_path: Path) -> None:
    path = tmp_path / "data.arrows"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table().schema) as writer:
        writer.write_table(table())
    with pytest.raises(InputError, match=r"an Arrow stream.*Arrow file"):
        open_table(path)

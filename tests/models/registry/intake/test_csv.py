"""CSV: read exactly as it is written, or refused with the place where it is wrong."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from models.errors import InputError
from models.registry.intake.limits import DataLimits
from models.registry.intake.read import TableFile, open_table


def written(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table: TableFile, *text_columns: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.sql(f"SELECT * FROM {table.relation(connection, text_columns)}").fetchall()


def types(table: TableFile) -> list[str]:
    return [column.type for column in table.columns]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, sign: str) -> None:
    table = open_table(written(tmp_path, f"name{sign}n\na b{sign}1\nd:e{sign}2\n"))
    assert table.names == ["name", "n"]
    assert table.rows == 2


def test_types_are_those_of_all_cells_and_not_of_the_first(tmp_path: Path) -> None:
    cells = "1,1,true,2020-01-31,2020-01-31 10:00:00,a\n" * 5000 + "2,2.5,False,2021-02-28,2021-02-28 11:30:00,b\n"
    table = open_table(written(tmp_path, "i,d,b,day,at,t\n" + cells))
    assert types(table) == ["BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR"]
    assert table.rows == 5001


def test_a_number_at_the_very_end_that_is_none_makes_the_column_text(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "n\n" + "1\n" * 10_000 + "unknown\n"))
    assert types(table) == ["VARCHAR"]


def test_codes_stay_as_they_are_written(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "post,account\n01067,12345678901234567890\n10115,1\n"))
    assert types(table) == ["VARCHAR", "VARCHAR"]
    assert rows(table)[0] == ("01067", "12345678901234567890")


def test_text_columns_are_read_exactly_and_an_empty_cell_is_missing(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, 'age,n\n1,1\n1.0,2\n 01,3\n,4\n"",5\n"",\n'))
    assert types(table) == ["DOUBLE", "BIGINT"]
    assert [row[0] for row in rows(table, "age")] == ["1", "1.0", " 01", None, None, None]


def test_quotes_line_breaks_and_leading_signs_are_data(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, 'a,b\n"x ""y""\nz",=1+1\n-1,@SUM(A1)\n+2,#no comment\n'))
    assert rows(table) == [('x "y"\nz', "=1+1"), ("-1", "@SUM(A1)"), ("+2", "#no comment")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert open_table(written(tmp_path, b"\xef\xbb\xbfsex,n\nf,1\n")).names == ["sex", "n"]


def test_lines_may_end_as_on_any_system(tmp_path: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert open_table(written(tmp_path, end.join(("a,b", "1,2", "3,4")) + end)).rows == 2


def test_infinite_and_nan_cells_are_numbers(tmp_path: Path) -> None:
    table = open_table(written(tmp_path, "s\n0.5\nnan\ninf\n-inf\n1e999\n"))
    assert types(table) == ["DOUBLE"]
    assert table.rows == 5


def test_a_path_with_signs_of_patterns_and_partitions_is_read_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "year=2020" / "it's [a]*?"
    folder.mkdir(parents=True)
    table = open_table(written(folder, "a,b\n1,2\n"))
    assert rows(table) == [(1, 2)]


REFUSED: dict[str, tuple[bytes, str]] = {
    "another delimiter": (b"id:race:label\n1:a:0\n2:b:1\n", r"single column 'id:race:label'.*semicolon"),
    "a delimiter that changes": (b"a,b\n1,2\n3;4\n", r"line 3 has 1 cells, the header 2"),
    "a row that is too short": (b"a,b\n1,2\n3\n4,5\n", r"line 3 has 1 cells, the header 2"),
    "a row that is too long": (b"a,b\n1,2\n3,4,5\n", r"line 3 has 3 cells, the header 2"),
    "the same name twice": (b"a,b,a\n1,2,3\n", r"column name 'a' occurs more than once"),
    "names that differ in case": (b"Sex,sex\n1,2\n", r"'Sex' and 'sex' differ only in case"),
    "a column without a name": (b",a\n0,1\n1,1\n", r"Column 1 has no name .*index=False"),
    "no header": (b"1,0.5\n0,0.7\n", r"first line of table.csv holds values, not column names"),
    "no rows": (b"a,b\n", r"header but no rows"),
    "nothing": (b"", r"table.csv is empty"),
    "blanks": (b" \n\n \n", r"nothing but blanks"),
    "a NUL byte": (b"a,b\n1,2\n3,\x004\n" + b"5,6\n" * 50, r"NUL byte at line 3, column 3"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), r"UTF-16"),
    "UTF-16 without a mark": ("a,b\n1,2\n".encode("utf-16-le"), r"UTF-16 text or no text at all"),
    "UTF-32": ("a,b\n1,2\n".encode("utf-32"), r"UTF-32"),
    "Latin-1": ("name,n\nJosé,1\n".encode("latin-1"), r"not UTF-8 text: line 2, column 4 holds the byte 0xe9"),
    "mixed encodings": ("a\né\n".encode() * 9 + "é\n".encode("latin-1"), r"line 19, column 1"),
    "half a character": ("a,b\n1,é".encode()[:-1], r"ends in the middle of a character"),
    "a quote never closed": (b'a,b\n1,x\n2,"y\n3,z\n', r"quote opened at line 3, column 3 is never closed"),
    "a quote closed too late": (b'a,b\n1,"x\n2,"y"\n3,z\n', r"quote opened at line 2, column 3 is never closed"),
    "mixed ends of lines": (b"a,b\r\n1,2\n3,4\r\n", r"mixes ways of ending a line: line 2"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 30, r"compressed with gzip"),
    "zip": (b"PK\x03\x04" + b"\0" * 30, r"zip archive"),
    "a pickle": (b"\x80\x04\x95" + b"\0" * 30, r"Python pickle"),
    "an unprintable name": (b"a\x07b,c\n1,2\n", r"unprintable character: 'a\\x07b'"),
    "a name that turns around": ("a\u202eb,c\n1,2\n".encode(), r"unprintable character"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_broken_csv_is_refused_with_what_is_wrong_and_where(what: str, tmp_path: Path) -> None:
    content, message = REFUSED[what]
    with pytest.raises(InputError, match=message):
        open_table(written(tmp_path, content))


def test_names_of_html_and_sql_are_only_names(tmp_path: Path) -> None:
    names = ['<script>alert("1")</script>', "'; DROP TABLE t; --", '"', "=1+1"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    table = open_table(written(tmp_path, f"{header}\na,b,c,d\n"))
    assert table.names == names
    assert rows(table) == [("a", "b", "c", "d")]


def test_ten_thousand_columns_are_refused_and_a_thousand_are_read(tmp_path: Path) -> None:
    for count in (1_000, 10_000):
        path = written(tmp_path, ",".join(f"c{i}" for i in range(count)) + "\n" + ",".join("1" * count) + "\n")
        if count == 1_000:
            assert len(open_table(path).columns) == count
        else:
            with pytest.raises(InputError, match=r"10,000 columns; at most 4,096"):
                open_table(path)


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        ("a\n" + "x" * 5000 + "\n", DataLimits(cell_length=1000), "cell of the column 'a' has 5,000 characters"),
        (
            "a\n" + "x" * 500_000 + "\n",
            DataLimits(line_length=100_000),
            r"table.csv: line 2 is over 100,000 characters",
        ),
        ("a\n" + "1\n" * 50, DataLimits(rows=49), "50 rows; at most 49"),
        ("a\n" + "1\n" * 50, DataLimits(bytes=50), "102 bytes; at most 50"),
        ("a" * 300 + "\n1\n", DataLimits(), "name of column 1 has 300 characters"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_with_the_limit(
    tmp_path: Path, content: str, limits: DataLimits, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        open_table(written(tmp_path, content), limits)


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        open_table(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a folder"):
        open_table(tmp_path)

"""What the terminal says of the rows that were counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from plumbline_client import main

USUAL = ("--label", "y", "--prediction", "p", "--sensitive", "g")


@pytest.mark.parametrize(
    ("missing", "options", "told"),
    [
        ("", (*USUAL,), "a.csv: 4 of 4 rows."),
        ("a,,1,7\n", (*USUAL, "--drop-missing"), "a.csv: 4 of 5 rows."),
        ("", (*USUAL, "--frequency", "n"), "a.csv: 4 rows standing for 4,575."),
        ("a,,1,7\n", (*USUAL, "--frequency", "n", "--drop-missing"), "a.csv: 4 of 5 rows standing for 4,575."),
    ],
)
def test_rows_of_the_file_are_told_from_what_they_stand_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str, options: tuple[str, ...], told: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"g,y,p,n\na,0,0,30\na,1,1,20\nb,0,1,25\nb,1,1,4500\n{missing}")
    main.run(["audit", str(path), *options])
    assert told in capsys.readouterr().out.splitlines()

"""`plumbline init`: the file it writes is read back by `plumbline audit --config`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from audits.run.options import read_options
from audits.run.starter import starter


def table(folder: Path) -> Path:
    rows = 40
    columns = {
        "applicant id": list(range(rows)),
        "sex": ["f", "m"] * 20,
        'age "band"': ["young", "old"] * 20,
        "income": [float(i) for i in range(rows)],
        "default_next_month": [0, 1, 1, 0] * 10,
        "score": [i / rows for i in range(rows)],
    }
    path = folder / "clients.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_the_guesses_are_good_enough_to_audit_with(tmp_path: Path) -> None:
    config = tmp_path / "plumbline.toml"
    config.write_text(starter(table(tmp_path), "clients.parquet"), "utf-8")

    options = read_options({}, config)

    assert options.parameters.label == "default_next_month"
    assert options.parameters.score == "score"
    assert options.parameters.sensitive == ("sex", 'age "band"')
    assert options.parameters.positive == "1"


def test_every_option_of_the_file_is_explained(tmp_path: Path) -> None:
    text = starter(table(tmp_path), "clients\n[subject].parquet")
    assert "\n[subject].parquet" not in text
    for name in ("label", "prediction", "score", "model", "sensitive", "favourable", "weight", "suppress", "policy"):
        assert any(line.lstrip("# ").startswith(f"{name} =") for line in text.splitlines())

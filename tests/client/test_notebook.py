"""The engineer's way in a notebook: data and a model as they are at hand, an audit, what it found, and a report."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from plumbline_client.audits import Audit
from plumbline_client.client import Client
from plumbline_client.errors import InvalidInput, JobFailed, Problem, StillRunning
from plumbline_client.tables import some_rows
from tests.client.conftest import SCRIPT, Service
from tests.client.tables import ROWS, loans, write_csv

TABLE = pd.DataFrame(loans(fair=True))


def test_the_client_knows_who_it_is(client: Client) -> None:
    me = client.me()
    assert me.user["email"] == "engineer@sample.example"
    assert set(me.scopes) == {"read", "register", "run"}


LIBRARIES = {
    "pandas": lambda rows: pd.DataFrame(rows),
    "pandas with an index": lambda rows: pd.DataFrame(rows).set_index("sex"),
    "polars": lambda rows: pl.DataFrame(rows),
    "polars lazily": lambda rows: pl.LazyFrame(rows),
    "arrow": lambda rows: pa.table(rows),
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_table_is_taken_as_it_is(client: Client, library: str) -> None:
    rows = loans(fair=True, seed=100 + list(LIBRARIES).index(library))
    version = client.datasets.register(f"Loans from {library}", LIBRARIES[library](rows))
    assert (version.rows, version.number) == (ROWS, 1)
    assert {column["name"] for column in version.profile["columns"]} == set(rows)


def test_the_same_bytes_are_the_same_version_and_other_bytes_the_next(client: Client, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", loans(fair=True, seed=11))
    first, again = client.datasets.register("Twice", file), client.datasets.register("Twice", file)
    assert first.id == again.id
    other = client.datasets.register("Twice", write_csv(file, loans(fair=True, seed=12)))
    assert (first.number, other.number) == (1, 2)
    assert other.dataset.id == first.dataset.id
    assert [found.number for found in client.datasets.versions(first.dataset.id)] == [2, 1]


def test_the_same_bytes_under_another_name_are_told_of(client: Client, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", loans(fair=True, seed=13))
    first = client.datasets.register("One name", file)
    with pytest.warns(UserWarning, match="registered before, as One name version 1"):
        assert client.datasets.register("Another name", file).id == first.id
    assert not list(client.datasets.list(name="Another name"))


def test_a_file_that_is_refused_leaves_no_empty_dataset(client: Client, tmp_path: Path) -> None:
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    with pytest.raises(JobFailed):
        client.datasets.register("Refused", tmp_path / "twice.csv")
    assert not list(client.datasets.list(name="Refused"))


def test_a_fair_audit_tells_everything_it_found(fair: Audit) -> None:
    assert fair.verdict == "pass"
    assert {v.rule for v in fair.verdicts} >= {"four-fifths", "enough-data"}
    [impact] = [v for v in fair.verdicts if v.rule == "four-fifths"]
    assert impact.value is not None
    assert impact.low is not None
    assert 0.8 <= impact.low <= impact.value
    assert "four-fifths passes" in str(fair)


def test_measurements_are_a_table_of_pandas_or_polars_with_interval_and_count(fair: Audit) -> None:
    table, other = fair.measurements(), fair.measurements(polars=True)
    assert isinstance(table, pd.DataFrame)
    assert isinstance(other, pl.DataFrame)
    assert len(table) == other.height == len(fair.result["measurements"])
    [row] = table[(table.metric == "selection_rate") & (table.group == "sex=female")].to_dict("records")
    assert row["low"] < row["value"] < row["high"]
    assert (row["n"], row["level"], row["attribute"]) == (ROWS / 2, 0.95, "sex")


def test_figures_are_pictures_with_their_rows(fair: Audit) -> None:
    assert fair.figures
    for figure in fair.figures:
        assert figure.svg.startswith("<svg")
        assert figure.title
        assert figure.rows


def test_the_report_verifies_and_carries_the_evidence(fair: Audit, tmp_path: Path) -> None:
    report, evidence = fair.report(tmp_path / "report.pdf"), fair.evidence(tmp_path / "audit.json")
    assert json.loads(evidence.read_bytes()) == fair.result
    done = subprocess.run([SCRIPT, "verify", report], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {row["sha256"] for row in fair._connection.pages("/reports") if row["id"] == fair.id}
    assert found == {hashlib.sha256(report.read_bytes()).hexdigest()}


def test_what_got_worse_is_told(fair: Audit, unfair: Audit) -> None:
    comparison = unfair.compare(fair)
    worse = {row["rule"] for row in comparison.rows if row["direction"] == "worse" and row["rule"]}
    assert "four-fifths" in worse
    assert comparison.summary == str(comparison)
    assert fair.compare(fair.id).worse == []


class Checked(HTMLParser):
    """Collects what could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def checked(text: str, service: Service) -> Checked:
    """Nothing in it runs, and nothing is loaded from anywhere."""
    found = Checked()
    found.feed(text)
    assert not {"script", "iframe", "object", "embed", "link", "style", "svg"} & found.tags
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    for name, value in found.attributes:
        if name in ("src", "href"):
            assert value is not None
            assert value.startswith(("data:image/svg+xml;base64,", service.address))
    return found


def test_an_audit_in_a_notebook_has_verdicts_and_charts_and_runs_nothing(
    fair: Audit, unfair: Audit, service: Service
) -> None:
    text = unfair._repr_html_()
    found = checked(text, service)
    assert "img" in found.tags
    assert "four-fifths" in text
    assert "✘ fails" in text
    checked(unfair.compare(fair)._repr_html_(), service)


def test_an_estimator_is_converted_on_the_way_and_audited(client: Client, service: Service) -> None:
    """Names are hostile all the way, and what is shown of them is text."""
    name = '<img src=x onerror=alert(1)> & "loans"'
    held_out = TABLE[["sex", "income", "score", "paid"]]
    estimator = LogisticRegression().fit(held_out[["income", "score"]], held_out["paid"])
    audit = client.audit(dataset=held_out, model=estimator, name=name, label="paid", sensitive=["sex"])
    with pytest.raises(StillRunning):
        audit.wait(progress=False, timeout=0)
    assert audit.state in ("queued", "running")
    assert name not in audit._repr_html_()

    shares: list[float] = []
    audit.wait(progress=lambda share, sentence: shares.append(share))

    assert audit.record.model is not None
    assert audit.record.model["name"] == name
    assert client.models.version(audit.record.model["id"]).format == "skops"
    assert shares
    assert {m["check"] for m in audit.result["measurements"]} >= {"fairness", "performance"}
    checked(audit._repr_html_(), service)
    assert "<img src=x" not in audit._repr_html_()


@pytest.mark.filterwarnings("ignore:Converted to ONNX")
def test_an_estimator_that_reads_text_is_converted_by_the_rows_that_it_is_audited_on(client: Client) -> None:
    inputs = make_column_transformer((OneHotEncoder(), ["sex"]), remainder="passthrough")
    held_out = TABLE[["sex", "income", "paid"]]
    estimator = make_pipeline(inputs, KNeighborsClassifier(51)).fit(held_out[["sex", "income"]], held_out["paid"])
    rows = pl.DataFrame(held_out.to_dict("list"))
    audit = client.audit(dataset=rows, model=estimator, name="Reads text", label="paid", sensitive=["sex"]).wait()
    assert audit.record.model is not None
    assert client.models.version(audit.record.model["id"]).format == "onnx"
    [found] = {row["value"] for row in audit.rows() if row["metric"] == "accuracy" and not row["group"]}
    assert found == pytest.approx(estimator.score(held_out[["sex", "income"]], held_out["paid"]), abs=0.01)


@pytest.mark.parametrize("library", ["pandas", "polars", "lazy", "arrow"])
def test_a_few_whole_rows_are_taken_of_any_table(library: str) -> None:
    rows = pd.DataFrame({"sex": [None, *"fmfmfm"], "income": [1.5] * 7, "paid": [1] * 7})
    table = {
        "pandas": lambda: rows,
        "polars": lambda: pl.DataFrame(rows.to_dict("list")),
        "lazy": lambda: pl.LazyFrame(rows.to_dict("list")),
        "arrow": lambda: pa.Table.from_pandas(rows),
    }[library]()
    found = some_rows(table, ["income", "sex"])
    assert list(found.columns) == ["income", "sex"]
    assert found["sex"].tolist() == list("fmfmf")
    assert some_rows(table, ["income", "age"]) is None


@pytest.mark.parametrize("kind", ["list", "numpy", "series", "table"])
def test_predictions_alone_can_be_registered(client: Client, kind: str) -> None:
    given: dict[str, Any] = {
        "list": TABLE["score"].tolist(),
        "numpy": TABLE["granted"].to_numpy(),
        "series": pl.Series(1 - TABLE["score"]),
        "table": TABLE[["score"]],
    }
    version = client.predictions.register(f"Predictions as {kind}", given[kind])
    assert version.format == "predictions"
    assert version.signature["kind"] == ("label" if kind == "numpy" else "score")


@pytest.mark.parametrize("wrong", [[], [[0.1, 0.9]], {"a": 1}, "nowhere.csv", 5])
def test_what_is_no_predictions_is_refused_here(client: Client, wrong: Any) -> None:
    with pytest.raises(InvalidInput):
        client.predictions.register("Wrong", wrong)


def test_a_column_that_is_not_there_is_the_audits_reason(client: Client, fair: Audit) -> None:
    assert fair.record.dataset is not None
    with pytest.raises((Problem, JobFailed)) as error:
        client.audit(dataset=fair.record.dataset["id"], sensitive="gender", label="paid", prediction="granted").wait()
    assert error.value.exit_code == 2
    assert "gender" in str(error.value)


def test_an_audit_of_nobody_we_know_is_not_there(client: Client) -> None:
    with pytest.raises(Problem) as error:
        client.audits.get("6f1c1d2e-8a55-4a5e-9d3c-2b7f0e4c9a10")
    assert (error.value.slug, error.value.exit_code) == ("not-found", 2)


def test_a_token_without_the_scope_is_told_which_it_lacks(service: Service) -> None:
    with Client(service.address, service.token("--scope", "read")) as reader:
        assert reader.me().scopes == ["read"]
        with pytest.raises(Problem) as error:
            reader.datasets.register("No", TABLE)
    assert (error.value.slug, error.value.exit_code) == ("insufficient-scope", 4)
    assert "register" in str(error.value)


def test_an_unknown_token_is_refused(service: Service) -> None:
    with Client(service.address, "plb_unknown") as stranger, pytest.raises(Problem) as error:
        stranger.me()
    assert (error.value.slug, error.value.exit_code) == ("unauthenticated", 4)


def test_a_file_goes_in_parts_and_on_where_it_broke_off(client: Client, tmp_path: Path) -> None:
    from plumbline_client.uploads import Uploads

    file = write_csv(tmp_path / "parts.csv", loans(fair=True))
    content = file.read_bytes()
    part = len(content) // 3
    body = {"file_name": file.name, "size": len(content), "part_size": part}
    begun = client.connection.post("/uploads", body)
    first = content[:part]
    Uploads(client.connection)._send_part(client.uploads.get(begun["id"]), 0, first, hashlib.sha256(first).digest())

    seen: list[tuple[int, int]] = []
    done = client.uploads.send(file, resume=begun["id"], sent=lambda sent, size: seen.append((sent, size)))

    assert done.state == "complete"
    assert [row.number for row in done.parts] == list(range(-(-len(content) // part)))
    assert seen[-1] == (len(content), len(content))
    other = write_csv(tmp_path / "other.csv", loans(fair=False))
    with pytest.raises(InvalidInput, match="another file"):
        client.uploads.send(other, resume=begun["id"])


def test_a_file_that_cannot_be_read_twice_is_sent_all_the_same(client: Client, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "piped.csv", loans(fair=True))
    with subprocess.Popen(["cat", file], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        done = client.uploads.send(cat.stdout, name="piped.csv")
    assert (done.state, done.size) == ("complete", file.stat().st_size)


def test_an_empty_file_is_refused_here(client: Client, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InvalidInput, match=re.escape("empty.csv is empty")):
        client.datasets.register("Empty", tmp_path / "empty.csv")


def test_a_source_that_nobody_declared_is_refused(client: Client) -> None:
    assert client.datasets.sources() == ()
    with pytest.raises(InvalidInput, match="no source 'nowhere' for you: none is declared"):
        client.datasets.register("Elsewhere", source="nowhere", table="loans")
    assert not list(client.datasets.list(name="Elsewhere"))


@pytest.mark.parametrize("wrong", [{}, {"source": "a"}, {"source": "a", "table": "b", "path": "c"}])
def test_a_reference_that_is_not_whole_is_refused_here(client: Client, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        client.datasets.register("Elsewhere", **wrong)

"""Models of a real MLflow server, evaluated by our evaluator and registered with the real service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression

from plumbline_client.client import Client
from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.mlflow import KIND
from plumbline_client.tracking.tags import tags_of, write_back

mlflow = pytest.importorskip("mlflow")
PATIENCE = 90
CONFIG = {"sensitive": ["sex"], "name": "MLflow evaluation"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return bound.getsockname()[1]


@pytest.fixture(scope="module")
def tracking() -> Iterator[str]:
    """A server on a file store: `mlflow server`, in a folder of its own."""
    address = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory(prefix="plumbline-mlflow-") as folder:
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", address.rsplit(":")[-1]]
        command += ["--workers", "1", "--backend-store-uri", f"{folder}/store"]
        command += ["--artifacts-destination", f"{folder}/artifacts"]
        environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true"}
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(f"{address}/health", process, Path(folder) / "log")
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(PATIENCE)


def wait_for(address: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.3)


@pytest.fixture
def run(tracking: str, monkeypatch) -> Iterator[str]:
    """The id of a run that is going on."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)
    mlflow.set_tracking_uri(tracking)
    with mlflow.start_run() as started:
        yield started.info.run_id


def people() -> pandas.DataFrame:
    draw = numpy.random.default_rng(3)
    sex, income = draw.integers(0, 2, 3000), draw.normal(0, 1, 3000)
    repaid = (income + draw.normal(0, 0.7, 3000) > 0).astype(int)
    return pandas.DataFrame({"sex": sex, "income": income, "repaid": repaid})


def fitted(frame: pandas.DataFrame) -> LogisticRegression:
    return LogisticRegression().fit(frame[["sex", "income"]], frame["repaid"])


def test_mlflow_finds_the_evaluator():
    from mlflow.models.evaluation import list_evaluators

    assert "plumbline" in list_evaluators()


def test_a_logged_model_is_evaluated_on_this_machine(run):
    frame = people()
    logged = mlflow.sklearn.log_model(fitted(frame), name="loans", input_example=frame[["sex", "income"]][:3])
    done = mlflow.models.evaluate(
        logged.model_uri, frame, targets="repaid", model_type="classifier", evaluators="plumbline",
        evaluator_config={"sensitive": ["sex"]},
    )  # fmt: skip
    told = mlflow.get_run(run).data
    accuracy = (fitted(frame).predict(frame[["sex", "income"]]) == frame["repaid"]).mean()
    assert done.metrics["plumbline/accuracy"] == pytest.approx(accuracy, abs=1e-12)
    assert told.metrics["plumbline/accuracy"] == pytest.approx(accuracy, abs=1e-12)
    assert told.metrics["plumbline/accuracy_low"] < accuracy < told.metrics["plumbline/accuracy_high"]
    assert told.metrics["plumbline/accuracy_n"] == 3000
    assert told.tags["plumbline.verdict"] in ("pass", "fail", "inconclusive")
    assert "plumbline.page" not in told.tags
    names = {each.path for each in mlflow.MlflowClient().list_artifacts(run, "plumbline")}
    assert names == {"plumbline/audit.json", "plumbline/report.pdf"}


def test_predictions_in_a_column_are_evaluated_on_a_server(run, service, token):
    frame = people().assign(said=lambda t: (t["income"] > 0).astype(int))
    config = {"url": service.address, "token": token, **CONFIG}
    mlflow.models.evaluate(
        data=frame, targets="repaid", predictions="said", model_type="classifier", evaluators="plumbline",
        evaluator_config=config,
    )  # fmt: skip
    tags = mlflow.get_run(run).data.tags
    with Client(service.address, token) as client:
        audit = client.audits.get(tags["plumbline.audit"])
        assert audit.verdict == tags["plumbline.verdict"]
        assert audit.page == tags["plumbline.page"]
        assert tags["plumbline.data.sha256"] == audit.result["inputs"][0]["sha256"]


@pytest.mark.parametrize(
    ("config", "said"),
    [({}, "groups of people"), ({"sensitive": ["age"]}, "no column 'age'"), ({"sensitiv": ["sex"]}, "no 'sensitiv'")],
)
def test_a_configuration_that_cannot_be_is_refused_in_words(run, config, said):
    frame = people().assign(said=1)
    with pytest.raises(mlflow.MlflowException, match=said):
        mlflow.models.evaluate(
            data=frame, targets="repaid", predictions="said", model_type="classifier", evaluators="plumbline",
            evaluator_config=config,
        )  # fmt: skip


def test_a_registered_model_is_registered_with_us_and_tagged_with_its_verdict(run, client):
    frame = people()
    logged = mlflow.sklearn.log_model(fitted(frame), name="loans", registered_model_name="loans")
    mlflow.MlflowClient().update_model_version("loans", "1", description="Who pays back.")
    version = client.models.register("Loans of MLflow", "models:/loans/1")
    assert version.format == "skops"
    assert client.models.get(version.model.id).description == "Who pays back."
    assert client.models.register("Loans of MLflow", logged.model_uri).id == version.id

    audit = client.audit(dataset=frame, model=version, sensitive="sex", label="repaid", name="Loans of MLflow").wait()
    write_back(audit, "models:/loans/1")
    tags = mlflow.MlflowClient().get_model_version("loans", "1").tags
    assert tags == tags_of(audit.result, page=audit.page, ident=audit.id)
    assert tags["plumbline.verdict"] == audit.verdict

    mlflow.MlflowClient().set_registered_model_alias("loans", "champion", "1")
    assert client.models.register("Loans of MLflow", "models:/loans@champion").id == version.id
    write_back(audit, f"runs:/{run}/loans")
    assert mlflow.get_run(run).data.tags["plumbline.audit"] == audit.id


def test_a_pickle_of_mlflow_is_not_opened(run, client):
    logged = mlflow.sklearn.log_model(fitted(people()), name="pickled", serialization_format="cloudpickle")
    with pytest.raises(InvalidInput, match="runs whatever is in it"):
        client.models.register("Pickled", logged.model_uri)


@pytest.mark.parametrize("address", ["models:/nothing/1", "models:/nothing@x", "runs:/0123456789abcdef/model"])
def test_what_mlflow_does_not_have_is_said(run, client, address):
    with pytest.raises(InvalidInput, match="MLflow does not give"):
        client.models.register("Nothing", address)


def test_a_path_or_an_estimator_is_no_address_of_mlflow(tmp_path):
    assert not any(map(KIND.takes, [tmp_path, str(tmp_path), "models/x", fitted(people()), "s3://bucket/x"]))

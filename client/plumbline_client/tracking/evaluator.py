"""MLflow's evaluator `plumbline`: `mlflow.models.evaluate(model, data, targets=..., evaluators="plumbline", ...)`.

Found by MLflow through the entry-point group `mlflow.model_evaluator`. With an address (evaluator_config["url"], or
PLUMBLINE_URL) the audit runs on that server; without one on this machine, by `plumbline audit`, where the service is
installed. Figures become metrics of the run, the verdict its tags, the report and the evidence its artifacts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.models.evaluation import EvaluationResult, ModelEvaluator

from plumbline_client.errors import InvalidInput, PlumblineError
from plumbline_client.tables import write_table
from plumbline_client.tracking.tags import tag_run, tags_of

LABEL, PREDICTION, SCORE = "label", "prediction", "score"
# everything that evaluator_config may hold; what is not ours to pass on to the audit comes first
OURS = ("url", "token", "name", "policy", "sensitive_data", "predict_score")
ASKED = ("sensitive", "positive", "favourable", "reference", "threshold", "intersections", "suppress", "seed")
WENT_WELL = (0, 1, 3)  # passed, a rule failed, inconclusive: an audit was made
FOLDER = "plumbline"
MOST_AT_ONCE = 1000


class PlumblineEvaluator(ModelEvaluator):
    """See evaluator_config in docs/client.md: sensitive (required), positive, favourable, policy, url, name, ..."""

    name = "plumbline"

    @classmethod
    def can_evaluate(cls, *, model_type: Any, evaluator_config: Any, **kwargs: Any) -> bool:
        """Classifiers, and data whose predictions stand in a column (model_type="classifier" there too)."""
        return model_type in (None, "classifier")

    def evaluate(
        self, *, dataset: Any, run_id: str, evaluator_config: Mapping[str, Any] | None = None, model: Any = None,
        model_id: str | None = None, **kwargs: Any,
    ) -> EvaluationResult:  # fmt: skip
        """Raises MlflowException where the data, the model or the configuration cannot be audited."""
        try:
            config = checked(evaluator_config or {})
            with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
                made = audited(table_of(dataset, model, config), config, Path(folder))
                return logged(made, Path(folder), run_id, model_id)
        except PlumblineError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error


class Made:
    """An audit's JSON with the address of its page and its id, empty where it was made on this machine."""

    def __init__(self, result: Mapping[str, Any], page: str = "", ident: str = "") -> None:
        self.result, self.page, self.ident = result, page, ident


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    known = (*OURS, *ASKED)
    if unknown := sorted(set(config) - set(known)):
        raise InvalidInput(f"evaluator_config has no {unknown[0]!r}. It may hold {', '.join(known)}.")
    sensitive = config.get("sensitive")
    columns = [sensitive] if isinstance(sensitive, str) else list(sensitive or ())
    if not columns:
        raise InvalidInput("Name the columns with groups of people: evaluator_config={'sensitive': ['sex']}.")
    return {**config, "sensitive": columns}


def table_of(dataset: Any, model: Any, config: Mapping[str, Any]) -> Any:
    """A pandas table with the groups, the label and what was predicted: nothing else of the data leaves."""
    import pandas

    features = dataset.features_data
    if not isinstance(features, pandas.DataFrame):
        features = pandas.DataFrame(features, columns=dataset.feature_names)
    beside = config.get("sensitive_data")
    groups = features if beside is None else pandas.DataFrame(beside).reset_index(drop=True)
    if absent := [c for c in config["sensitive"] if c not in groups.columns]:
        raise InvalidInput(
            f"The data have no column {absent[0]!r}. Give the groups as evaluator_config['sensitive_data'] where the "
            "model does not read them."
        )
    if len(groups) != len(features):
        raise InvalidInput(f"sensitive_data has {len(groups):,} rows, the data {len(features):,}.")
    table = groups[config["sensitive"]].reset_index(drop=True)
    if dataset.labels_data is not None:
        table[LABEL] = plain(dataset.labels_data)
    said = dataset.predictions_data if model is None else predicted(model, features, bool(config.get("predict_score")))
    if said is None:
        raise InvalidInput("There is neither a model nor a column of predictions: give model= or predictions=.")
    values = plain(said)
    table[SCORE if len(set(values)) > 2 else PREDICTION] = values
    return table


def predicted(model: Any, features: Any, score: bool) -> Any:
    """What the model says of each row; with predict_score the probability of its last class, where it gives one."""
    if not score:
        return model.predict(features)
    raw = model.get_raw_model() if hasattr(model, "get_raw_model") else model
    if not hasattr(raw, "predict_proba"):
        raise InvalidInput(f"A {type(raw).__name__} gives no probabilities; leave out predict_score.")
    return raw.predict_proba(features)[:, -1]


def plain(values: Any) -> list[Any]:
    """One value for each row, as Python has it."""
    found = getattr(values, "squeeze", lambda: values)()
    found = found.tolist() if hasattr(found, "tolist") else list(found)
    if found and isinstance(found[0], list):
        raise InvalidInput("The model gives several columns. Give the one of the positive class as predictions.")
    return found


def audited(table: Any, config: Mapping[str, Any], folder: Path) -> Made:
    """The audit, on the server or here; report.pdf and audit.json stand in `folder` afterwards."""
    column = SCORE if SCORE in table.columns else PREDICTION
    asked = {column: column} | ({LABEL: LABEL} if LABEL in table.columns else {})
    asked |= {name: config[name] for name in ASKED if config.get(name) is not None}
    if config.get("url") or os.environ.get("PLUMBLINE_URL"):
        return on_server(table, config, asked, folder)
    return here(table, config, asked, folder)


def on_server(table: Any, config: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> Made:
    from plumbline_client.client import Client

    with Client(config.get("url"), config.get("token")) as client:
        name = config.get("name") or "MLflow evaluation"
        audit = client.audit(dataset=table, name=name, policy=config.get("policy"), **asked)
        audit.wait(progress=False)
        audit.report(folder / "report.pdf")
        audit.evidence(folder / "audit.json")
        return Made(audit.result, audit.page, audit.id)


def here(table: Any, config: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> Made:
    """By `plumbline audit`, in a process of its own: the client imports nothing of the service."""
    from plumbline_client.commands import installed

    if "audit" not in installed():
        raise InvalidInput(
            "There is no server to audit on and no `plumbline audit` here. Set PLUMBLINE_URL and PLUMBLINE_TOKEN, or "
            "install the service."
        )
    data = write_table(table, folder, config.get("name") or "evaluation")
    command = [sys.executable, "-c", "from plumbline_client.main import main; main()", "audit", str(data)]
    command += list(options(asked)) + (["--policy", str(config["policy"])] if config.get("policy") else [])
    command += ["--json", str(folder / "audit.json"), "--pdf", str(folder / "report.pdf")]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode not in WENT_WELL:
        raise InvalidInput(
            done.stderr.strip().removeprefix("Error: ") or f"plumbline audit ended with {done.returncode}"
        )
    return Made(json.loads((folder / "audit.json").read_text("utf-8")))


def options(asked: Mapping[str, Any]) -> Iterator[str]:
    """As `plumbline audit` is asked the same."""
    for name, value in asked.items():
        option = f"--{name}"
        if value is True:
            yield option
        elif name == "reference":
            for column, group in value.items():
                yield from (option, f"{column}={group}")
        elif value is not False:
            for each in value if isinstance(value, list | tuple) else [value]:
                yield from (option, str(each))


def logged(made: Made, folder: Path, run: str, model: str | None) -> EvaluationResult:
    """Metrics, tags and artifacts of the run; the tags on the logged model too, where there is one."""
    client = MlflowClient()
    metrics = dict(metrics_of(made.result))
    now = int(time.time() * 1000)
    rows = [Metric(name, value, now, 0) for name, value in metrics.items()]
    for start in range(0, len(rows), MOST_AT_ONCE):
        client.log_batch(run, metrics=rows[start : start + MOST_AT_ONCE])
    for file in ("report.pdf", "audit.json"):
        client.log_artifact(run, str(folder / file), FOLDER)
    tags = tags_of(made.result, made.page, made.ident)
    tag_run(client, run, tags)
    if model:
        client.set_logged_model_tags(model, tags)
    return EvaluationResult(metrics=metrics, artifacts={}, run_id=run)  # type: ignore[no-untyped-call]


def metrics_of(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Figures of everybody and those that rules rest on, each with its interval and its number of rows.

    A file store keeps a metric as a file, so no name is the folder of another.
    """
    ruled = {ident for verdict in result["verdicts"] for ident in verdict["measurements"]}
    for row in result["measurements"]:
        everybody = not (row["group"] or row.get("attribute") or row.get("feature"))
        if row["value"] is None or not (everybody or row["id"] in ruled):
            continue
        name = f"{FOLDER}/{'.'.join(filter(None, (row['metric'], named(row))))}"
        yield name, row["value"]
        interval = row.get("interval") or {}
        bounds = {"low": interval.get("low"), "high": interval.get("high"), "n": row["n"]}
        yield from ((f"{name}_{bound}", value) for bound, value in bounds.items() if value is not None)


def named(row: Mapping[str, Any]) -> str:
    """What the figure is of, in the letters that MLflow takes in a metric's name."""
    of = row.get("attribute") or " ".join(f"{column} {group}" for column, group in row["group"].items())
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "_-. ") else "_" for sign in of)

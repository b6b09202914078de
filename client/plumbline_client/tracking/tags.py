"""A verdict written back to MLflow: tags on the run, on the registered version, on the logged model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.mlflow import registered_version

if TYPE_CHECKING:
    from plumbline_client.audits import Audit

VERDICTS = ("fail", "waived", "inconclusive", "pass")


def tags_of(result: Mapping[str, Any], page: str = "", ident: str = "") -> dict[str, str]:
    """`plumbline.verdict` (the worst outcome), `plumbline.outcomes`, and where the audit is, if it is on a server."""
    outcomes = [verdict["outcome"] for verdict in result["verdicts"]]
    worst = next((outcome for outcome in VERDICTS if outcome in outcomes), "not_applicable")
    counted = ", ".join(f"{outcomes.count(each)} {each}" for each in dict.fromkeys(outcomes))
    said = {"verdict": worst, "outcomes": counted, "audit": ident, "page": page}
    said["data.sha256"] = result["inputs"][0]["sha256"]
    return {f"plumbline.{name}": text for name, text in said.items() if text}


def write_back(audit: Audit, address: str) -> dict[str, str]:
    """Tag what `address` names (models:/name/3, models:/name@alias, runs:/RUN/path) with the audit's verdict.

    Returns the tags. Raises InvalidInput for an address that names neither a registered version nor a run.
    """
    from mlflow import MlflowClient

    tags = tags_of(audit.result, page=audit.page, ident=audit.id)
    client = MlflowClient()
    version = registered_version(address)
    if version is not None:
        for name, text in tags.items():
            client.set_model_version_tag(version.name, version.version, name, text)
        return tags
    if not address.startswith("runs:/"):
        raise InvalidInput(f"{address} names neither a registered version (models:/name/3) nor a run (runs:/...).")
    tag_run(client, address.split("/")[1], tags)
    return tags


def tag_run(client: Any, run: str, tags: Mapping[str, str]) -> None:
    for name, text in tags.items():
        client.set_tag(run, name, text)

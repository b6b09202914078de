"""An audit written as a Hugging Face model card: YAML that other tools read, and a summary for people.

Format: https://huggingface.co/docs/hub/model-cards (model-index). Every figure keeps its interval, its level and its
number of rows, in `args`, which the format leaves to whoever measured.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from audits.measure.catalogue import METRICS
from audits.report.words import OUTCOMES

# the Hub's own names of licences are lower case with dashes; everything else is `other` with a name
LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")
SPECIAL = re.compile(r"([\\`*_{}\[\]#|~])")


def model_card(audit: Mapping[str, Any], *, evidence: str, address: str = "") -> str:
    """The README.md of the audited model.

    Args:
        audit: schema plumbline.audit/1. evidence: its SHA-256. address: where the audit can be read, if anywhere.
    """
    head = yaml.safe_dump(_head(audit, address), sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{head}---\n\n" + "\n".join(_body(audit, evidence, address)) + "\n"


def _head(audit: Mapping[str, Any], address: str) -> dict[str, Any]:
    subject = audit["subject"]
    name = subject.get("name") or "model"
    result: dict[str, Any] = {
        "task": {"type": "tabular-classification"},
        "dataset": {"type": "tabular", "name": audit["data"]["name"], "revision": audit["inputs"][0]["sha256"]},
        "metrics": [_metric(each) for each in _figures(audit)],
    }
    if address:
        result["source"] = {"name": "Plumbline audit", "url": address}
    return {
        **_licence(subject.get("licence")),
        "tags": ["tabular-classification", "plumbline"],
        "model_name": name,
        "model-index": [{"name": name, "results": [result]}],
    }


def _licence(licence: str | None) -> dict[str, str]:
    if not licence:
        return {}
    short = licence.strip().lower().replace(" ", "-")
    return {"license": short} if LICENCE.fullmatch(short) else {"license": "other", "license_name": licence.strip()}


def _figures(audit: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Figures of everybody, and those that rules rest on; each once, and none without a value."""
    ruled = {ident for verdict in audit["verdicts"] for ident in verdict["measurements"]}
    seen: set[str] = set()
    for row in audit["measurements"]:
        name = _name(row)
        overall = not row["group"] and not row.get("attribute") and not row.get("feature")
        if row["value"] is not None and name not in seen and (overall or row["id"] in ruled):
            seen.add(name)
            yield row


def _metric(row: Mapping[str, Any]) -> dict[str, Any]:
    args: dict[str, Any] = {"n": row["n"]}
    if interval := row.get("interval"):
        args |= {"low": interval["low"], "high": interval["high"], "level": interval["level"]}
    return {"type": row["metric"], "name": _name(row), "value": row["value"], "args": args}


def _name(row: Mapping[str, Any]) -> str:
    entry = METRICS.get(row["metric"])
    title = entry.title if entry else row["metric"]
    of = row.get("attribute") or ", ".join(f"{k} = {v}" for k, v in row["group"].items())
    return f"{title}, {of}" if of else title


def _body(audit: Mapping[str, Any], evidence: str, address: str) -> Iterable[str]:
    subject, data = audit["subject"], audit["data"]
    yield f"# {_plain(subject.get('name') or data['name'])}"
    yield ""
    for title in ("description", "purpose"):
        if subject.get(title):
            yield from (
                f"## {'Description' if title == 'description' else 'Intended use'}",
                "",
                _plain(subject[title]),
                "",
            )
    yield from ("## Audit", "", f"Audited with Plumbline {audit['provenance']['version']} on {_plain(data['name'])}, ")
    yield f"{data['rows_used']} of {data['rows']} rows, on {audit['provenance']['started'][:10]}."
    yield "A verdict compares the whole 95% interval with the limit; too little data never passes."
    yield from ("", "| rule | limit | verdict | why |", "| --- | --- | --- | --- |")
    for verdict in audit["verdicts"]:
        side = "at least" if verdict.get("direction") == "at_least" else "at most"
        why = _plain(verdict.get("reason") or "")
        yield f"| {_plain(verdict['rule'])} | {side} {verdict['limit']:g} | {OUTCOMES[verdict['outcome']]} | {why} |"
    yield from ("", f"Evidence: SHA-256 `{evidence}`." + (f" Read at {address}." if address else ""))
    yield "A figure can show a difference, not its cause."


def _plain(text: str) -> str:
    """What people wrote, on one line and with nothing that Markdown or HTML would act on."""
    return SPECIAL.sub(r"\\\1", html.escape(" ".join(str(text).split()), quote=False))

"""The anonymity of a table as JSON, and the sandbox's side of measuring it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.jobs.sandbox.limits import Limits
from models.jobs.sandbox.run import run_sandboxed
from privacy.anonymity.generalise import Suggestion, suggest
from privacy.anonymity.measures import Anonymity, anonymity, classes_of, disclosure
from privacy.anonymity.rows import Column, read_combinations
from privacy.anonymity.singling import singled_out

MOST_SUBSETS = 10
CAVEAT = (
    "Exact figures of these rows, for somebody who knows these identifiers and that the person is in the table. They "
    "say nothing of what other tables give away."
)


@dataclass(frozen=True)
class Asked:
    """`k` is what the suggestion aims at; it gives up at most a share `most_dropped` of the rows."""

    identifiers: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    k: int = 5
    most_dropped: float = 0.01


def anonymity_in_sandbox(data: Path, asked: Asked, limits: Limits) -> dict[str, Any]:
    """The JSON of `measured`. Raises InputError for what cannot be read or is not there, SandboxError at a limit."""
    payload = {
        "identifiers": list(asked.identifiers),
        "sensitive": list(asked.sensitive),
        "k": asked.k,
        "most_dropped": asked.most_dropped,
    }
    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        return run_sandboxed(
            "privacy.anonymity.task:anonymity_task",
            payload,
            inputs={"data": data},
            output=Path(folder) / "anonymity",
            limits=limits,
        )


def anonymity_task(payload: dict[str, Any], inputs: dict[str, Path], output: Path, progress: Any) -> dict[str, Any]:
    """inputs: "data". payload: identifiers, sensitive, k, most_dropped."""
    asked = Asked(tuple(payload["identifiers"]), tuple(payload["sensitive"]), payload["k"], payload["most_dropped"])
    return measured(inputs["data"], asked)


def measured(data: Path, asked: Asked) -> dict[str, Any]:
    """All figures of one table, as `plumbline privacy anonymity --json` writes them."""
    table = read_combinations(data, asked.identifiers, asked.sensitive)
    classes = classes_of(table.identifiers)
    found = anonymity(table.n, classes)
    given_away = [disclosure(table, column, classes) for column in table.sensitive]
    return {
        "rows": found.rows,
        "identifiers": [_described(column) for column in table.identifiers],
        "sensitive": [_described(column) for column in table.sensitive],
        **_anonymity_json(found),
        "l_diversity": [
            {"column": d.column, "distinct": d.distinct, "entropy": d.entropy, "revealed_rows": d.revealed}
            for d in given_away
        ],
        "t_closeness": [{"column": d.column, "value": d.t} for d in given_away],
        "singling_out": [
            {"columns": list(each.columns), "unique_rows": each.unique, "share": each.unique / found.rows}
            for each in singled_out(table)[:MOST_SUBSETS]
        ],
        "suggestion": None if found.k >= asked.k else _suggestion_json(suggest(table, asked.k, asked.most_dropped)),
        "caveat": CAVEAT,
    }


def _described(column: Column) -> dict[str, Any]:
    return {"name": column.name, "kind": column.kind, "levels": len(column.levels)}


def _anonymity_json(found: Anonymity) -> dict[str, Any]:
    return {
        "k_anonymity": found.k,
        "classes": found.classes,
        "uniqueness": {"value": found.unique / found.rows, "unique_rows": found.unique, "n": found.rows},
        "risk": {"highest": 1 / found.k, "average": found.risk},
        "class_sizes": [{"from": low, "to": high, "rows": rows} for (low, high), rows in found.sizes],
    }


def _suggestion_json(found: Suggestion) -> dict[str, Any]:
    return {
        "k": found.k,
        "columns": [{"name": name, "how": how} for name, how in found.columns],
        "dropped_rows": found.dropped,
        "after": _anonymity_json(found.after) if found.after else None,
    }

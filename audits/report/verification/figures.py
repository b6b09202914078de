"""Figures and verdicts of the evidence against those computed again from its cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.report.numbers import is_number
from audits.report.verification.findings import Findings

if TYPE_CHECKING:
    from audits.measure.cells import Cube

Json = Mapping[str, Any]
TOLERANCE = 1e-9
# figures of these checks are functions of the cube; one that is not there when recomputed was made up
OF_THE_CUBE = ("fairness", "performance")
NO_DATA = "needs the data and the model, which are not in the report"


def check_figures(audit: Json, again: Json, findings: Findings) -> None:
    """Every measurement and verdict that the cube gives, compared key by key within 1e-9 of its size."""
    _measurements(audit["measurements"], again["measurements"], findings)
    _verdicts(audit, again["verdicts"], findings)


def _measurements(printed: Sequence[Json], again: Sequence[Json], findings: Findings) -> None:
    by_id = {m["id"]: m for m in printed}
    if len(by_id) != len(printed):
        findings.differ("measurement ids are unique", len(printed), len(by_id))
    recomputed = {m["id"]: m for m in again}
    for id, m in by_id.items():
        if m["id"] != content_id(m):
            findings.differ(f"measurement {id}: its id is that of what it measures", id, content_id(m))
        if id in recomputed:
            _row(f"measurement {named(m)}", m, recomputed[id], findings)
        elif m["check"] in OF_THE_CUBE:
            findings.differ(f"measurement {named(m)}: value", m["value"], None)
        else:
            _from_sums(m, findings)
    for id in recomputed.keys() - by_id.keys():
        findings.differ(f"measurement {named(recomputed[id])}: value", None, recomputed[id]["value"])


def named(m: Json) -> str:
    """`M-0123456789 (false_positive_rate, sex female)`."""
    about = ", ".join(f"{key} {value}" for key, value in m["group"].items()) or m.get("attribute") or m.get("feature")
    return f"{m['id']} ({m['metric']}{f', {about}' if about else ''})"


def content_id(m: Json) -> str:
    """The id that a measurement of this content has."""
    from audits.measure.types import measurement_id

    return measurement_id(m["check"], m["metric"], m.get("attribute"), m["group"], m.get("feature"))


def _verdicts(audit: Json, again: Sequence[Json], findings: Findings) -> None:
    printed = {str(v["rule"]): v for v in audit["verdicts"]}
    if len(printed) != len(audit["verdicts"]):
        findings.differ("each rule has one verdict", len(audit["verdicts"]), len(printed))
    recomputed = {str(v["rule"]): v for v in again}
    ids = {m["id"] for m in audit["measurements"]}
    for rule, verdict in printed.items():
        unknown = [i for i in verdict["measurements"] if i not in ids]
        if unknown:
            findings.differ(f"verdict {rule}: measurements it rests on", unknown, "not in the evidence")
        if rule in recomputed:
            _row(f"verdict {rule}", verdict, recomputed[rule], findings)
        else:
            findings.differ(f"verdict {rule}: outcome", verdict["outcome"], None)
    for rule in recomputed.keys() - printed.keys():
        findings.differ(f"verdict {rule}: outcome", None, recomputed[rule]["outcome"])


def _row(what: str, printed: Json, again: Json, findings: Findings) -> None:
    unlike = list(unequal(printed, again))
    if not unlike:
        findings.agrees(what)
    for path, one, other in unlike:
        findings.differ(f"{what}: {path}", one, other)


def unequal(printed: Any, again: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ: (path, one, other)."""
    if isinstance(printed, Mapping) and isinstance(again, Mapping):
        for key in sorted(printed.keys() | again.keys()):
            yield from unequal(printed.get(key), again.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(printed, list | tuple) and isinstance(again, list | tuple) and len(printed) == len(again):
        for i, (one, other) in enumerate(zip(printed, again, strict=True)):
            yield from unequal(one, other, f"{path}[{i}]")
    elif not same(printed, again):
        yield path, printed, again


def same(one: Any, other: Any) -> bool:
    """Equal, numbers within 1e-9 of their size. An interval's end at 0 may be off by rounding only."""
    if is_number(one) and is_number(other):
        return bool(abs(one - other) <= TOLERANCE * max(abs(one), abs(other)) + 1e-15)
    return bool(one == other) and type(one) is type(other)


def _from_sums(m: Json, findings: Findings) -> None:
    """A Shapley value cannot be computed without model and data, but from its own sums its mean and interval can."""
    details = m.get("details") or {}
    if not {"n", "sum", "sum_of_squares"} <= details.keys():
        findings.leave(f"measurement {named(m)}", NO_DATA)
        return
    from audits.explain.summary import absolute_mean

    value, interval = absolute_mean(details)
    again = {"value": value, "interval": interval.to_json() if interval else None}
    _row(f"measurement {named(m)} from its n, sum and sum of squares", {k: m[k] for k in again}, again, findings)
    findings.leave(f"measurement {named(m)}: the sums themselves", NO_DATA)


def check_tables(audit: Json, findings: Findings) -> None:
    """What checks say that need nothing but the cube: notes, confusion, curves, calibration, rates by group."""
    from audits.measure import cells
    from audits.measure.check import Context, discover
    from audits.run.parameters import Parameters

    cube = cells.from_json(audit["cube"])
    if audit.get("data"):
        counts = _counts(cube, audit["data"])
        _row("counts of rows and groups", {key: audit["data"].get(key) for key in counts}, counts, findings)
    context = Context(cube, Parameters.from_json(audit["provenance"]["parameters"]))
    again = {c.id: c.run(context).to_json() for c in discover() if c.measure}
    for check in audit.get("checks") or []:
        if check["id"] in again:
            said = {key: check.get(key) for key in ("title", "status", "reason", "figures", "notes")}
            _row(f"what check {check['id']} says", said, {key: again[check["id"]][key] for key in said}, findings)
        recomputed = {t["id"]: t for t in again[check["id"]]["tables"]} if check["id"] in again else {}
        for table in check["tables"]:
            what = f"table {table['id']}"
            if table["id"] in recomputed:
                _row(what, table, recomputed[table["id"]], findings)
            elif check["id"] in again:
                findings.differ(what, "in the evidence", None)
            else:
                findings.leave(what, NO_DATA)


def _counts(cube: Cube, data: Json) -> dict[str, Any]:
    """The data profile's counts, which the cube holds; with frequencies it holds what the rows used stand for."""
    attributes = [
        {
            "name": one.name,
            "groups": [{"value": g[0], "n": int(n)} for g, n in zip(one.groups, one.n.sum(axis=(1, 2)), strict=True)],
        }
        for one in cube.sets
        if len(one.attributes) == 1
    ]
    if cube.weighting != "frequency":
        return {"rows_used": cube.rows, "stands_for": None, "attributes": attributes}
    used = data["rows"] - sum(data["dropped"].values())
    return {"rows_used": used, "stands_for": cube.rows, "attributes": attributes}


def check_cross_check(audit: Json, findings: Findings) -> None:
    """The second opinion's figures are those of the measurements, and its differences are what they say."""
    found = audit.get("cross_check")
    if not found:
        return
    values = {m["id"]: m["value"] for m in audit["measurements"]}
    bad = 0
    for c in found["comparisons"]:
        what = f"second opinion on {c['measurement']}: Plumbline's value"
        if not found.get("sampled") and not same(c["value"], values.get(c["measurement"])):
            findings.differ(what, c["value"], values.get(c["measurement"]))
            bad += 1
    if not bad and found["comparisons"] and not found.get("sampled"):
        findings.agrees("second opinion: Plumbline's values are those of the measurements")
    findings.leave("second opinion: the figures of fairlearn and AIF360", "needs the data, which are not in the report")

"""Policies: thresholds as data. A TOML file of rules, each with the source of its limit."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from audits.measure.disparities import DISPARITIES
from audits.measure.performance import WHOLE
from audits.measure.rates import RATES
from audits.measure.scores import PROBABILITY, RANKING
from models.errors import InputError

SCHEMA = "plumbline.policy/1"
DEFAULT = Path(__file__).parent / "default_policy.toml"
# counted, not estimated: the rows of a group, and the rows of its rarer label
GROUP_SIZE, LABEL_SIZE = COUNTS = ("group_size", "label_size")
_KEYS = {
    "id", "metric", "attribute", "groups", "at_least", "at_most", "min_n", "waived_until", "reason", "source", "title",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit on one metric. Without `attribute` a disparity is judged for every attribute, a rate for the whole
    population, or for every group with `groups`. Groups with a denominator below `min_n` are set aside and named."""

    id: str
    metric: str
    limit: float
    direction: Literal["at_least", "at_most"]
    attribute: str | None = None
    groups: bool = False
    min_n: int | None = None
    waived_until: datetime.date | None = None
    reason: str | None = None
    source: str | None = None
    title: str | None = None

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"id": self.id, "metric": self.metric, self.direction: self.limit}
        optional = {
            "title": self.title,
            "attribute": self.attribute,
            "groups": self.groups or None,
            "min_n": self.min_n,
            "waived_until": self.waived_until.isoformat() if self.waived_until else None,
            "reason": self.reason,
            "source": self.source,
        }
        return row | {key: value for key, value in optional.items() if value is not None}

    def waived_on(self, day: datetime.date) -> bool:
        return self.waived_until is not None and day <= self.waived_until


@dataclass(frozen=True, slots=True)
class Policy:
    """Named rules, in order."""

    name: str
    rules: tuple[Rule, ...]

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA, "name": self.name, "rules": [rule.to_json() for rule in self.rules]}


def judgeable_metrics() -> list[str]:
    """Every metric that a rule may name."""
    return sorted({*RATES, *DISPARITIES, *WHOLE, *RANKING, *PROBABILITY, *COUNTS})


def load_policy(path: Path | None) -> Policy:
    """The policy in a file, or the default one. InputError with the rule and the key where it is wrong."""
    source = path or DEFAULT
    try:
        data = tomllib.loads(source.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"There is no policy file {path}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"The policy {source.name} cannot be read: {error}.") from error
    return parse_policy(data, data.get("name") or source.stem)


def parse_policy(data: Any, name: str) -> Policy:
    """A policy from the TOML's (or an audit's) data."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputError(f'A policy starts with schema = "{SCHEMA}".')
    rows = data.get("rule", data.get("rules", []))
    unknown = sorted(set(data) - {"schema", "name", "rule", "rules"})
    if unknown:
        raise InputError(f"The policy has the unknown keys {', '.join(unknown)}; rules stand under [[rule]].")
    if not isinstance(rows, list) or not rows:
        raise InputError("The policy has no [[rule]].")
    rules = tuple(_rule(row, number) for number, row in enumerate(rows, 1))
    ids = [rule.id for rule in rules]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise InputError(f"The policy has two rules of the id {twice[0]!r}; ids must differ.")
    return Policy(name, rules)


def _rule(row: Any, number: int) -> Rule:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise InputError(f"Rule {number} of the policy has no id.")
    where = f"Rule {row['id']!r} of the policy"
    if unknown := sorted(set(row) - _KEYS):
        raise InputError(f"{where} has the unknown keys {', '.join(unknown)}. Known are {', '.join(sorted(_KEYS))}.")
    metric = row.get("metric")
    if metric not in judgeable_metrics():
        raise InputError(f"{where} names the metric {metric!r}. Known are {', '.join(judgeable_metrics())}.")
    limits = [key for key in ("at_least", "at_most") if key in row]
    if len(limits) != 1 or not _number(row[limits[0]]):
        raise InputError(f"{where} needs one limit, at_least or at_most, with a number.")
    min_n = row.get("min_n")
    if min_n is not None and (not isinstance(min_n, int) or isinstance(min_n, bool) or min_n < 1):
        raise InputError(f"{where}: min_n must be a whole number of rows, 1 or more.")
    for key, kind in (("attribute", str), ("groups", bool), ("source", str), ("reason", str), ("title", str)):
        if key in row and not isinstance(row[key], kind):
            raise InputError(f"{where}: {key} must be {'true or false' if kind is bool else 'text'}.")
    until = _day(row.get("waived_until"), where)
    if until and not row.get("reason"):
        raise InputError(f'{where} is waived without a reason; give reason = "...".')
    return Rule(
        id=row["id"],
        metric=str(metric),
        limit=float(row[limits[0]]),
        direction="at_least" if limits[0] == "at_least" else "at_most",
        attribute=row.get("attribute"),
        groups=row.get("groups", False),
        min_n=min_n,
        waived_until=until,
        reason=row.get("reason"),
        source=row.get("source"),
        title=row.get("title"),
    )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _day(value: Any, where: str) -> datetime.date | None:
    if value is None or (isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: waived_until must be a date such as 2027-01-31.") from error

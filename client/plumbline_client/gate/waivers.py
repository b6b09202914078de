"""Waivers: a named person accepts a failing rule until a day. A waiver that has expired no longer counts, and is named.

They stand in the policy itself (waived_until and reason of a rule) or in a file of their own:

    schema = "plumbline.waivers/1"

    [[waiver]]
    rule = "four-fifths[sex]"     # or four-fifths, for every attribute
    reason = "New scorecard arrives in March"
    who = "Risk committee, 2026-11-12"
    until = 2027-03-31            # the last day (UTC) on which it counts
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.gate.judged import Judged

SCHEMA = "plumbline.waivers/1"
KEYS = {"rule", "reason", "who", "until"}
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Waiver:
    """`origin` is where it stands: the policy, or a file of waivers."""

    rule: str
    reason: str
    who: str
    until: datetime.date
    origin: str

    def counts_on(self, day: datetime.date) -> bool:
        return day <= self.until

    def covers(self, rule: str, attribute: str | None = None) -> bool:
        """Whether it is of this rule, or of the rule for every attribute. An audit of one attribute alone leaves its
        name out of the rule's: four-fifths[sex] is four-fifths there."""
        return self.rule in (rule, f"{rule}[{attribute}]") or rule.startswith(f"{self.rule}[")

    def sentence(self) -> str:
        by = f" by {self.who}" if self.who else ""
        return f"Waived{by} until {self.until}: {self.reason}"

    def to_json(self) -> dict[str, str]:
        return {
            "rule": self.rule,
            "reason": self.reason,
            "who": self.who,
            "until": self.until.isoformat(),
            "origin": self.origin,
        }


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a file. InvalidInput with the waiver and the key where it is wrong."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path.name} is too large to be a file of waivers.")
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidInput(f"The waivers {path.name} cannot be read: {error}.") from error
    if data.get("schema") != SCHEMA:
        raise InvalidInput(f'A file of waivers starts with schema = "{SCHEMA}".')
    if unknown := sorted(set(data) - {"schema", "waiver"}):
        raise InvalidInput(f"{path.name} has the unknown keys {', '.join(unknown)}; waivers stand under [[waiver]].")
    rows = data.get("waiver", [])
    if not isinstance(rows, list):
        raise InvalidInput(f"{path.name}: waivers stand under [[waiver]].")
    return tuple(_waiver(row, number, path.name) for number, row in enumerate(rows, 1))


def _waiver(row: Any, number: int, file: str) -> Waiver:
    where = f"Waiver {number} of {file}"
    if not isinstance(row, dict) or set(row) != KEYS:
        raise InvalidInput(f"{where} must have exactly the keys {', '.join(sorted(KEYS))}.")
    for key in ("rule", "reason", "who"):
        if not isinstance(row[key], str) or not row[key].strip():
            raise InvalidInput(f"{where}: {key} must be text, and not empty.")
    until = row["until"]
    if isinstance(until, str):
        until = day_of(until, where)
    if isinstance(until, datetime.datetime) or not isinstance(until, datetime.date):
        raise InvalidInput(f"{where}: until must be a date such as 2027-01-31.")
    return Waiver(row["rule"], row["reason"].strip(), row["who"].strip(), until, file)


def day_of(text: str, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{where}: until must be a date such as 2027-01-31.") from error


def policy_waivers(verdicts: Sequence[Judged]) -> tuple[Waiver, ...]:
    """The waivers that the policy's own rules have."""
    found: dict[str, Waiver] = {}
    for verdict in verdicts:
        if verdict.waived_until:
            until = day_of(verdict.waived_until, f"Rule {verdict.base}")
            found[verdict.base] = Waiver(verdict.base, verdict.waived_because or "", "", until, "the policy")
    return tuple(found.values())

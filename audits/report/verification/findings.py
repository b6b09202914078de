"""What a verification found, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Result = Literal["verified", "differs", "not_a_report"]


@dataclass(frozen=True, slots=True)
class Checked:
    """Something that agrees with what it was compared with."""

    what: str

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not: as the report has it, and as it should be."""

    what: str
    printed: Any
    recomputed: Any

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "printed": self.printed, "recomputed": self.recomputed}


@dataclass(frozen=True, slots=True)
class NotRecomputed:
    what: str
    why: str

    def to_json(self) -> dict[str, Any]:
        return {"what": self.what, "why": self.why}


@dataclass(slots=True)
class Findings:
    """Collected on the way through the report."""

    checked: list[Checked] = field(default_factory=list)
    differs: list[Difference] = field(default_factory=list)
    not_recomputed: list[NotRecomputed] = field(default_factory=list)
    reason: str | None = None
    # fingerprint: of the key, None for unsigned; trusted: whether it was asked for. None where it is not good
    signature: dict[str, Any] | None = None

    def agrees(self, what: str) -> None:
        self.checked.append(Checked(what))

    def differ(self, what: str, printed: Any, recomputed: Any) -> None:
        self.differs.append(Difference(what, printed, recomputed))

    def leave(self, what: str, why: str) -> None:
        self.not_recomputed.append(NotRecomputed(what, why))

    def take(self, other: Findings, about: str) -> None:
        """All that another one found, each named with what it is about."""
        self.checked += [Checked(about + each.what) for each in other.checked]
        self.differs += [Difference(about + each.what, each.printed, each.recomputed) for each in other.differs]
        self.not_recomputed += [NotRecomputed(about + each.what, each.why) for each in other.not_recomputed]

    def compare(self, what: str, printed: Any, recomputed: Any) -> None:
        """One of the two, by equality."""
        if printed == recomputed:
            self.agrees(what)
        else:
            self.differ(what, printed, recomputed)

    @property
    def result(self) -> Result:
        return "not_a_report" if self.reason else "differs" if self.differs else "verified"

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "result": self.result,
            "checked": [c.to_json() for c in self.checked],
            "differs": [d.to_json() for d in self.differs],
            "not_recomputed": [n.to_json() for n in self.not_recomputed],
        }
        row |= {"signature": self.signature} if self.signature else {}
        return row | ({"reason": self.reason} if self.reason else {})

"""The risk register: risks, measures, what findings of audits propose; and the statements that the law asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plumbline_client.desk import Measure, Owed, Proposal, Risk, Statement
from plumbline_client.room import Register, Room, ident


class Risks(Register[Risk]):
    """`client.risks`. To accept what remains of a risk is for a second person who is signed in; no token does it."""

    path, thing = "/risks", Risk

    def list(self, *, system: Any = None, state: str | None = None) -> Iterator[Risk]:
        """The oldest first. `state`: open, accepted, closed or dismissed."""
        return self._listed(system=system, state=state)

    def create(self, system: Any, hazard: str, **said: Any) -> Risk:
        """What could go wrong, and for whom.

        `said`: cause, affected, rights (ids of client.law.list("eu-charter")), likelihood, severity, likelihood_after,
        severity_after (1 to 5), owner (a member's user id). change() takes the same.
        """
        return self._made(Risk, self.path, {"system": ident(system), "hazard": hazard, **said})

    def close(self, risk: Risk | str, closing: str) -> Risk:
        """Say what took it away."""
        return self._act(risk, "close", closing=closing)

    def reopen(self, risk: Risk | str) -> Risk:
        return self._act(risk, "reopen")

    def add_measure(self, risk: Risk | str, text: str, **said: Any) -> Measure:
        """`said`: owner, due_on, done_on."""
        return self._made(Measure, f"{self._at(risk)}/measures", {"text": text, **said})

    def measure(self, risk: Risk | str, measure: Measure | str) -> Measure:
        return self._seen(Measure, self._of(risk, measure))

    def change_measure(self, risk: Risk | str, measure: Measure | str, **said: Any) -> Measure:
        """text, owner, due_on, or done_on: the day on which it was done."""
        return self._changed(Measure, measure, self._of(risk, measure), said)

    def proposals(self, system: Any) -> tuple[Proposal, ...]:
        """Rules that audits of its models did not pass, of which nobody decided yet whether they are risks."""
        return tuple(self._rows(Proposal, f"/systems/{ident(system)}/risk-proposals"))

    def take(self, system: Any, proposal: Proposal | str) -> Risk:
        """Register what a finding proposes as a risk."""
        return self._decide(system, proposal, None)

    def dismiss(self, system: Any, proposal: Proposal | str, reason: str) -> Risk:
        """It is no risk, for a reason that is kept; it is not proposed again."""
        return self._decide(system, proposal, reason)

    def _decide(self, system: Any, proposal: Proposal | str, dismissal: str | None) -> Risk:
        finding = proposal if isinstance(proposal, str) else proposal.finding
        path = f"/systems/{ident(system)}/risk-proposals"
        return self._made(Risk, path, {"finding": finding, "dismissal": dismissal})

    def _of(self, risk: Risk | str, measure: Measure | str) -> str:
        return f"{self._at(risk)}/measures/{ident(measure)}"


class Statements(Room):
    """`client.statements`: the fundamental rights impact assessment (fria), oversight, instructions, quality and
    monitoring, point by point as the law lists them."""

    def asked(self, system: Any) -> tuple[Owed, ...]:
        """Every kind: whether it is asked of the system, its points, and how far it is."""
        return tuple(self._rows(Owed, f"/systems/{ident(system)}/statements/asked"))

    def list(self, system: Any, kind: str | None = None) -> Iterator[Statement]:
        """All versions, the newest first."""
        return self._rows(Statement, f"/systems/{ident(system)}/statements", {"kind": kind})

    def write(
        self,
        system: Any,
        kind: str,
        content: Mapping[str, str],
        *,
        draws_on: Mapping[str, Any] | None = None,
        seen: int | None = None,
    ) -> Statement:
        """Write the next version; points that are not given stay as they were.

        Args:
            content: text by the requirement's id, see asked().
            draws_on: for some points the evidence (a DPIA) that the text draws on.
            seen: the number of the version that was looked at; Problem "conflict" where there is a newer one.
        """
        said = {"content": content, "draws_on": draws_on or {}, "seen": seen}
        return self._made(Statement, f"/systems/{ident(system)}/statements/{kind}", said)

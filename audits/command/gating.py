"""How an audit on files ends: by its verdicts alone, or as a gate with waivers, a baseline and files for a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plumbline_client.gate.decision import Terms, decide
from plumbline_client.gate.options import Gate


@dataclass(frozen=True)
class Gating:
    """What was read before the work: the terms, and the audit to compare with. None of it where no gate was asked."""

    gate: Gate
    terms: Terms
    baseline: dict[str, Any] | None
    policy: Path | None
    config: Path | None

    @staticmethod
    def prepared(gate: Gate, baseline: Path | None, policy: Path | None, config: Path | None) -> Gating:
        """Reads waivers and baseline. InvalidInput where either is wrong."""
        from plumbline_client.gate.baseline import read_audit

        earlier = read_audit(baseline) if baseline else None
        return Gating(gate, gate.terms(), earlier, policy, config)

    def concluded(self, audit: dict[str, Any]) -> int:
        """The exit code; writes the files and prints the decision where a gate was asked for."""
        if not self.gate.asked and self.baseline is None:
            from audits.run.outcome import exit_code

            return exit_code(audit["verdicts"])
        from plumbline_client.gate.terminal import show

        comparison = None
        if self.baseline is not None:
            from audits.compare.compare import compare

            comparison = compare(self.baseline, audit).to_json()
        decision = decide(audit, self.terms, comparison=comparison)
        self.gate.write(decision, policy=self.policy, config=self.config)
        print()
        show(decision, rules=False)
        return decision.exit_code

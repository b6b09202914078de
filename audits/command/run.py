"""What the command line does between reading its options and showing the result."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from audits.measure.check import Progress
from audits.measure.policy import load_policy
from audits.run.audit import Material, run_audit
from audits.run.options import Options


def audit_files(data: Path, options: Options, progress: Progress) -> dict[str, Any]:
    """Audit one file; a model is run, and explained, in the sandbox."""
    policy = load_policy(options.policy)
    subject = {"name": (options.model or data).stem} | options.subject
    if options.model is None:
        material = Material(data=data, policy=policy, subject=subject)
        return run_audit(options.parameters, material, progress)
    from audits.run.model import predict_and_explain

    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        predictions, explanation, described = predict_and_explain(
            options.model, data, options.parameters, Path(folder), lambda share, told: progress(share * 0.6, told)
        )
        material = Material(
            data=data,
            predictions=predictions,
            model=options.model,
            policy=policy,
            subject=described | subject,
            explanation=explanation,
        )
        return run_audit(options.parameters, material, lambda share, told: progress(0.6 + share * 0.35, told))

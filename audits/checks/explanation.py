"""Explanation: what moves the model's score, for whom, and in single cases?"""

from __future__ import annotations

from audits.measure.check import Check, Context, Option
from audits.measure.types import CheckResult

NO_MODEL = "No model was given, only its predictions, so there is nothing to explain."


def run(context: Context) -> CheckResult:
    """Explain the model in the sandbox. Its measurements rest on rows and model: their details hold n, sum and sum of
    squares, so that value and interval can be recomputed (audits.explain.summary.absolute_mean)."""
    if context.model is None or context.data is None:
        return CheckResult(CHECK.id, CHECK.title, "not_applicable", reason=NO_MODEL)
    import tempfile
    from dataclasses import replace
    from pathlib import Path

    from audits.explain.task import explain_in_sandbox
    from audits.run.result_json import check_result_from_json

    asked = replace(context.parameters, threshold=context.threshold)
    with tempfile.TemporaryDirectory(prefix="plumbline-explain-") as folder:
        found = explain_in_sandbox(
            asked,
            context.model,
            context.data,
            Path(folder),
            limits=context.limits,
            on_progress=context.progress,
            cancelled=context.cancelled,
            on_log=context.on_log,
        )
    return check_result_from_json(found)


CHECK = Check(
    id="explanation",
    title="Explanation",
    question="What moves the model's score, for whom, and in single cases?",
    run=run,
    needs=frozenset({"model"}),
    answers_to=("eu-ai-act:13(3)(b)(iv)", "eu-ai-act:14(4)(c)", "eu-ai-act:86(1)", "nist-ai-rmf:MEASURE 2.9"),
    options=(
        Option(
            "method",
            "Method",
            "auto",
            "The best exact method that the model allows; by the training counts in its trees; or sampled.",
            ("auto", "path-dependent", "sampled"),
        ),
        Option("rows", "Rows to explain", 10_000, "A seeded sample where the table has more."),
        Option(
            "background",
            "Background rows",
            10_000,
            "Rows that stand for what is not known; a seeded sample where there are more.",
        ),
        Option("pairs", "Pairs of orders", 20, "Sampled method: random orders for each row, each walked both ways."),
        Option(
            "evaluations",
            "Evaluations",
            500_000,
            "Sampled method: how often the model may be asked; it explains as many rows as that allows.",
        ),
    ),
)

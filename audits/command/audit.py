"""`plumbline audit`: the audit on files, without server or database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from plumbline_client.gate.options import Gate, gate_options

FILE = click.Path(dir_okay=False, path_type=Path)
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Audit a file of predictions, or a model on a file of data.")
@click.argument("data", type=READABLE)
@click.option("--label", metavar="COL", help="Column with what happened. Without it only selection is audited.")
@click.option("--prediction", metavar="COL", help="Column with the predicted value.")
@click.option("--score", metavar="COL", help="Column with the score; positive from --threshold on.")
@click.option("--model", type=READABLE, metavar="FILE", help="Model to run on DATA (ONNX, skops, LightGBM, XGBoost).")
@click.option("--sensitive", multiple=True, metavar="COL", help="Column with groups of people; may be repeated.")
@click.option("--intersections", is_flag=True, default=None, help="Also every combination of sensitive columns.")
@click.option("--positive", metavar="VALUE", help="Label value that rates speak of (default 1).")
@click.option(
    "--favourable",
    metavar="VALUE",
    help="Outcome that benefits the person; without it the positive one, even where that is a harm.",
)
@click.option("--reference", multiple=True, metavar="COL=VALUE", help="Group that disparate impact compares with.")
@click.option("--threshold", type=float, metavar="T", help="Score from which on the prediction is positive (0.5).")
@click.option("--weight", metavar="COL", help="Column with sampling weights.")
@click.option("--frequency", metavar="COL", help="Column with the number of rows that a row stands for.")
@click.option("--drop-missing", is_flag=True, default=None, help="Leave out rows without label, prediction or score.")
@click.option("--suppress", type=int, metavar="N", help="Merge groups with cells under N rows, in all that is written.")
@click.option("--policy", type=READABLE, metavar="FILE", help="Rules to judge by (TOML) instead of the default ones.")
@click.option("--config", type=READABLE, metavar="FILE", help="Options from a file; `plumbline init` writes one.")
@click.option("--seed", type=int, metavar="N", help="Seed of whatever is sampled (default 0).")
@click.option("--cross-check", is_flag=True, default=None, help="Have fairlearn and AIF360 recompute the figures.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write the audit with its evidence as JSON.")
@click.option("--pdf", "pdf_file", type=FILE, metavar="FILE", help="Write the report as PDF, evidence attached.")
@click.option("--baseline", type=READABLE, metavar="FILE", help="Compare with an earlier audit's JSON.")
@gate_options
@click.pass_context
def audit(context: click.Context, /, data: Path, json_file: Path | None, pdf_file: Path | None, **given: Any) -> None:
    """Audit DATA (parquet, CSV or Arrow) for fairness and performance, judge it by a policy, and say what was found.

    Exit code: 0 passed; 1 a rule failed, or a figure got worse than the --baseline; 2 bad input; 3 nothing failed but
    something is inconclusive, or no rule could be judged.
    """
    from audits.command.gating import Gating
    from audits.command.progress import progress_bar
    from audits.command.run import audit_files
    from audits.command.summary import show
    from audits.run.options import read_options
    from audits.run.write import check_writable, write_atomically

    config, baseline, gate = given.pop("config"), given.pop("baseline"), Gate.taken_from(given)
    options = read_options(given, config)
    inputs = (data, options.model, options.policy, config, baseline, gate.waivers)
    check_writable(json_file, pdf_file, *gate.files, inputs=inputs)
    gating = Gating.prepared(gate, baseline, options.policy, config)
    with progress_bar("Auditing", data.name) as progress:
        result = audit_files(data, options, progress)
        if json_file:
            from audits.report.evidence import canonical_bytes

            write_atomically(json_file, canonical_bytes(result))
        if pdf_file:
            from audits.report.pdf import render_pdf

            progress(0.96, "Writing the report")
            write_atomically(pdf_file, render_pdf(result))
    show(result, json_file, pdf_file)
    context.exit(gating.concluded(result))

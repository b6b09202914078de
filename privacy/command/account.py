"""`plumbline privacy account`: the epsilon of a training, before any row is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from privacy.dp.accounting import Sampled, Spent


@click.command(short_help="Say what epsilon a training with noise has.")
@click.option("--rows", type=int, required=True, metavar="N", help="Rows of the training data, one per person.")
@click.option("--batch", type=int, required=True, metavar="B", help="Expected size of a batch (Poisson sampling).")
@click.option("--noise", type=float, required=True, metavar="S", help="Noise multiplier: its scale over the clip norm.")
@click.option("--epochs", type=float, required=True, metavar="E", help="Passes over the data.")
@click.option("--delta", type=float, required=True, metavar="D", help="Probability that it may fail; below 1/N.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the epsilons as JSON.",
)
def account(rows: int, batch: int, noise: float, epochs: float, delta: float, json_file: Path | None) -> None:
    """Say what epsilon Poisson-sampled DP-SGD has: ceil(E*N/B) steps, each with a row in it with probability B/N.

    Three accountants answer, each with an upper bound: rdp (converted as in Balle et al. 2020), pld, and prv, which is
    Opacus's and null where the privacy group is not installed. The unit is one row, added or removed.

    Exit code: 0 accounted, whatever the epsilon; 2 bad input.
    """
    import json

    from audits.run.write import check_writable, write_atomically
    from privacy.dp.accounting import Sampled, cautions, spent

    check_writable(json_file)
    sampled = Sampled(rows, batch, epochs)
    found = spent(sampled, noise, delta)
    warnings = cautions(rows, found.pld, delta)
    if json_file:
        content = {
            "epsilon": {"rdp": found.rdp, "pld": found.pld, "prv": found.prv},
            "order": found.order,
            "steps": sampled.steps,
            "sampling_rate": sampled.rate,
            "delta": delta,
            "warnings": warnings,
        }
        write_atomically(json_file, (json.dumps(content, indent=2) + "\n").encode())
    _show(sampled, found, delta, warnings)


def _show(sampled: Sampled, found: Spent, delta: float, warnings: list[str]) -> None:
    prv = "not installed (make install WITH=privacy)" if found.prv is None else f"{found.prv:.4g}"
    click.echo(f"{sampled.steps:,} steps, each with a row in it with probability {sampled.rate:.4g}; delta {delta:g}.")
    click.echo(f"epsilon by pld  {found.pld:.4g}")
    click.echo(f"epsilon by prv  {prv}")
    click.echo(f"epsilon by rdp  {found.rdp:.4g}  (order {found.order:g})")
    for warning in warnings:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)

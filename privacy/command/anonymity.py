"""`plumbline privacy anonymity`: how well a table hides the people in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from privacy.command.several import SeveralValues

FILE = click.Path(dir_okay=False, path_type=Path)
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=SeveralValues, short_help="Measure how well a table hides the people in it.")
@click.argument("data", type=READABLE)
@click.option(
    "--identifiers", multiple=True, required=True, metavar="COL...", help="Columns that somebody may know of a person."
)
@click.option("--sensitive", multiple=True, metavar="COL...", help="Columns that nobody should learn about a person.")
@click.option("--k", type=click.IntRange(2), default=5, show_default=True, help="What the suggestion aims at.")
@click.option("--json", "json_file", type=FILE, metavar="FILE", help="Write all figures as JSON.")
def anonymity(data: Path, identifiers: Sequence[str], sensitive: Sequence[str], k: int, json_file: Path | None) -> None:
    """Measure DATA (parquet, CSV or Arrow): k-anonymity, uniqueness, which few columns single somebody out, for
    --sensitive columns l-diversity and t-closeness, and how to coarsen the identifiers until K rows share each class.

    Exit code: 0 measured, whatever was found; 2 bad input.
    """
    import json
    import os

    from audits.command.run import DAY, machine_memory
    from audits.run.write import check_writable, write_atomically
    from models.jobs.sandbox.limits import GIB, Limits
    from privacy.anonymity.task import Asked, anonymity_in_sandbox

    check_writable(json_file, inputs=(data,))
    limits = Limits(seconds=DAY, memory=machine_memory(), scratch=64 * GIB, threads=os.cpu_count() or 1)
    found = anonymity_in_sandbox(data, Asked(tuple(identifiers), tuple(sensitive), k), limits)
    if json_file:
        write_atomically(json_file, (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode())
    _show(found)


def _show(found: dict[str, Any]) -> None:
    rows, unique = found["rows"], found["uniqueness"]["unique_rows"]
    names = ", ".join(column["name"] for column in found["identifiers"])
    click.echo(f"{rows:,} rows, {found['classes']:,} classes of {names}")
    click.echo(f"k-anonymity  {found['k_anonymity']:,}: the smallest class has so many rows")
    click.echo(f"unique       {unique:,} rows ({unique / rows:.2%}) stand alone")
    for spread, near in zip(found["l_diversity"], found["t_closeness"], strict=True):
        click.echo(
            f"{spread['column']}: l-diversity {spread['distinct']} (by entropy {spread['entropy']:.2f}), t-closeness "
            f"{near['value']:.3f}; it is given away of {spread['revealed_rows']:,} rows"
        )
    for each in found["singling_out"][:3]:
        click.echo(f"{' + '.join(each['columns'])} single out {each['unique_rows']:,} rows ({each['share']:.2%})")
    if found["suggestion"]:
        _show_suggestion(found["suggestion"], rows)
    click.echo(found["caveat"])


def _show_suggestion(suggestion: dict[str, Any], rows: int) -> None:
    click.echo(f"For k = {suggestion['k']}:")
    for column in suggestion["columns"]:
        click.echo(f"  {column['name']}: {column['how']}")
    dropped = suggestion["dropped_rows"]
    click.echo(f"  and leave out the {dropped:,} rows ({dropped / rows:.2%}) that still lack company")

"""`plumbline init`: a commented configuration to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write a commented plumbline.toml for a file of data.")
@click.argument("data", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("plumbline.toml"),
    show_default=True,
    help="Where to write it.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init(data: Path, output: Path, force: bool) -> None:
    """Look at DATA and write a plumbline.toml with the options of an audit, guessed and explained.

    Nobody has to type fifteen options twice: check the file, then run `plumbline audit DATA --config plumbline.toml`.
    """
    from audits.run.write import check_writable, write_atomically
    from models.errors import InputError
    from models.jobs.sandbox.run import run_sandboxed

    if output.exists() and not force:
        raise InputError(f"{output} is already there. Look at it, or write over it with --force.")
    check_writable(output, inputs=(data,))
    import tempfile

    with tempfile.TemporaryDirectory(prefix="plumbline-") as folder:
        made = run_sandboxed(
            "audits.run.starter:starter_task", {"name": data.name}, inputs={"data": data}, output=Path(folder)
        )
    write_atomically(output, made["text"].encode())
    click.echo(f"Wrote {output}. Check it, then run: plumbline audit {data} --config {output}")

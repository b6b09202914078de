"""`plumbline classify`: the class of an AI system under the EU AI Act, from a file of facts."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Classify an AI system under the EU AI Act, with its duties on a day.")
@click.argument("facts", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as-of", metavar="DATE", help="The day it is for (default: the file's assessment_date, or today).")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the class, its reasons and the duties as JSON.",
)
def classify(facts: Path, as_of: str | None, json_file: Path | None) -> None:
    """Say which class of the EU AI Act the FACTS (YAML) lead to on a day, why, and which duties follow.

    FACTS holds legal conclusions, after exceptions; docs/classification.md describes them. This is no legal advice.

    Exit code: 0 classified, whatever the class; 2 bad input: facts that contradict each other, or a day before the text
    of the law that is held.
    """
    import datetime as dt
    import json

    from audits.run.write import check_writable, write_atomically
    from governance.frameworks.load import as_of as checked_day
    from governance.law.classify import classify as classified
    from governance.law.facts_file import read_facts
    from governance.law.summary import show

    check_writable(json_file, inputs=(facts,))
    read = read_facts(facts)
    day = as_of if as_of is not None else read.assessment_date or dt.date.today()
    found = classified(read, checked_day(day))
    if json_file:
        content = json.dumps(found.as_json(), ensure_ascii=False, indent=2) + "\n"
        write_atomically(json_file, content.encode())
    show(found, facts.name, json_file)

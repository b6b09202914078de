"""An audit's result and report as pages: the report's own document and templates, with figures drawn by its job."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from audits.compare.comparable import plain_name
from audits.measure.meanings import MEANINGS, Meaning
from audits.models import Audit
from audits.report.blocks import Document, FigureBlock, Section
from audits.report.card import model_card
from audits.report.document import build_document, unnumbered
from audits.report.html import BODY, environment
from audits.report.next_steps import Step, for_all, next_steps
from audits.report.reading import Reading
from audits.report.sections.checks import figure_id
from models.registry.storage import store

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context
    from markupsafe import Markup

RESULT = "audits/result_body.html"
KEPT = 8  # documents in memory: a result is read several times in a row, by its page and its report's


def result_body(audit: Audit) -> Markup:
    """Verdicts first and what to do about them, then what each check found and what its figures mean."""
    found: dict[str, Any] = {
        "summary": unnumbered(document(audit.evidence).summary),
        "rules": unnumbered(document(audit.evidence).front[0]),
        "for_all": steps(audit.evidence)[1],
        "checks": checks(audit),
        "steps": steps(audit.evidence)[0],
        "meanings": meanings(audit.evidence),
    }
    return drawn(RESULT, audit, document(audit.evidence), **found)


def contents(audit: Audit) -> list[tuple[str, str]]:
    """The parts of a result, by the ids to jump to."""
    rules = document(audit.evidence).front[0]
    return [("next-steps", "What to do next"), (rules.id, rules.title), *((s.id, s.title) for s in checks(audit))]


@lru_cache(maxsize=KEPT)
def steps(evidence: str) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """What to do about each rule that is not kept, and about all that fail."""
    reading = Reading(read(evidence))
    return next_steps(reading), for_all(reading)


@lru_cache(maxsize=KEPT)
def meanings(evidence: str) -> dict[str, list[Meaning]]:
    """What is to be known of each metric that a check measured, by check, in the catalogue's order."""
    found: dict[str, dict[str, None]] = {}
    for m in read(evidence)["measurements"]:
        found.setdefault(m["check"], {})[plain_name(m["metric"])] = None
    return {check: [MEANINGS[name] for name in MEANINGS if name in names] for check, names in found.items()}


def figure_rows(audit: Audit, figure: str) -> tuple[list[str], list[Sequence[Any]]] | None:
    """The heads and the rows of what a figure draws; None where there is no such figure."""
    block = next((each for each in figures(audit.evidence) if each.id == figure), None)
    return rows_of(audit.evidence, block) if block is not None else None


def rows_of(evidence: str, block: FigureBlock) -> tuple[list[str], list[Sequence[Any]]]:
    """Heads and rows of the table that a check declared for its figure; of others, what their drawing is made from."""
    for check in read(evidence).get("checks") or []:
        tables = {table["id"]: table for table in check["tables"]}
        for declared in check["figures"]:
            if figure_id(check["id"], declared["id"]) == block.id:
                table = tables[declared["table"]]
                return [column["title"] for column in table["columns"]], table["rows"]
    rows = plotted(block.spec)
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name != "row"]
    return columns, [[row.get(name) for name in columns] for row in rows]


def figures(evidence: str) -> Iterator[FigureBlock]:
    """Every figure of the report, in order."""
    found = document(evidence)
    yield from _figures((found.summary, *found.front, *found.sections))


def _figures(sections: Sequence[Section]) -> Iterator[FigureBlock]:
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, FigureBlock))
        yield from _figures(section.sections)


def plotted(spec: Any) -> list[dict[str, Any]]:
    """The rows that a drawing is of: the longest of its layers' data, of which the others are parts."""
    if isinstance(spec, Mapping):
        own = spec.get("data", {}).get("values", []) if isinstance(spec.get("data"), Mapping) else []
        return max([own, *(plotted(part) for part in spec.values())], key=len)
    if isinstance(spec, list | tuple):
        return max((plotted(part) for part in spec), key=len, default=[])
    return []


def checks(audit: Audit) -> list[Section]:
    """The sections of the checks as the result shows them, without the report's numbers."""
    names = check_names(audit.evidence)
    return [unnumbered(section) for section in document(audit.evidence).sections if section.id in names]


def report_body(audit: Audit) -> Markup:
    return drawn(BODY, audit, document(audit.evidence))


def heading(audit: Audit) -> tuple[str, str]:
    """The answer, and what it is about."""
    found = document(audit.evidence)
    return found.heading, found.lede


def card(audit: Audit, address: str) -> str:
    """The audit as a Hugging Face model card; `address` is where it can be read."""
    return model_card(read(audit.evidence), evidence=audit.evidence, address=address)


@lru_cache(maxsize=KEPT)
def document(evidence: str) -> Document:
    return build_document(read(evidence), evidence)


@lru_cache(maxsize=KEPT)
def check_names(evidence: str) -> frozenset[str]:
    return frozenset(check["id"] for check in read(evidence).get("checks") or [])


def read(evidence: str) -> dict[str, Any]:
    return json.loads(store().path(evidence).read_bytes())


def drawn(template: str, audit: Audit, found: Document, **more: Any) -> Markup:
    from markupsafe import Markup

    drawings = json.loads(store().path((audit.job.result or {})["figures"]).read_bytes())
    said = {"document": found, "drawings": drawings, "help_at": reverse("help-metrics"), **more}
    said["figures_at"] = f"{reverse('audit', args=[audit.pk])}figures/"
    return Markup(renderer().get_template(template).render(said))


@cache
def renderer() -> Environment:
    """The report's templates; a figure is looked up instead of drawn, since drawing takes an engine of its own."""
    from jinja2 import pass_context
    from markupsafe import Markup

    @pass_context
    def drawing(context: Context, figure: FigureBlock) -> Markup:
        return Markup(context["drawings"][figure.id])

    made = environment()
    made.filters["drawing"] = drawing
    return made

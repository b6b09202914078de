"""An audit's result and report as pages: the report's own document and templates, with figures drawn by its job."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from audits.models import Audit
from audits.report.blocks import Document, FigureBlock, Section
from audits.report.document import build_document
from audits.report.html import BODY, environment
from models.registry.storage import store

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.runtime import Context
    from markupsafe import Markup

RESULT = "audits/result_body.html"
KEPT = 8  # documents in memory: a result is read several times in a row, by its page and its report's


def result_body(audit: Audit) -> Markup:
    """Verdicts first, then what each check found."""
    return drawn(RESULT, audit, document(audit.evidence), checks=checks(audit))


def contents(audit: Audit) -> list[tuple[str, str]]:
    """The parts of a result, by the ids to jump to."""
    return [(s.id, s.title) for s in (document(audit.evidence).front[0], *checks(audit))]


def checks(audit: Audit) -> list[Section]:
    names = check_names(audit.evidence)
    return [section for section in document(audit.evidence).sections if section.id in names]


def report_body(audit: Audit) -> Markup:
    return drawn(BODY, audit, document(audit.evidence))


def heading(audit: Audit) -> tuple[str, str]:
    """The answer, and what it is about."""
    found = document(audit.evidence)
    return found.heading, found.lede


@lru_cache(maxsize=KEPT)
def document(evidence: str) -> Document:
    return build_document(read(evidence), evidence)


@lru_cache(maxsize=KEPT)
def check_names(evidence: str) -> frozenset[str]:
    return frozenset(check["id"] for check in read(evidence).get("checks") or [])


def read(evidence: str) -> dict[str, Any]:
    return json.loads(store().path(evidence).read_bytes())


def drawn(template: str, audit: Audit, found: Document, **more: list[Section]) -> Markup:
    from markupsafe import Markup

    figures = (audit.job.result or {})["figures"]
    drawings = json.loads(store().path(figures).read_bytes())
    return Markup(renderer().get_template(template).render(document=found, drawings=drawings, **more))


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

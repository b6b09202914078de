"""The document as a web page: the same templates that the PDF is made from, and that Django can render."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from audits.report.blocks import Document, FigureBlock, Row, Section
from audits.report.charts.svg import draw
from audits.report.fonts import FACES, FOLDER, Face, data_uri

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = FOLDER.parents[1] / "templates"
LONG_WORD, LONG_NUMBER, TALL = 34, 26, 600  # characters
PAGE, BODY = "audits/report/page.html", "audits/report/body.html"


def environment(**options: Any) -> Environment:
    """A Jinja2 environment that knows the report's filters. Django's Jinja2 backend takes this as its `environment`.

    Everything is escaped; a name that is not there is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    given: dict[str, Any] = {"loader": FileSystemLoader(TEMPLATES), "undefined": StrictUndefined} | options
    env = Environment(**(given | {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}))
    env.filters |= {"drawing": drawing, "long": long, "tall": tall}
    return env


def long(text: str) -> str:
    """The class of a cell with a word too long for its column, which then may break anywhere, or with a sentence in it,
    which may break between words even among numbers."""
    if max(map(len, text.split()), default=0) > LONG_WORD:
        return " long"
    return " words" if len(text) > LONG_NUMBER else ""


def tall(row: Row) -> bool:
    """Whether a row is better broken over two pages than moved whole to the next, which leaves this one near empty."""
    return any(len(cell.text) > TALL for cell in row.cells)


@cache
def _environment() -> Environment:
    return environment()


def drawing(figure: FigureBlock) -> Markup:
    """A figure as inline SVG."""
    from markupsafe import Markup

    return Markup(_drawn(json.dumps(figure.spec, sort_keys=True), figure.id, figure.title, figure.description))


@lru_cache(maxsize=256)
def _drawn(spec: str, id: str, title: str, description: str) -> str:
    """Drawing is slow, and a report is drawn twice: for the PDF and for its pages."""
    return draw(json.loads(spec), id=id, title=title, description=description)


def drawings(document: Document) -> dict[str, str]:
    """Every figure of a document as SVG, by its id."""
    return {
        figure.id: str(drawing(figure)) for figure in _figures((document.summary, *document.front, *document.sections))
    }


def _figures(sections: Sequence[Section]) -> Iterator[FigureBlock]:
    for section in sections:
        yield from (block for block in section.blocks if isinstance(block, FigureBlock))
        yield from _figures(section.sections)


def render_html(document: Document, *, fonts_url: str | None = None) -> str:
    """A whole page that fetches nothing: fonts stand in it, unless `fonts_url` says where they are served."""
    return page(document, lambda face: data_uri(face) if fonts_url is None else f"{fonts_url.rstrip('/')}/{face.file}")


def render_body(document: Document) -> str:
    """Only the report itself, to stand in a page of ours that brings its own head and `report.css`."""
    return _environment().get_template(BODY).render(document=document)


def page(document: Document, source: Any) -> str:
    """The page with its fonts at `source(face)`."""
    from markupsafe import Markup

    faces = Markup("\n".join(_font_face(face, source(face)) for face in FACES))
    template = _environment().get_template(PAGE)
    return template.render(document=document, font_faces=faces, plumbline_version=plumbline_version())


def _font_face(face: Face, url: str) -> str:
    return f'@font-face {{ font-family: "{face.family}"; font-weight: {face.weight}; src: url("{url}") }}'


def plumbline_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("plumbline")
    except PackageNotFoundError:
        return "unknown"

"""The document: what a report says, apart from how it looks. Web page and PDF are drawn from the same values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Tone = Literal["pass", "fail", "waived", "inconclusive", "not_applicable"]
Align = Literal["text", "number", "id", "code", "name"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. `ids` are the measurements its figures come from, printed after it."""

    text: str
    ids: tuple[str, ...] = ()
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]
    kind: Literal["bullets"] = "bullets"


@dataclass(frozen=True, slots=True)
class Code:
    """Something to copy: a command, a hash."""

    text: str
    kind: Literal["code"] = "code"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the reader should know: a sentence, then the figures that carry it."""

    headline: str
    text: str
    tone: Tone | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    items: tuple[Finding, ...]
    kind: Literal["findings"] = "findings"


@dataclass(frozen=True, slots=True)
class Banner:
    """The overall answer, as a word, a shape and a colour."""

    word: str
    text: str
    tone: Tone
    kind: Literal["banner"] = "banner"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; with a `tone` it is a verdict with its shape and colour; on a page a `metric` leads to its meaning.
    `id` is the name that programs know it by, printed small below the words. `shade`, 1 to 4, colours the
    cell of a heat map."""

    text: str
    tone: Tone | None = None
    metric: str | None = None
    id: str = ""
    shade: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    title: str
    align: Align = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """The first cell names the row."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under a common heading, which may be a `metric`; without a title they are simply the table's rows."""

    rows: tuple[Row, ...]
    title: str | None = None
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table with its caption. `wide` ones get a landscape page, `full` ones the left margin as well. The report
    numbers its tables and figures; on a page they have no `number`."""

    id: str
    caption: str
    heads: tuple[Head, ...]
    groups: tuple[RowGroup, ...]
    note: str | None = None
    width: Literal["narrow", "text", "full", "wide"] = "text"
    number: int = 0
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A drawing as a Vega-Lite specification. `title` states the finding, `description` is for who does not see it."""

    id: str
    title: str
    description: str
    spec: Mapping[str, Any]
    caption: str = ""
    number: int = 0
    kind: Literal["figure"] = "figure"


Block: TypeAlias = Paragraph | Bullets | Code | Findings | Banner | TableBlock | FigureBlock


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    number: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `title` names it, `heading` is the answer; `summary` is page one, unnumbered. `status` stands at
    the foot of every page; a `mark` is drawn across each as well."""

    id: str
    title: str
    heading: str
    lede: str
    running: str
    date: str
    created: str
    evidence_sha256: str
    version: str
    summary: Section
    front: tuple[Section, ...]
    sections: tuple[Section, ...]
    language: str = "en"
    keywords: tuple[str, ...] = field(default=())
    status: str = "Draft"
    mark: str = ""

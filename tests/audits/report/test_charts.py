"""Charts: every kind draws, names are inert, several drawings stand in one page."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from audits.measure.types import Column, Figure, Table
from audits.report.charts.declared import KINDS, declared_chart
from audits.report.charts.limits import Dot, group_chart, limit_chart
from audits.report.charts.svg import SVG, draw

HOSTILE = '</text><script>alert("x")</script>{{7*7}} datum.value & <b>'
COLUMNS = (
    Column("group", "Group", "text"),
    Column("a.b", "Share", "rate"),
    Column("said", "Mean score", "rate"),
    Column("low", "from", "rate"),
    Column("high", "to", "rate"),
)
ROWS = (("one", 0.2, 0.25, 0.1, 0.3), (HOSTILE, 0.5, 0.45, None, None), ("x" * 300, None, 0.9, 0.7, 0.99))


def drawn(kind: Any, **names: Any) -> ElementTree.Element:
    table = Table("t", "Table", COLUMNS, ROWS).to_json()
    figure = Figure("f", kind, "A finding.", "In words.", "t", **names).to_json()
    return ElementTree.fromstring(
        draw(declared_chart(figure, table), id="fig", title="A finding.", description="Words.")
    )


def words(svg: ElementTree.Element) -> str:
    return " ".join(element.text or "" for element in svg.iter(f"{{{SVG}}}text"))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("interval", {"x": "a.b", "y": "group", "low": "low", "high": "high"}),
        ("bar", {"x": "a.b", "y": "group", "low": "low", "high": "high"}),
        ("line", {"x": "said", "y": "a.b", "series": "group"}),
        ("calibration", {"x": "said", "y": "a.b", "low": "low", "high": "high"}),
    ],
)
def test_every_kind_that_a_check_may_declare_is_drawn(kind: str, names: dict[str, str]) -> None:
    svg = drawn(kind, **names)
    assert kind in KINDS
    assert len(list(svg.iter(f"{{{SVG}}}path"))) + len(list(svg.iter(f"{{{SVG}}}line"))) > 3
    assert "Share" in words(svg)


def test_the_title_is_a_direct_child_where_the_pdf_engine_looks_for_it() -> None:
    svg = drawn("bar", x="a.b", y="group")
    assert [child.tag for child in svg][:2] == [f"{{{SVG}}}title", f"{{{SVG}}}desc"]
    assert svg[0].text == "A finding."


def test_names_in_the_data_are_only_text() -> None:
    svg = drawn("interval", x="a.b", y="group", low="low", high="high")
    assert {element.tag for element in svg.iter()}.isdisjoint({f"{{{SVG}}}script", f"{{{SVG}}}b", "script"})
    assert "<script>" in words(svg).replace("…", "") or "</text>" in words(svg)


def test_ids_of_two_drawings_do_not_clash() -> None:
    spec = group_chart([Dot("a", 0.5, 0.4, 0.6)], "Share", 0.5)
    ids = [
        element.get("id")
        for name in ("one", "two")
        for element in ElementTree.fromstring(draw(spec, id=name, title="t", description="d")).iter()
        if element.get("id")
    ]
    assert ids
    assert len(ids) == len(set(ids))


def test_verdicts_stand_in_the_figure_as_words_and_as_shapes() -> None:
    dots = [
        Dot("Sex", 0.95, 0.9, 0.99, "pass", "Passes"),
        Dot("Age", 0.8, 0.75, 0.9, "inconclusive", "Too close to call"),
        Dot("Race", 0.6, 0.55, 0.65, "fail", "Fails"),
        Dot("None", None, None, None, "not_applicable", "Not applicable"),
    ]
    svg = ElementTree.fromstring(draw(limit_chart(dots, 0.8, True), id="f", title="t", description="d"))
    for word in ("Passes", "Too close to call", "Fails", "Not applicable", "limit 0.80", "not available"):
        assert word in words(svg)
    points = {p.get("d") for p in svg.iter(f"{{{SVG}}}path") if p.get("stroke-width") == "1.7"}
    assert len(points) == 3


def test_a_figure_of_a_column_that_is_not_there_says_so() -> None:
    with pytest.raises(ValueError, match="has no column 'nothing'"):
        drawn("bar", x="nothing", y="group")

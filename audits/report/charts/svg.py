"""A Vega-Lite specification drawn as SVG, ready to stand inside a page: named for those who do not see it, inert."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
REFERENCE = re.compile(r"url\(#([^)]+)\)")
# as audits.report.numbers prints them
NUMBERS = {"decimal": ".", "thousands": "\u202f", "grouping": [3], "currency": ["", ""], "minus": "\u2212"}
DROPPED = ("style", "class", "role", "pointer-events")


def draw(spec: Mapping[str, Any], *, id: str, title: str, description: str) -> str:
    """SVG text. `title` becomes a direct child, the only place where the PDF engine looks for the alternative text; all
    ids begin with `id`, so that many drawings can stand in one page."""
    root = ElementTree.fromstring(_svg(spec))
    for element in root.iter():
        _clean(element, id)
    for group in root.iter():
        for empty in [child for child in group if _invisible(child)]:
            group.remove(empty)
    root.set("role", "img")
    root.set("aria-labelledby", f"{id}-title {id}-desc")
    for tag, text in (("desc", description), ("title", title)):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{id}-{tag}"})
        element.text = text
        root.insert(0, element)
    ElementTree.register_namespace("", SVG)
    return ElementTree.tostring(root, encoding="unicode")


def _svg(spec: Mapping[str, Any]) -> str:
    import vl_convert

    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[], format_locale=NUMBERS)
    return svg


@cache
def _register_fonts() -> None:
    """Vega measures text with these; the page draws it with the same files."""
    import vl_convert

    from audits.report.fonts import truetype_folder

    vl_convert.register_font_directory(str(truetype_folder()))


def _clean(element: ElementTree.Element, prefix: str) -> None:
    for name, value in list(element.attrib.items()):
        if name in DROPPED or name.startswith("aria-"):
            del element.attrib[name]
        elif name == "id" or name.endswith("}href"):
            element.set(name, f"#{prefix}-{value[1:]}" if value.startswith("#") else f"{prefix}-{value}")
        elif "url(#" in value:
            element.set(name, REFERENCE.sub(rf"url(#{prefix}-\1)", value))


def _invisible(element: ElementTree.Element) -> bool:
    return element.get("display") == "none" or (element.tag == f"{{{SVG}}}path" and element.get("d") == "")

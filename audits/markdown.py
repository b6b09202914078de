"""Pages of the documentation as HTML: no raw HTML, links within the help only, tables that scroll in themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

if TYPE_CHECKING:
    from markdown_it.token import Token


@cache
def rendered(file: Path, addresses: frozenset[tuple[str, str]]) -> tuple[str, SafeString]:
    """The title of a page and the rest of it. `addresses` says where a file's page is found; what is not in it is not
    linked."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(file.read_text("utf-8"))
    title = tokens[1].content if tokens and tokens[0].type == "heading_open" else file.stem.capitalize()
    body = tokens[3:] if tokens and tokens[0].type == "heading_open" else tokens
    prepare(body, dict(addresses))
    renderer = MarkdownIt("commonmark", {"html": False})
    html = renderer.renderer.render(body, renderer.options, {})
    # safe: markdown-it escapes all text, raw HTML is switched off, and the files are our own
    return title, mark_safe(scrolling(html))


def scrolling(html: str) -> str:
    """Code and tables that are wider than the page scroll in themselves, and can be reached by keyboard to do so."""
    region = '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
    html = html.replace("<table>", region).replace("</table>", "</table></div>")
    return html.replace("<pre>", '<pre tabindex="0" role="region" aria-label="Code">')


def prepare(tokens: list[Token], addresses: Mapping[str, str]) -> None:
    """Headings get ids, heads of columns their scope, links an address of ours or none."""
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(tokens[i + 1].content))
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        if token.children:
            token.children = linked(token.children, addresses)


def linked(children: list[Token], addresses: Mapping[str, str]) -> list[Token]:
    kept, dropped = [], 0
    for token in children:
        if token.type == "link_open":
            target, _, anchor = str(token.attrGet("href") or "").partition("#")
            name = target.rpartition("/")[2]
            if name not in addresses:
                dropped += 1
                continue
            token.attrSet("href", addresses[name] + (f"#{anchor}" if anchor else ""))
        elif token.type == "link_close" and dropped:
            dropped -= 1
            continue
        kept.append(token)
    return kept

"""The pages against the evidence: the report is made again from it, and each page's words are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from audits.report.evidence import report_id
from audits.report.verification.findings import Findings
from audits.report.verification.looks import check_looks
from audits.report.verification.parts import Parts, page_texts
from models.errors import InputError

MARK = re.compile(r"SHA-256ofevidence\.jsonis([0-9a-f]{64})")
SHOWN, PLACES = 160, 5


def printed_hash(pages: Sequence[str]) -> str | None:
    """The evidence's hash as a reader finds it on the pages."""
    found = MARK.search("".join("".join(text.split()) for text in pages))
    return found[1] if found else None


def check_pages(made_by: str, parts: Parts, sha256: str, render: Callable[[], bytes], findings: Findings) -> None:
    """Every page's text against that of the report made again, by `render`. Names the page and the first words that
    differ. `made_by` is the version that the evidence names."""
    for number, kind in parts.annotations:
        findings.differ(f"page {number}: nothing lies over the page", f"annotation {kind[1:]}", None)
    findings.compare("what the file does when it is opened", list(parts.actions), [])
    try:
        made_again = render()
    except InputError as error:
        findings.leave("the pages' text", f"the report cannot be made again here: {error}")
        return
    again = tuple(page_texts(made_again))
    unlike = [i for i in range(max(len(parts.pages), len(again))) if _words(parts.pages, i) != _words(again, i)]
    if not unlike:
        findings.agrees(f"the text of all {len(again)} pages")
        check_looks(parts, made_again, other_maker(parts, made_by), findings)
    elif other_maker(parts, made_by):
        named = parts.maker or "an unnamed program"
        why = f"the report was made by {named}, and this is {maker()}: it may say and break things differently"
        _flowing(parts, again, sha256, findings, why)
    else:
        for i in unlike[:20]:
            _name(i, _words(parts.pages, i), _words(again, i), findings)


def maker() -> str:
    from audits.report.html import plumbline_version

    return f"Plumbline {plumbline_version()}"


def other_maker(parts: Parts, made_by: str) -> bool:
    """Whether file and evidence both name another version. The file's word alone would excuse any page."""
    return parts.maker != maker() and f"Plumbline {made_by}" != maker()


def _words(pages: Sequence[str], i: int) -> list[str] | None:
    return pages[i].split() if i < len(pages) else None


def _name(i: int, printed: list[str] | None, again: list[str] | None, findings: Findings) -> None:
    """The first places on a page that differ, with the words before them."""
    if printed is None or again is None:
        there = "the page is there"
        findings.differ(f"page {i + 1}", there if printed is not None else None, there if again is not None else None)
        return
    steps = SequenceMatcher(None, printed, again, autojunk=False).get_opcodes()
    for _, a, b, c, d in [step for step in steps if step[0] != "equal"][:PLACES]:
        one, other = " ".join(printed[a:b])[:SHOWN], " ".join(again[c:d])[:SHOWN]
        before = " ".join(printed[max(0, a - 4) : a])
        findings.differ(f"page {i + 1}, after “{before[-60:]}”", one or None, other or None)


def _flowing(parts: Parts, again: Sequence[str], sha256: str, findings: Findings, why: str) -> None:
    """Pages of another version: where only the breaks differ, the words in their order still agree."""
    if _flow(parts.pages, sha256) == _flow(again, sha256):
        findings.agrees("the pages' text, apart from where pages break")
    else:
        findings.leave("the pages' text", why)


def _flow(pages: Sequence[str], sha256: str) -> str:
    """All text without blanks, running lines and page numbers."""
    text = "".join("".join(page.split()) for page in pages)
    return re.sub(rf"Plumbline|{report_id(sha256)}·(?:Draft|Approved)|Page\d+of\d+", "", text)

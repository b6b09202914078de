"""The PDF: what a validator, a screen reader and an archive ask of it, as far as it can be asked here."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from audits.report.evidence import NAME, canonical_bytes, sha256
from audits.report.pdf import render_pdf
from audits.report.verification.parts import page_texts
from models.errors import InputError

PANGRAMS = (
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
    "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Zażółć gęślą jaźń; Glāžšķūņa rūķīši; Įlinkdama fechtuotojo špaga",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Под южно дърво, цъфтящо в синьо, бягаше малко пухкаво зайче",
)


@pytest.fixture
def pdf(report: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(report)) as opened:
        yield opened


def elements(pdf: pikepdf.Pdf, kind: str) -> list[Any]:
    return [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/S") == kind and "/P" in o]


def test_the_same_audit_gives_the_same_bytes(audit: dict[str, Any], report: bytes) -> None:
    assert render_pdf(json.loads(canonical_bytes(audit))) == report


def test_the_evidence_is_attached_as_data_and_its_hash_is_printed(
    pdf: pikepdf.Pdf, report: bytes, audit: dict[str, Any]
) -> None:
    evidence = pdf.attachments[NAME].get_file().read_bytes()
    assert json.loads(evidence) == json.loads(canonical_bytes(audit))
    assert len(pdf.Root.AF) == 1
    assert pdf.Root.AF[0].AFRelationship == "/Data"
    assert sha256(evidence) in "".join(page_texts(report))


def test_the_metadata_claim_archive_and_accessibility_and_name_the_evidence(pdf: pikepdf.Pdf) -> None:
    metadata = pdf.open_metadata()
    assert metadata["pdfaid:part"] == "3"
    assert metadata["pdfaid:conformance"] == "A"
    assert metadata["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
    assert metadata["dc:identifier"].startswith("urn:sha256:")
    assert metadata["dc:title"].startswith("Audit of Loan model, version 3")


def test_it_is_tagged_titled_and_in_a_language(pdf: pikepdf.Pdf) -> None:
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.Lang == "en"
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert pdf.Root.Outlines.Count > 5
    assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"


def test_every_figure_has_words_for_who_does_not_see_it(pdf: pikepdf.Pdf) -> None:
    figures = elements(pdf, "/Figure")
    assert len(figures) >= 4
    assert all(len(str(f.get("/Alt", ""))) > 10 for f in figures)


def test_every_header_cell_says_what_it_heads(pdf: pikepdf.Pdf) -> None:
    heads = elements(pdf, "/TH")
    assert len(heads) > 50
    assert {str(h.A.Scope) for h in heads} == {"/Row", "/Column"}


def test_headings_skip_no_level(pdf: pikepdf.Pdf) -> None:
    levels: list[int] = []

    def walk(element: Any) -> None:
        kind = str(element.get("/S", ""))
        if re.fullmatch(r"/H\d", kind):
            levels.append(int(kind[2]))
        kids = element.get("/K")
        for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                walk(kid)

    walk(pdf.Root.StructTreeRoot.K[0])
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_font_is_embedded(pdf: pikepdf.Pdf) -> None:
    descriptors = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
    assert len(descriptors) >= 4
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(d.keys()) for d in descriptors)
    assert all("Plex" in str(d.FontName) for d in descriptors)


def test_text_in_latin_greek_and_cyrillic_can_be_read_back(audit: dict[str, Any]) -> None:
    audit["subject"]["description"] = " ".join(PANGRAMS)
    text = " ".join(" ".join(page_texts(render_pdf(audit))).split())
    assert all(pangram in text for pangram in PANGRAMS)


def test_nothing_is_fetched_whatever_a_name_asks_for(audit: dict[str, Any], tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for the report")
    audit["subject"]["description"] = (
        f'</style><link rel="attachment" href="{secret.as_uri()}"><img src="{secret.as_uri()}">'
    )
    with pikepdf.open(io.BytesIO(render_pdf(audit))) as opened:
        assert list(opened.attachments) == [NAME]


def test_pages_say_which_of_how_many_they_are(report: bytes) -> None:
    pages = list(page_texts(report))
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
        assert "Audit of Loan model, version 3" in text


def test_page_one_holds_the_whole_summary(report: bytes) -> None:
    first, second = list(page_texts(report))[:2]
    assert "What was not assessed" in first
    assert "Causes: figures show a difference" in first
    assert second.startswith("Every rule and its verdict")


def test_where_pango_is_missing_the_message_names_the_package(tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    code = "from audits.report.pdf import _engine\ntry:\n _engine()\nexcept ValueError as e:\n print(e)"
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "apt-get install libpango-1.0-0" in run.stdout


def test_not_a_number_is_refused(audit: dict[str, Any]) -> None:
    audit["measurements"][0]["value"] = float("nan")
    with pytest.raises(InputError, match="JSON"):
        render_pdf(audit)


def test_the_report_is_light_to_import() -> None:
    code = "import sys, audits.report.pdf, audits.report.html, audits.report.verify\nprint(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3]
    )
    assert {"weasyprint", "altair", "vl_convert", "pandas", "pikepdf", "pypdfium2", "jinja2"}.isdisjoint(
        run.stdout.split()
    )

"""The report as a PDF: tagged PDF/A-3a and PDF/UA-1, evidence attached. The same audit gives the same bytes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from audits.report.blocks import Document
from audits.report.document import build_document
from audits.report.evidence import NAME, canonical_bytes, sha256
from audits.report.fonts import FACES, Face, truetype, truetype_folder
from audits.report.html import page
from audits.report.signature import SIGNATURE
from audits.report.xmp import with_pdfua_and_identifier
from models.errors import InputError

if TYPE_CHECKING:
    from weasyprint import Document as Pages

VARIANT = "pdf/a-3a"
SIGNED = f"The signature of {NAME} (Ed25519), with the public key"
ABOUT = "The audit as JSON: counts, rules, parameters, figures and verdicts"
PANGO = (
    "a PDF needs Pango, which is not installed. On Debian or Ubuntu: "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. On macOS: brew install pango."
)
_epoch = threading.Lock()


def render_pdf(audit: Mapping[str, Any], signature: bytes | None = None) -> bytes:
    """The report of an audit (its JSON) as PDF bytes. Raises InputError where it is no audit, or Pango is missing."""
    evidence = canonical_bytes(audit)
    return write_pdf(build_document(audit, sha256(evidence)), evidence, ABOUT, signature)


def write_pdf(document: Document, evidence: bytes, about: str, signature: bytes | None = None) -> bytes:
    """Any document as a PDF with its evidence attached, and its signature where there is one; `about` describes the
    attachment to programs."""
    attachments = [_attachment(document, NAME, evidence, about, "Data")]
    if signature is not None:
        attachments.append(_attachment(document, SIGNATURE, signature, SIGNED, "Supplement"))
    pages = lay_out(document)
    described = pages.metadata.generate_rdf_metadata

    def described_and_named(*arguments: Any) -> bytes:
        return with_pdfua_and_identifier(described(*arguments), document.evidence_sha256)

    pages.metadata.generate_rdf_metadata = described_and_named
    with _dated(document):
        content: bytes = pages.write_pdf(
            pdf_variant=VARIANT,
            pdf_identifier=bytes.fromhex(document.evidence_sha256)[:16],
            attachments=attachments,
            finisher=_finish,
        )
    return content


def lay_out(document: Document) -> Pages:
    """The document on pages, not written yet."""
    weasyprint = _engine()
    text = page(document, _font_url)
    html = weasyprint.HTML(string=text, base_url=None, url_fetcher=_fetcher())
    pages: Pages = html.render(pdf_variant=VARIANT, pdf_tags=True)
    return pages


def _engine() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise InputError(PANGO) from error
    return weasyprint


def _font_url(face: Face) -> str:
    return (truetype_folder() / truetype(face)).as_uri()


def _fetcher() -> Any:
    """Fetches our own fonts and data: URIs, and nothing else, whatever a name in the data asks for."""
    from weasyprint.urls import URLFetcher

    ours = {_font_url(face) for face in FACES}

    class OnlyOurs(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in ours and not url.startswith("data:"):
                raise ValueError(f"a report fetches nothing: {url[:80]}")
            return super().fetch(url, headers)

    return OnlyOurs(allowed_protocols=("file", "data"), allow_redirects=False)


def _attachment(document: Document, name: str, content: bytes, about: str, relationship: str) -> Any:
    from weasyprint import Attachment

    moment = datetime.fromisoformat(document.created.replace("Z", "+00:00"))
    return Attachment(
        string=content, name=name, description=about, created=moment, modified=moment, relationship=relationship
    )


@contextmanager
def _dated(document: Document) -> Iterator[None]:
    """The font subsets carry a date, which is read from the environment."""
    moment = datetime.fromisoformat(document.created.replace("Z", "+00:00")).astimezone(UTC)
    name = "SOURCE_DATE_EPOCH"
    with _epoch:
        before = os.environ.get(name)
        os.environ[name] = str(int(moment.timestamp()))
        try:
            yield
        finally:
            os.environ.pop(name) if before is None else os.environ.update({name: before})


def _finish(_document: Any, pdf: Any) -> None:
    """What the engine leaves out or doubles: header cells say whether they head a column or a row (PDF/UA asks for it),
    and the attachment is associated with the document once."""
    associated = pdf.catalog.get("AF")
    if associated:
        pdf.catalog["AF"] = type(associated)(dict.fromkeys(associated))
    elements: list[Any] = [o for o in pdf.objects if isinstance(o, dict) and o.get("Type") == "/StructElem"]
    parents = {o.reference: o for o in elements}
    for element in elements:
        if element.get("S") == "/TH":
            scope = "/Column" if _inside(element, "/THead", partial(parents.get)) else "/Row"
            element["A"]["Scope"] = scope


def _inside(element: Any, tag: str, parent_of: Any) -> bool:
    current = parent_of(element.get("P"))
    while current is not None and current.get("S") != "/Table":
        if current.get("S") == tag:
            return True
        current = parent_of(current.get("P"))
    return False

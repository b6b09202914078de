"""What a report's PDF holds: the evidence, the text of its pages, its metadata. Read as the file of a stranger.

Sizes are bounded before anything is unpacked. PDFium reads the pages, since it reads what a person would see.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audits.report.evidence import NAME
from audits.report.signature import SIGNATURE
from models.errors import InputError

if TYPE_CHECKING:
    from pikepdf import Pdf

MIB = 1024 * 1024
LARGEST_FILE = 512 * MIB
LARGEST_EVIDENCE = 256 * MIB
MOST_METADATA = 4 * MIB
MOST_SIGNATURE = MIB
MOST_PAGES = 5_000
MOST_OBJECTS = 2_000_000
OWN_ANNOTATIONS = ("/Link",)
IDENTIFIER = re.compile(rb"<dc:identifier>\s*urn:sha256:([0-9a-f]{64})\s*</dc:identifier>")


class NotAReport(InputError):
    """The file is no report of Plumbline, or is too damaged to be read as one."""


@dataclass(frozen=True)
class Parts:
    """`attachments` counts the embedded files; `annotations` holds (page, kind) of those that no report has, `actions`
    what the file would do when it is opened."""

    content: bytes
    evidence: bytes
    signature: bytes | None
    pages: tuple[str, ...]
    identifier: str | None
    maker: str | None
    attachments: int
    annotations: tuple[tuple[int, str], ...]
    actions: tuple[str, ...]


def read_parts(path: Path) -> Parts:
    """Everything that is checked. Raises NotAReport with what is wrong."""
    import pikepdf

    content = _content(path)
    try:
        with pikepdf.open(path) as pdf:
            return Parts(
                content=content,
                evidence=_evidence(pdf),
                signature=_attached(pdf, SIGNATURE, MOST_SIGNATURE) if SIGNATURE in pdf.attachments else None,
                pages=tuple(page_texts(content)),
                identifier=_identifier(pdf),
                maker=str(pdf.docinfo["/Creator"]) if "/Creator" in pdf.docinfo else None,
                attachments=_embedded_files(pdf),
                annotations=tuple(_foreign_annotations(pdf)),
                actions=tuple(_actions(pdf)),
            )
    except pikepdf.PasswordError as error:
        raise NotAReport("the PDF is encrypted; a report is not") from error
    except (pikepdf.PdfError, RuntimeError, TypeError, ValueError, KeyError, RecursionError) as error:
        if isinstance(error, NotAReport):
            raise
        said = str(error).replace(f"{path}: ", "").rstrip(".")
        raise NotAReport(f"the PDF is damaged: {said[:200]}") from error


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise NotAReport(f"the file has {size // MIB} MiB; a report has at most {LARGEST_FILE // MIB}")
    content = path.read_bytes()
    if b"%PDF-" not in content[:1024]:
        raise NotAReport("the file is no PDF")
    return content


def _evidence(pdf: Pdf) -> bytes:
    if NAME not in pdf.attachments:
        raise NotAReport(f"the PDF has no attached {NAME}, so it is no report of Plumbline")
    return _attached(pdf, NAME, LARGEST_EVIDENCE)


def _attached(pdf: Pdf, name: str, most: int) -> bytes:
    return unpacked(pdf.attachments[name].get_file().obj, most, f"the attached {name}")


def unpacked(stream: Any, most: int, what: str) -> bytes:
    """The content of a stream, never more than `most` bytes of it: a few bytes can unpack to gigabytes."""
    filters = stream.get("/Filter")
    names = [] if filters is None else [str(f) for f in filters] if _is_array(filters) else [str(filters)]
    raw: bytes = stream.read_raw_bytes()
    if not names:
        content = raw
    elif names == ["/FlateDecode"] and "/DecodeParms" not in stream:
        unpacker = zlib.decompressobj()
        try:
            content = unpacker.decompress(raw, most + 1)
        except zlib.error as error:
            raise NotAReport(f"{what} cannot be unpacked: {error}") from error
    else:
        raise NotAReport(f"{what} is packed in a way that Plumbline never uses ({', '.join(names)})")
    if len(content) > most:
        raise NotAReport(f"{what} is larger than {most // MIB} MiB")
    return content


def _is_array(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Array)


def _identifier(pdf: Pdf) -> str | None:
    metadata = pdf.Root.get("/Metadata")
    if metadata is None:
        return None
    found = IDENTIFIER.search(unpacked(metadata, MOST_METADATA, "the metadata"))
    return found[1].decode() if found else None


def _embedded_files(pdf: Pdf) -> int:
    """Every embedded file there is, whether a list names it or not: a second evidence cannot hide."""
    if len(pdf.objects) > MOST_OBJECTS:
        raise NotAReport("the PDF has more objects than any report")
    filespecs = [o for o in pdf.objects if _has(o, "/EF")]
    return len({o["/EF"]["/F"].objgen for o in filespecs if "/F" in o["/EF"]})


def _has(value: Any, key: str) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Dictionary) and key in value


def _foreign_annotations(pdf: Pdf) -> Iterator[tuple[int, str]]:
    """What lies over the pages beside links: notes, drawings, form fields."""
    for number, page in enumerate(pdf.pages, start=1):
        for annotation in page.get("/Annots") or []:
            kind = str(annotation.get("/Subtype", "unknown"))
            if kind not in OWN_ANNOTATIONS:
                yield number, kind


def _actions(pdf: Pdf) -> Iterator[str]:
    yield from (key[1:] for key in ("/OpenAction", "/AA") if key in pdf.Root)
    if "/JavaScript" in pdf.Root.get("/Names", {}):
        yield "JavaScript"


def page_texts(content: bytes) -> Iterator[str]:
    """The text of each page, as PDFium reads it."""
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        if len(document) > MOST_PAGES:
            raise NotAReport(f"the PDF has {len(document)} pages; a report has at most {MOST_PAGES}")
        for page in document:
            text = page.get_textpage()
            yield text.get_text_bounded()
            text.close()
            page.close()
    finally:
        document.close()

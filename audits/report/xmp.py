"""Metadata that makes one file PDF/A-3a and PDF/UA-1 at once and names the evidence's hash.

PDF/A asks that every property outside the predefined schemas be described in the file itself, so the PDF/UA identifier
comes with its description (ISO 19005-3, 6.6.2.3; ISO 14289-1, 5). The hash stands in dc:identifier, a predefined one.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

PDFUA = b"""<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
 rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
IDENTIFIER_PREFIX = "urn:sha256:"


def with_pdfua_and_identifier(rdf: bytes, evidence_sha256: str) -> bytes:
    """The RDF of the PDF engine with our descriptions before its end."""
    identifier = escape(IDENTIFIER_PREFIX + evidence_sha256)
    dc = (
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:about="">'
        f"<dc:identifier>{identifier}</dc:identifier></rdf:Description>\n"
    )
    head, end, tail = rdf.rpartition(b"</rdf:RDF>")
    if not end:
        raise ValueError("the PDF engine wrote metadata without rdf:RDF")
    return head + PDFUA + dc.encode() + end + tail

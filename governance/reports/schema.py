"""The names by which what is attached to a legal report is known."""

from __future__ import annotations

SCHEMA = "plumbline.assessment/1"  # what an assessment tells: what is hashed and signed
REPORT = "plumbline.risk-report/1"  # that, with the facts of its sign-off: what is attached to the PDF

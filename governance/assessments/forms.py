"""The forms of an assessment's way to its signature."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.assessments.models import Assessment
from governance.assessments.signing import FIELDS, LONGEST, LONGEST_COMMENT


def text(label: str, longest: int, required: bool = False, rows: int = 5, **said: Any) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=longest, required=required, widget=area, **said)


class WriteForm(forms.Form):
    """`edition` is the one that the writer had before them."""

    as_of = forms.DateField(
        label="As of",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the day as 2026-11-21.", "required": "Say for which day it is."},
        help_text="Which obligations are in force, and what has expired, is told for this day.",
    )
    summary = text(
        "Summary",
        LONGEST,
        rows=8,
        help_text="In your own words: what the system does, what stands out, what you advise.",
    )
    not_assessed = text(
        "What was not assessed",
        LONGEST,
        rows=6,
        help_text="One thing on each line. What follows from the data, such as an obligation without evidence, is "
        "added by itself; both stand on page one.",
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class CommentForm(forms.Form):
    text = text(
        "Your comment", LONGEST_COMMENT, required=True, rows=3, error_messages={"required": "Write the comment."}
    )


class SendBackForm(forms.Form):
    reason = text(
        "What has to change",
        LONGEST_COMMENT,
        required=True,
        rows=4,
        error_messages={"required": "Say what has to change."},
        help_text="It stands among the comments, and the assessment can be written again.",
    )


class ApproveForm(forms.Form):
    """`sha256` is the hash of what the approver has before them."""

    decision = text(
        "Your decision",
        LONGEST,
        rows=4,
        help_text="Why you approve, and under which conditions. It is printed in the report.",
    )
    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)


def written(assessment: Assessment) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(assessment, name) for name in (*FIELDS, "edition")}

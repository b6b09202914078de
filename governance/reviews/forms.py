"""The forms about reviews, and what narrows the calendar."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.reviews.keeping import FIELDS, LONGEST_NOTES, MOST_MONTHS
from governance.reviews.models import Review
from governance.systems.forms import Owned, OwnerField


class ReviewForm(Owned):
    """`edition` is the one that the writer had before them."""

    what = forms.CharField(
        max_length=200,
        label="What is reviewed",
        help_text="Such as: drift of the scores, the oversight of clerks, the monitoring plan.",
        error_messages={"required": "Say what is reviewed."},
    )
    due_on = forms.DateField(
        label="Due on",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write the day as 2026-11-21.", "required": "Say by which day it is due."},
    )
    every_months = forms.IntegerField(
        label="Comes again after so many months",
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text="Counted from the day on which it was done. Leave it empty for a review that is done once.",
    )
    owner = OwnerField(
        "The system's owner",
        help_text="Who is reminded. Where there is nobody, the compliance officers are.",
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class DoneForm(forms.Form):
    notes = forms.CharField(
        label="What was found",
        max_length=LONGEST_NOTES,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What was looked at, what was found, and what follows from it.",
        error_messages={"required": "Say what was looked at and what was found."},
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)


def written(review: Review) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(review, name) for name in (*FIELDS, "edition")}

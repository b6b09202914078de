"""The forms of the incident register. Moments are in UTC, as everywhere on the pages."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.incidents.keeping import FIELDS, LONGEST
from governance.incidents.models import Incident, Link, Notification
from governance.law.incidents import kinds, recipients


def moment(label: str, required: bool, **said: Any) -> forms.DateTimeField:
    shown = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    wrong = {"invalid": "Write day and time as 2026-11-21 14:30.", "required": "Give the day and the time."}
    return forms.DateTimeField(label=f"{label} (UTC)", required=required, widget=shown, error_messages=wrong, **said)


def text(label: str, name: str, help_text: str) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 5})
    return forms.CharField(label=label, max_length=LONGEST[name], required=False, widget=area, help_text=help_text)


class IncidentForm(forms.Form):
    """`edition` is the one that the writer had before them."""

    title = forms.CharField(
        max_length=200,
        label="What happened",
        help_text="In a few words, such as: loans refused to everybody over 70 for a week.",
        error_messages={"required": "Say in a few words what happened."},
    )
    kinds = forms.MultipleChoiceField(
        label="Is it a serious incident?",
        required=False,
        choices=(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Everything that holds, caused by the system directly or indirectly. Each starts a clock. Leave all "
        "empty where none holds.",
    )
    aware_at = moment("When you became aware", True, help_text="Every clock counts from then.")
    happened_at = moment("When it happened, or began", False)
    place = forms.CharField(
        label="Where", max_length=200, required=False, help_text="The Member State decides which authority is told."
    )
    link = forms.ChoiceField(
        label="Did the system cause it?",
        choices=Link.choices,
        widget=forms.RadioSelect,
        initial=Link.UNKNOWN,
        help_text="Once it is established or likely, and of a death already once it is suspected, the report is due "
        "immediately; the days that the law sets are the outer limit. Where it is excluded no clock runs.",
    )
    provider_unreachable = forms.BooleanField(
        label="We use this system under our own authority, and its provider cannot be reached",
        required=False,
        help_text="Then you have the provider's deadlines (Article 26(5)).",
    )
    known = text("What is known", "known", "Who was affected and how, what the system did, what it should have done.")
    corrective = text("Corrective action", "corrective", "What was investigated, stopped, mended, and by whom.")
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["kinds"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(kind.id, f"{kind.title} ({kind.ref})") for kind in kinds()]

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class NotificationForm(forms.Form):
    sort = forms.ChoiceField(label="Which report", choices=Notification.Sort.choices, widget=forms.RadioSelect)
    recipient = forms.ChoiceField(
        label="To whom",
        choices=(),
        widget=forms.RadioSelect,
        help_text="It decides which of the clocks are met.",
        error_messages={"required": "Say whom you told."},
    )
    authority = forms.CharField(
        max_length=LONGEST["authority"],
        label="Its name",
        help_text="Such as the authority of Portugal, or the provider's.",
        error_messages={"required": "Say whom you told."},
    )
    sent_at = moment("When it was sent", True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["recipient"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.id, each.title) for each in recipients()]


class ClosingForm(forms.Form):
    closing = forms.CharField(
        label="How it ended",
        max_length=LONGEST["closing"],
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say how it ended."},
        help_text="What was found, and what was done so that it does not happen again.",
    )


def written(incident: Incident) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(incident, name) for name in (*FIELDS, "edition")}

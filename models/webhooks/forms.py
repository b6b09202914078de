"""Registering and changing a webhook."""

from __future__ import annotations

from django import forms

from models.webhooks.models import EVENTS


class EndpointForm(forms.Form):
    """Whether the address may be called is a matter of the guard, not of the form."""

    url = forms.CharField(
        max_length=2000,
        label="Address",
        help_text="Begins with https://. What it leads to has to be reachable from the public internet.",
        error_messages={"required": "Give the address that is to be called."},
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    events = forms.MultipleChoiceField(
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        label="What it is told of",
        error_messages={"required": "Choose at least one.", "invalid_choice": "Choose from what is offered."},
    )
    description = forms.CharField(
        max_length=200,
        required=False,
        label="What it is for",
        help_text="It stands in the list instead of the address.",
    )

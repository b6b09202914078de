"""The forms of obligations and of evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from governance.frameworks.lists import evidence_type, evidence_types
from governance.frameworks.requirements import framework, frameworks
from governance.obligations.board import ACT, FIELDS, LONGEST_REASON
from governance.obligations.evidence import LONGEST_STATEMENT, About, too_large
from governance.obligations.models import Duty, Evidence, State
from governance.systems.forms import Owned, OwnerField
from models.registry.forms import OwnChoiceField

WRONG_DAY = {"invalid": "Write the day as 2026-11-21."}
DAY = {"type": "date"}


class DutyForm(Owned):
    """`edition` is the one that the writer had before them."""

    holds = forms.BooleanField(required=False)
    state = forms.ChoiceField(choices=(), widget=forms.RadioSelect)
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        required=False,
        label="Reason or note",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed where it is not applicable: say why, so that somebody else can follow.",
    )
    owner = OwnerField(help_text="Who sees to it. They do not accept it.")
    due_on = forms.DateField(
        required=False, label="Due on", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=WRONG_DAY
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, duty: Duty, **kwargs: Any) -> None:
        super().__init__(*args, organisation=duty.organisation, **kwargs)
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)
        if duty.where:
            self.fields["holds"].label = f"It holds that {duty.where}"
        else:
            del self.fields["holds"]
        is_accepted = duty.state == State.ACCEPTED
        state.choices = [each for each in State.choices if each[0] != State.ACCEPTED or is_accepted]

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS if name in self.fields}


def written(duty: Duty) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(duty, name) for name in (*FIELDS, "edition")}


class AboutForm(Owned):
    """What every piece of evidence says of itself."""

    title = forms.CharField(
        max_length=200,
        help_text="As others will look for it, such as: Risk management plan, signed in May.",
        error_messages={"required": "Give it a title."},
    )
    type = forms.ChoiceField(
        label="What it is", choices=(), error_messages={"required": "Say what it is.", "invalid_choice": "Choose one."}
    )
    owner = OwnerField("You", help_text="Who keeps it up to date.")
    expires_on = forms.DateField(
        required=False,
        label="Counts until",
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        error_messages=WRONG_DAY,
        help_text="From the day after it is stale. Leave it empty where it does not expire.",
    )

    def __init__(self, *args: Any, duty: Duty | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        type = self.fields["type"]
        assert isinstance(type, forms.ChoiceField)
        type.choices = type_choices(duty)
        self.order_fields([*self.own, *AboutForm.base_fields])

    own: tuple[str, ...] = ()

    def about(self, replaces: Evidence | None) -> About:
        said = {name: self.cleaned_data[name] for name in AboutForm.base_fields}
        return About(**said, replaces=replaces)


class DocumentForm(AboutForm):
    own = ("file",)
    file = forms.FileField(
        max_length=255, error_messages={"required": "Choose the file.", "empty": "The file is empty."}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = settings.EVIDENCE_BYTES / 1024**2
        self.fields[
            "file"
        ].help_text = f"At most {most:,.0f} MiB, of any kind. It is kept as it is and only handed out as a download."

    def missing(self, why: str) -> None:
        """Why the file did not come with the form."""
        self.fields["file"].error_messages["required"] = why

    def clean_file(self) -> Any:
        """Too large a one is refused here, at its field, before a byte of it is stored."""
        file = self.cleaned_data["file"]
        if file.size > settings.EVIDENCE_BYTES:
            raise forms.ValidationError(too_large(file.size))
        return file


class StatementForm(AboutForm):
    own = ("text",)
    text = forms.CharField(
        max_length=LONGEST_STATEMENT,
        label="Statement",
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What you state, in your own name: it is kept word for word with your name and the time, and never "
        "changes.",
        error_messages={"required": "Write the statement."},
    )


class AuditEvidenceForm(AboutForm):
    own = ("audit",)
    audit = OwnChoiceField(
        queryset=None, empty_label="Choose an audit", error_messages={"required": "Choose an audit."}
    )

    def __init__(self, *args: Any, audits: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["audit"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = audits
        field.label_from_instance = dated  # type: ignore[assignment, method-assign]


def dated(audit: Any) -> str:
    """As a list of audits to choose from calls one."""
    return f"{audit} on {audit.dataset}, {audit.created_at:%-d %B %Y}"


def type_choices(duty: Duty | None) -> list[Any]:
    """Those that the obligation asks for first."""
    asked = duty.asks.evidence if duty else ()
    every = sorted(((each.id, each.title) for each in evidence_types()), key=lambda pair: pair[1])
    if not asked:
        return [("", "Choose one"), *every]
    fitting = [(id, evidence_type(id).title) for id in asked]
    others = [pair for pair in every if pair[0] not in asked]
    return [("What this obligation asks for", fitting), ("Anything else", others)]


class DismissForm(forms.Form):
    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label="Why it is no evidence",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept with your name, and the result is not proposed again.",
        error_messages={"required": "Say why it is no evidence."},
    )


class FollowForm(forms.Form):
    framework = forms.ChoiceField(choices=(), label="Another framework")

    def __init__(self, *args: Any, followed: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["framework"]
        assert isinstance(field, forms.ChoiceField)
        others = [name for name in frameworks() if name != ACT and name not in followed]
        field.choices = [(name, framework(name).title) for name in others]
        self.there_are = bool(others)

"""The forms about a system itself; those of the questionnaire stand in asking.py."""

from __future__ import annotations

from typing import Any

from django import forms

from governance.systems.models import Stage, System
from governance.systems.register import FIELDS
from governance.systems.words import role_choices
from models.accounts.models import Organisation, User
from models.registry.choosing import VersionField
from models.registry.forms import OwnChoiceField, model_versions, offer


class OwnerField(OwnChoiceField):
    """A member of the organisation, or nobody. `nobody` says what it means that nobody is chosen."""

    def __init__(self, nobody: str = "Nobody yet", **kwargs: Any) -> None:
        super().__init__(queryset=None, required=False, empty_label=nobody, **kwargs)

    def offer(self, organisation: Organisation, owner: Any) -> None:
        """The members; whoever owned it and left cannot be chosen again, and is told to be gone."""
        self.queryset = User.objects.filter(is_active=True, memberships__organisation=organisation).order_by(
            "name", "pk"
        )
        if isinstance(owner, User) and not self.queryset.filter(pk=owner.pk).exists():
            self.empty_label = f"{self.empty_label}: {owner} is gone"


class Owned(forms.Form):
    """A form in which a member of the organisation is chosen as owner."""

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, OwnerField)
        owner.offer(organisation, self.initial.get("owner"))


class SystemForm(Owned):
    """`edition` is the one that the writer had before them."""

    name = forms.CharField(max_length=200, error_messages={"required": "Give it a name."})
    purpose = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What it does, for whom, and what is decided with it. For example: scores applications for consumer "
        "loans; a clerk decides with the score in view.",
    )
    owner = OwnerField(help_text="The person who answers for it.")
    stage = forms.ChoiceField(choices=Stage.choices, initial=Stage.DEVELOPMENT)
    placed_on = forms.DateField(
        required=False,
        label="On the market or in service since",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write the day as 2026-11-21."},
        help_text="Some duties depend on it. Leave it empty as long as there is no such day.",
    )
    roles = forms.MultipleChoiceField(
        required=False,
        label="What your organisation is to it",
        choices=(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Everything that fits; a system may have several roles. It decides which duties are yours.",
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = self.fields["roles"]
        assert isinstance(roles, forms.MultipleChoiceField)
        roles.choices = role_choices()

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


class PartForm(forms.Form):
    version = VersionField(
        label="Model version",
        none="Choose one",
        error_messages={"required": "Choose a version."},
        help_text="Its audits are then shown with the system.",
    )

    def __init__(self, *args: Any, system: System, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "version", model_versions(system.organisation).exclude(systems__system=system), "model")


def written(system: System) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(system, name) for name in (*FIELDS, "edition")}

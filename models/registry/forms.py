"""Registering a model or a dataset."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from models.accounts.models import Organisation
from models.accounts.permission import NotFound
from models.registry.intake.roles import Role as ColumnRole
from models.registry.models import DatasetVersion, ModelVersion, Registered, Role


class OwnChoiceField(forms.ModelChoiceField):
    """One of the organisation's own; another's does not exist, here as in an address."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise NotFound("There is nothing here.") from None


def offer(form: forms.Form, name: str, versions: Any) -> None:
    """What a field offers is known only once there is an organisation."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = versions


class RegisterForm(forms.Form):
    """What both have in common. Whether the file will do is a matter of the registry, not of the form."""

    file = forms.FileField(error_messages={"required": "Choose a file.", "empty": "The file is empty."})
    name = forms.CharField(max_length=200, error_messages={"required": "Give it a name."})
    owner = forms.CharField(max_length=200, required=False, help_text="The person or department that answers for it.")
    licence = forms.CharField(max_length=200, required=False)
    description = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    field_order = ["name", "file"]

    def __init__(self, *args: Any, organisation: Organisation, of: Registered | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = f"{self.accepted} At most {filesizeformat(settings.UPLOAD_BYTES)}."
        if of is not None:
            self.fields["name"].initial = of.name
        self.fields["name"].help_text = "A name that is there already gets a new version."

    accepted = ""


class DatasetForm(RegisterForm):
    accepted = "A table as parquet, CSV or Arrow."

    label = forms.CharField(
        max_length=200, required=False, label="Label column", help_text="The column that says what truly happened."
    )
    sensitive = forms.CharField(
        max_length=2_000,
        required=False,
        label="Sensitive columns",
        help_text="Columns that say who people are, with commas between: sex, age_band. "
        "Left empty, both are guessed from names and values; each audit may choose others.",
    )
    derived_from = OwnChoiceField(queryset=None, required=False, label="Made from", empty_label="No other dataset")

    field_order = ["name", "file", "label", "sensitive", "derived_from"]

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, **kwargs)
        offer(self, "derived_from", dataset_versions(organisation))

    def roles(self) -> dict[str, ColumnRole]:
        """Column: role, as typed."""
        chosen: dict[str, ColumnRole] = {}
        sensitive = [name.strip() for name in self.cleaned_data["sensitive"].split(",") if name.strip()]
        label = self.cleaned_data["label"].strip()
        for name in sensitive:
            chosen[name] = "sensitive"
        if label:
            chosen[label] = "label"
        return chosen


class ModelForm(RegisterForm):
    accepted = "A model as ONNX, skops, LightGBM text or XGBoost JSON or UBJSON; or a table of its predictions."

    purpose = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it decides, and about whom.",
    )
    role = forms.ChoiceField(
        choices=[("", "Not known yet"), *Role.choices], required=False, label="What you are to the system"
    )
    trained_on = OwnChoiceField(queryset=None, required=False, empty_label="Not known, or not here")
    derived_from = OwnChoiceField(queryset=None, required=False, label="Made from", empty_label="No other model")

    field_order = ["name", "file", "purpose", "role", "trained_on", "derived_from"]

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, **kwargs)
        offer(self, "trained_on", dataset_versions(organisation))
        offer(self, "derived_from", model_versions(organisation))


def dataset_versions(organisation: Organisation) -> Any:
    return DatasetVersion.objects.of(organisation).select_related("dataset").defer("stored_profile")


def model_versions(organisation: Organisation) -> Any:
    return ModelVersion.objects.of(organisation).select_related("model").defer("stored_signature")

"""Registering a model or a dataset."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from models.accounts.models import Organisation
from models.accounts.permission import NotFound
from models.errors import InputError
from models.registry.cards.read import read_card
from models.registry.choosing import VersionField
from models.registry.intake.roles import Role as ColumnRole
from models.registry.models import DatasetVersion, ModelVersion, Registered, Role, Upload
from models.registry.references.declared import Reference, Source, SourceError
from models.registry.sources import sources_for

logger = logging.getLogger(__name__)


class OwnChoiceField(forms.ModelChoiceField):
    """One of the organisation's own; another's does not exist, here as in an address."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise NotFound("There is nothing here.") from None


class DeclaredField(forms.ChoiceField):
    """One of the places that are declared for the organisation; another does not exist."""

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            raise NotFound("There is no such data source.")


def known_sources(organisation: Organisation) -> dict[str, Source]:
    """By name; none where the operator's list is wrong, which the operator is told in the log."""
    try:
        return {source.name: source for source in sources_for(organisation)}
    except SourceError as error:
        logger.error("data sources: %s", error)
        return {}


def offer(form: forms.Form, name: str, versions: Any, owned: str) -> None:
    """What a field offers is known only once there is an organisation."""
    field = form.fields[name]
    assert isinstance(field, VersionField)
    field.offer(versions, owned)


class Words(forms.Form):
    """What people say about a model or a dataset."""

    name = forms.CharField(max_length=200, error_messages={"required": "Give it a name."})
    owner = forms.CharField(max_length=200, required=False, help_text="The person or department that answers for it.")
    licence = forms.CharField(max_length=200, required=False)
    description = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class ModelWords(Words):
    purpose = forms.CharField(
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What it decides, and about whom.",
    )
    role = forms.ChoiceField(
        choices=[("", "Not known yet"), *Role.choices], required=False, label="What you are to the system"
    )


class RegisterForm(Words):
    """What both have in common. Whether the file will do is a matter of the registry, not of the form.

    `upload` is a file that came before the form did; then it needs to bring none.
    """

    file = forms.FileField(error_messages={"required": "Choose a file.", "empty": "The file is empty."})

    field_order = ["name", "file"]

    def __init__(
        self,
        *args: Any,
        organisation: Organisation,
        of: Registered | None = None,
        upload: Upload | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.upload = upload
        self.fields["file"].required = upload is None and not self.data.get("source")
        self.fields["file"].help_text = f"{self.accepted} At most {filesizeformat(settings.UPLOAD_BYTES)}."
        if of is not None:
            self.fields["name"].initial = of.name
        self.fields["name"].help_text = "A name that is there already gets a new version."

    accepted = ""

    def reference(self) -> Reference | None:
        """Where the data lie, if they are not brought; only data can."""
        return None

    @property
    def brought_by(self) -> str:
        """The field that is wrong where what it brings is refused."""
        return "file"


class DatasetForm(RegisterForm):
    accepted = "A table as parquet, CSV or Arrow."

    source = DeclaredField(required=False, label="The data lie elsewhere")
    place = forms.CharField(
        max_length=1_000,
        required=False,
        label="Table or file there",
        help_text="A table as schema.table, a file by its path. The rows stay there, and each audit reads them there.",
    )
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
    derived_from = VersionField(required=False, label="Made from", none="No other dataset")

    field_order = ["name", "file", "source", "place", "label", "sensitive", "derived_from"]

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, **kwargs)
        offer(self, "derived_from", dataset_versions(organisation), "dataset")
        self.sources = known_sources(organisation)
        field = self.fields["source"]
        assert isinstance(field, DeclaredField)
        field.choices = [("", "No, they are in the file"), *((name, name) for name in self.sources)]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("source") and given.get("file"):
            self.add_error("source", "Bring a file, or say where the data lie; one of the two.")
        elif reference := self.reference():
            try:
                self.sources[reference.source].check(reference)
            except InputError as error:
                self.add_error("place", str(error))
        return given

    def reference(self) -> Reference | None:
        source = self.sources.get(self.cleaned_data.get("source", ""))
        if source is None:
            return None
        place = self.cleaned_data.get("place", "").strip()
        return Reference(source.name, **{"table" if source.is_database else "path": place})

    @property
    def brought_by(self) -> str:
        return "place" if self.reference() else "file"

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


class ModelForm(RegisterForm, ModelWords):
    accepted = "A model as ONNX, skops, LightGBM text or XGBoost JSON or UBJSON; or a table of its predictions."

    trained_on = VersionField(required=False, none="Not known, or not here")
    derived_from = VersionField(required=False, label="Made from", none="No other model")
    card = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Model card",
        help_text="The text of a Hugging Face README.md. Licence, description and purpose come from it where they are "
        "left empty here.",
    )

    field_order = ["name", "file", "purpose", "role", "trained_on", "derived_from", "card"]

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, organisation=organisation, **kwargs)
        offer(self, "trained_on", dataset_versions(organisation), "dataset")
        offer(self, "derived_from", model_versions(organisation), "model")

    def clean_card(self) -> str:
        """Refused here, at its field, rather than by the job."""
        card: str = self.cleaned_data["card"]
        try:
            read_card(card)
        except InputError as error:
            raise forms.ValidationError(str(error)) from error
        return card


def dataset_versions(organisation: Organisation) -> Any:
    return DatasetVersion.objects.of(organisation).select_related("dataset").defer("stored_profile")


def model_versions(organisation: Organisation) -> Any:
    return ModelVersion.objects.of(organisation).select_related("model").defer("stored_signature")

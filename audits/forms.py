"""The form that starts an audit, made from the columns of the data and from what the checks declare."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from audits.measure.check import Option, discover
from audits.measure.policy import Policy, parse_policy
from audits.run.parameters import Parameters
from audits.start import SMALLEST_COUNT
from models.accounts.models import Organisation
from models.errors import InputError
from models.registry.choosing import VersionField
from models.registry.forms import dataset_versions, model_versions, offer
from models.registry.intake.profile import ColumnProfile
from models.registry.models import DatasetVersion, ModelVersion

MOST_GROUPS = 100
MOST_CHOICES = 60
MOST_POLICY_BYTES = 256 * 1024
POSITIVE = ("1", "true", "yes", "y", "t")
PREDICTED = ("prediction", "predicted", "pred", "y_pred", "score", "y_score", "probability", "proba", "decile_score")
# words in the names of columns that law protects people by, or that stand for social origin, besides those that
# registration knows as sensitive. Sources: GDPR, Article 9; Charter of Fundamental Rights of the EU, Article 21
PROTECTED = frozenset({
    "education", "schooling", "origin", "birth", "native", "minority", "colour", "color", "genetic", "biometric",
    "health", "diagnosis", "political", "party", "opinion", "union", "sexual", "faith", "church", "family", "children",
})  # fmt: skip
Choices = list[tuple[str, str]]


class ChooseForm(forms.Form):
    """What to audit. Sent by GET, so that the answer stands in the address."""

    dataset = VersionField(label="Data", none="Choose a dataset", error_messages={"required": "Choose the data."})
    model = VersionField(required=False, none="No model, a column of the data has the predictions")
    number = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "dataset", dataset_versions(organisation), "dataset")
        offer(self, "model", model_versions(organisation), "model")
        self.has_data = dataset_versions(organisation).exists()


class AuditForm(forms.Form):
    """How to audit. `parameters` and `policy` (None for the default one) are there once it is valid."""

    sensitive = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        label="Compare people by",
        help_text=(
            "Ticked already are columns registered as sensitive, and those whose name sounds like something that law "
            "protects. Look through the others too."
        ),
        error_messages={"required": "Choose at least one column to compare people by."},
    )
    predictions = forms.ChoiceField(
        label="Column of predictions or scores",
        error_messages={"required": "Say which column has the predictions."},
    )
    label = forms.ChoiceField(
        required=False,
        label="Column that says what truly happened",
        help_text="Without it only what was decided can be compared, not whether it was right.",
    )
    positive = forms.CharField(
        max_length=200,
        label="Positive value",
        help_text="The value that rates speak of, for example 1 where 1 is default.",
        error_messages={"required": "Say which value is the positive one."},
    )
    favourable = forms.CharField(
        max_length=200,
        label="Value that benefits the person",
        help_text="It is never guessed, since disparate impact and the four-fifths rule turn on it. "
        "Where 1 is default, 0 benefits; where 1 is hired, 1 does.",
        error_messages={"required": "Say which value benefits the person: the positive one, or the other."},
    )
    threshold = forms.FloatField(
        required=False, help_text="A score at or above it predicts the positive value. Empty is 0.5."
    )
    weight = forms.ChoiceField(required=False, label="Column of sampling weights")
    frequency = forms.ChoiceField(required=False, label="Column of how many rows a row stands for")
    intersections = forms.BooleanField(required=False, label="Compare combinations too, such as sex and age together")
    drop_missing = forms.BooleanField(
        required=False, label="Leave out rows without label or prediction; the report says how many"
    )
    suppress = forms.IntegerField(
        min_value=1,
        initial=SMALLEST_COUNT,
        required=False,
        label="Smallest count that may be shown",
        help_text=f"Figures of fewer rows could give a person away. Empty is {SMALLEST_COUNT}.",
    )
    seed = forms.IntegerField(
        min_value=0, max_value=2**31, initial=0, help_text="The same seed gives the same figures."
    )
    policy_file = forms.FileField(
        required=False, label="Another policy", help_text="A TOML file of rules, in place of the default ones."
    )

    number = forms.UUIDField(required=False, widget=forms.HiddenInput)

    parameters: Parameters
    policy: Policy | None = None

    def __init__(self, *args: Any, dataset: DatasetVersion, model: ModelVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dataset, self.model = dataset, model
        self.columns = {column.name: column for column in dataset.profile.columns}
        self._offer_columns()
        self.references = self._offer_references()
        self.options = self._offer_options()

    def _offer_columns(self) -> None:
        columns = list(self.columns.values())
        numbers = [c for c in columns if c.kind in ("number", "integer")]
        groups = sorted(filter(may_compare, columns), key=lambda c: (not is_protected(c), c in numbers))
        self._offer("sensitive", [(c.name, with_groups(c)) for c in groups[:MOST_CHOICES]], protected(groups))
        labels = [c for c in columns if c.role == "label" or c.distinct == 2]
        label = next(iter(named("label", labels)), "")
        self._offer("label", [("", "Not known"), *choices(labels)], label)
        self.fields["positive"].initial = positive_of(self.columns.get(label))
        weight = next(iter(named("weight", numbers)), "")
        self._offer("weight", [("", "None"), *choices(numbers)], weight)
        self._offer("frequency", [("", "None"), *choices(numbers)], "")
        if self.model is not None:
            del self.fields["predictions"]
        else:
            able = [c for c in columns if c in numbers or c.distinct <= 2]
            guess = next((c.name for c in able if c.name.lower() in PREDICTED), "")
            self._offer("predictions", [("", "Choose a column"), *choices(able)], guess)

    def _offer(self, name: str, offered: Choices, initial: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices, field.initial = offered, initial

    def _offer_references(self) -> dict[str, str]:
        """For each column that is known to be sensitive, the group that the others are compared with."""
        fields = {}
        chosen = self.initial.get("reference", {})
        for number, name in enumerate(self["sensitive"].initial):
            groups = [(each.value, each.value) for each in self.columns[name].values]
            best = ("", "The one with the most favourable outcomes")
            label = f"Group of {name} that the others are compared with"
            if groups:
                fields[f"reference_{number}"] = name
                field = forms.ChoiceField(choices=[best, *groups], required=False, label=label)
                field.initial = chosen.get(name)
                self.fields[f"reference_{number}"] = field
        return fields

    def _offer_options(self) -> dict[str, tuple[str, Option]]:
        """The settings of every check that can be made here."""
        offered: dict[str, tuple[str, Option]] = {}
        for check in discover():
            if self.model is not None or "model" not in check.needs:
                offered |= {f"option_{check.id}_{o.name}": (check.id, o) for o in check.options}
        for name, (_, option) in offered.items():
            self.fields[name] = option_field(option)
        return offered

    def reference_fields(self) -> list[Any]:
        return [self[name] for name in self.references]

    def option_groups(self) -> list[tuple[str, list[Any]]]:
        """The settings of each check, under its title."""
        groups: dict[str, list[Any]] = {}
        titles = {check.id: check.title for check in discover()}
        for name, (check, _) in self.options.items():
            groups.setdefault(titles[check], []).append(self[name])
        return list(groups.items())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self._check_positive(given)
        self._check_exclusions(given)
        if not self.errors:
            try:
                self.parameters = Parameters(**self._asked(given))
            except InputError as error:
                self.add_error(None, str(error))
        return given

    def _check_positive(self, given: dict[str, Any]) -> None:
        label = self.columns.get(given.get("label", ""))
        values = [each.value for each in label.values] if label else []
        for name in ("positive", "favourable"):
            if values and given.get(name) and plain(given[name]) not in map(plain, values):
                said = " and ".join(values)
                self.add_error(name, f"{given['label']} has the values {said}, not {given[name]}.")

    def _check_exclusions(self, given: dict[str, Any]) -> None:
        """What Parameters would refuse too, said in the page's words and beside its field."""
        column = self.columns.get(given.get("predictions", "")) if self.model is None else None
        if column and column.distinct <= 2 and given.get("threshold") is not None:
            said = (
                f"A threshold cuts scores; {column.name} holds decisions. Leave it empty, or choose a column of scores."
            )
            self.add_error("threshold", said)
        if given.get("weight") and given.get("frequency"):
            self.add_error("frequency", "Choose a weight or a frequency, not both.")

    def _asked(self, given: dict[str, Any]) -> dict[str, Any]:
        """As Parameters takes it; what was left empty is not said."""
        said = ("positive", "favourable", "label", "weight", "frequency", "threshold", "suppress")
        asked = {name: given[name] for name in said if given[name] not in (None, "")}
        asked |= {name: given[name] for name in ("intersections", "drop_missing", "seed")}
        asked |= {"sensitive": tuple(given["sensitive"]), "model": self.model is not None}
        if self.model is None:
            column = self.columns[given["predictions"]]
            asked["prediction" if column.distinct <= 2 else "score"] = column.name
        compared = {name: given[key] for key, name in self.references.items() if given[key]}
        asked["reference"] = {name: group for name, group in compared.items() if name in given["sensitive"]}
        return asked | {"options": self._chosen_options(given)}

    def _chosen_options(self, given: dict[str, Any]) -> dict[str, dict[str, Any]]:
        chosen: dict[str, dict[str, Any]] = {}
        for key, (check, option) in self.options.items():
            if given[key] not in (None, "", option.default):
                chosen.setdefault(check, {})[option.name] = given[key]
        return chosen

    def clean_policy_file(self) -> None:
        file = self.cleaned_data["policy_file"]
        if file is None:
            return
        try:
            data = tomllib.loads(file.read(MOST_POLICY_BYTES).decode("utf-8-sig"))
            self.policy = parse_policy(data, str(data.get("name") or file.name)[:200])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise forms.ValidationError(f"The policy cannot be read: {error}.") from error
        except InputError as error:
            raise forms.ValidationError(str(error)) from error


def as_before(asked: Parameters, dataset: DatasetVersion, model: ModelVersion | None) -> dict[str, Any]:
    """The form's values that ask the same again, so that the two audits can be compared; nothing where these data lack
    a column of it, or the predictions come from elsewhere now."""
    predictions = asked.prediction or asked.score
    named = [*asked.sensitive, asked.label, asked.weight, asked.frequency, predictions]
    columns = {column.name for column in dataset.profile.columns}
    if asked.model != (model is not None) or not columns.issuperset(filter(None, named)):
        return {}
    plain_ones = ("positive", "favourable", "threshold", "label", "weight", "frequency", "suppress", "seed")
    said = {name: getattr(asked, name) for name in plain_ones if getattr(asked, name) is not None}
    said |= {"sensitive": list(asked.sensitive), "reference": dict(asked.reference)}
    said |= {"intersections": asked.intersections, "drop_missing": asked.drop_missing}
    options = {f"option_{check}_{name}": v for check, each in asked.options.items() for name, v in each.items()}
    return said | options | ({"predictions": predictions} if predictions else {})


def may_compare(column: ColumnProfile) -> bool:
    return column.role == "sensitive" or (column.role != "label" and 2 <= column.distinct <= MOST_GROUPS)


def is_protected(column: ColumnProfile) -> bool:
    """Registered as sensitive, or a feature whose name sounds like it."""
    spoken = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column.name).lower()))
    return column.role == "sensitive" or (column.role == "feature" and not PROTECTED.isdisjoint(spoken))


def protected(columns: Iterable[ColumnProfile]) -> list[str]:
    return [c.name for c in columns if is_protected(c)]


def choices(columns: Iterable[ColumnProfile]) -> Choices:
    return [(c.name, c.name) for c in columns]


def named(role: str, columns: Iterable[ColumnProfile]) -> list[str]:
    return [c.name for c in columns if c.role == role]


def with_groups(column: ColumnProfile) -> str:
    """`sex: female, male`, or how many groups there are."""
    values = [each.value for each in column.values]
    few = 0 < len(values) <= 6 and sum(map(len, values)) < 80
    return f"{column.name}: {', '.join(values)}" if few else f"{column.name}: {column.distinct} groups"


def positive_of(label: ColumnProfile | None) -> str:
    """A guess at the positive value."""
    values: Sequence[str] = [each.value for each in label.values] if label else []
    return next((value for value in values if value.lower() in POSITIVE), values[0] if values else "1")


def plain(value: str) -> str:
    """As values are compared: true is 1, 1.0 is 1."""
    text = {"true": "1", "false": "0"}.get(value.strip().lower(), value.strip())
    return text[:-2] if text.endswith(".0") else text


def option_field(option: Option) -> forms.Field:
    said: dict[str, Any] = {"label": option.title, "help_text": option.help, "initial": option.default}
    said["required"] = False
    if option.choices:
        return forms.ChoiceField(choices=[(each, each) for each in option.choices], **said)
    if isinstance(option.default, bool):
        return forms.BooleanField(**said)
    if isinstance(option.default, int):
        return forms.IntegerField(**said)
    return forms.FloatField(**said) if isinstance(option.default, float) else forms.CharField(**said)

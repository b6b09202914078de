"""The forms of the risk register and of the statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from governance.frameworks.lists import rights
from governance.frameworks.requirements import Requirement
from governance.law.risks import degrees
from governance.obligations.forms import DAY, WRONG_DAY
from governance.obligations.models import Evidence
from governance.risks.keeping import FIELDS, LONGEST, MEASURE_FIELDS
from governance.risks.models import Measure, Risk
from governance.risks.statements import LONGEST_POINT
from governance.systems.forms import Owned, OwnerField


def text(label: str, name: str, help_text: str, rows: int = 4, required: str = "") -> forms.CharField:
    """`required` is what is said where nothing was written; empty for what can stay open."""
    area = forms.Textarea(attrs={"rows": rows})
    said = {"required": required} if required else {}
    return forms.CharField(
        label=label, max_length=LONGEST[name], required=bool(required), widget=area, help_text=help_text,
        error_messages=said,
    )  # fmt: skip


def degree(label: str, scale: str) -> forms.TypedChoiceField:
    steps = [(each.id, f"{each.id} {each.title}: {each.help}") for each in degrees(scale)]
    return forms.TypedChoiceField(
        label=label, required=False, coerce=int, empty_value=None, choices=[("", "Not judged yet"), *steps]
    )


class RiskForm(Owned):
    """`edition` is the one that the writer had before them."""

    hazard = forms.CharField(
        max_length=LONGEST["hazard"],
        label="What could go wrong",
        help_text="In a few words, such as: people over 70 are refused more often than others without reason.",
        error_messages={"required": "Say in a few words what could go wrong."},
    )
    cause = text("Why it could happen", "cause", "What in the data, the model or its use leads to it.")
    affected = text(
        "Who is affected", "affected", "Which people and groups, children and others at a disadvantage too.", 2
    )
    rights = forms.MultipleChoiceField(
        label="Fundamental rights that it touches",
        required=False,
        choices=(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Of the Charter of Fundamental Rights of the European Union.",
    )
    likelihood = degree("How likely, before measures", "likelihood")
    severity = degree("How severe, before measures", "severity")
    likelihood_after = degree("How likely, after measures", "likelihood")
    severity_after = degree("How severe, after measures", "severity")
    owner = OwnerField(help_text="Who watches it. They do not accept it.")
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rights"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(each.id, f"{each.title} ({each.ref})") for each in rights()]

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}


def written(risk: Risk) -> dict[str, Any]:
    """What the form shows of it."""
    return {name: getattr(risk, name) for name in (*FIELDS, "edition")}


class MeasureForm(Owned):
    """`edition` is the risk's."""

    text = text("What is done about it", "text", "", 3, "Say what is done about it.")
    owner = OwnerField(help_text="Who sees to it.")
    due_on = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=WRONG_DAY
    )
    done_on = forms.DateField(
        required=False, label="Done on", widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), error_messages=WRONG_DAY
    )
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def said(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in MEASURE_FIELDS}


def written_measure(measure: Measure) -> dict[str, Any]:
    return {name: getattr(measure, name) for name in MEASURE_FIELDS} | {"edition": measure.risk.edition}


class AcceptanceForm(forms.Form):
    acceptance = text(
        "Why what remains can be borne", "acceptance", "It stands with your name in the report.", 3,
        "Say why what remains can be borne.",
    )  # fmt: skip
    edition = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ClosingForm(forms.Form):
    closing = text(
        "Why it is closed", "closing", "What took the risk away.", 3, "Say why it is closed: what took it away."
    )


class StatementForm(forms.Form):
    """A text area for each point of the law's list; where its texts may draw on evidence, a choice of it beside each.

    `seen` is the number of the version that the writer had before them.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        points: Iterable[Requirement],
        sources: list[Evidence],
        longest: int = LONGEST_POINT,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.points, self.sources = tuple(points), {str(each.pk): each for each in sources}
        for point in self.points:
            self.fields[point.id] = forms.CharField(
                label=f"{point.ref}: {point.title}",
                help_text=point.help,
                required=False,
                max_length=longest,
                widget=forms.Textarea(attrs={"rows": 4}),
            )
            if sources:
                named = [(str(each.pk), f"{each.title} (version {each.number})") for each in sources]
                self.fields[f"{point.id}-from"] = forms.ChoiceField(
                    label=f"{point.ref} draws on",
                    required=False,
                    choices=[("", "Nothing: these are our own words"), *named],
                    help_text="Leave the text empty to take it over, or to point to the document.",
                )

    def content(self) -> dict[str, str]:
        return {point.id: self.cleaned_data[point.id] for point in self.points}

    def draws_on(self) -> dict[str, Evidence]:
        chosen = {point.id: self.cleaned_data.get(f"{point.id}-from") for point in self.points}
        return {id: self.sources[pk] for id, pk in chosen.items() if pk}

    def typed(self) -> dict[str, Any]:
        """What was typed, to be shown again."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


def shown(content: Mapping[str, str], taken: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What the form shows of a version."""
    return {**content, **{f"{id}-from": source["evidence"] for id, source in taken.items()}, "seen": number}

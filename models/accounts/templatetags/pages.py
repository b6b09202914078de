"""What every room's pages are written with: navigation, form fields, the summary of errors, pagination, numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, Select
from django.forms.boundfield import BoundField
from django.forms.widgets import ChoiceWidget
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from models.accounts import waiting
from models.accounts.permission import delegations_to, roles_of
from models.accounts.roles import ACTIONS, Role

register = template.Library()
# The sections of the service, and what is the reader's own: the name of the page, its title, and what one must be
# allowed to be shown it.
SECTIONS = (
    ("home", "Overview", "read"),
    ("systems", "Systems", "read"),
    ("law", "Law", "read"),
    ("models", "Models", "read"),
    ("datasets", "Data", "read"),
    ("audits", "Audits", "read"),
    ("jobs", "Jobs", "read"),
    ("help", "Help", "read"),
)
OWN = (
    ("notices", "Notices", "read"),
    ("profile", "Profile", "read"),
    ("tokens", "Tokens", "manage tokens"),
    ("members", "Members", "manage members"),
    ("webhooks", "Webhooks", "manage webhooks"),
    ("trail", "Trail", "read trail"),
)
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
THIN = "\u202f"


@register.inclusion_tag("components/navigation.html", takes_context=True)
def navigation(context: Context) -> dict[str, Any]:
    """The sections, and the menu of who is signed in."""
    request = context["request"]
    roles = roles_of(request.user, request.membership)
    return {
        "membership": request.membership,
        "user": request.user,
        "standing_in": delegations_to(request.user, request.membership),
        "sections": links(SECTIONS, roles, request.path),
        "own": links(OWN, roles, request.path),
        "waiting": waiting.counted(request.user, request.membership.organisation),
        "csrf_token": context.get("csrf_token"),
    }


def links(pages: tuple[tuple[str, str, str], ...], roles: frozenset[Role], here: str) -> list[dict[str, str]]:
    """Those that the roles may see, with `page` for where the reader is and `true` for the section it is in."""
    found = []
    for name, title, action in pages:
        if roles.isdisjoint(ACTIONS[action]):
            continue
        address = reverse(name)
        inside = address != "/" and here.startswith(address)
        found.append({"address": address, "title": title, "here": "page" if here == address else "true" * inside})
    return found


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, address: str = "", about: str = "") -> dict[str, Any]:
    """A field with its label, its help and what is wrong with it, in GOV.UK Frontend's markup; `address` leads to a
    page `about` what it takes. Of a long refusal the first paragraph is what is wrong, the rest the way out."""
    widget = bound.field.widget
    kind = bound.widget_type
    limit = widget.attrs.get("maxlength") if kind == "textarea" else None
    said = " ".join(str(each) for each in bound.errors)
    choices = isinstance(widget, ChoiceWidget) and not isinstance(widget, Select)
    return {
        "field": bound,
        "kind": kind,
        "limit": limit,
        "choices": options(bound) if choices else [],
        "wrong": wrong(said),
        "way_out": way_out(said),
        "address": address,
        "about": about,
        "round": choices and widget.input_type == "radio",
        "control": "" if choices else control(bound, CLASSES.get(kind, "")),
    }


# the classes of GOV.UK Frontend's behaviour; how a control looks follows from its element
CLASSES = {
    "checkbox": "govuk-checkboxes__input",
    "password": "govuk-input govuk-password-input__input govuk-js-password-input-input",
    "textarea": "govuk-textarea govuk-js-character-count",
}


def control(bound: BoundField, classes: str) -> SafeString:
    """The control itself, with these classes besides its own."""
    together = f"{bound.field.widget.attrs.get('class', '')} {classes}".strip()
    return bound.as_widget(attrs={"class": together} if together else None)


def options(bound: BoundField) -> list[dict[str, Any]]:
    """The choices of a group of boxes or buttons: control, id and label of each."""
    found = []
    for choice in bound.subwidgets:
        shape = "radios" if choice.data["type"] == "radio" else "checkboxes"
        choice.data["attrs"]["class"] = f"govuk-{shape}__input"
        found.append({"control": choice.tag(), "id": choice.id_for_label, "label": choice.choice_label})
    return found


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pages(context: Context, page: Page[Any]) -> dict[str, Any]:
    """Links to the other pages of a list, which keep what the list is narrowed to."""
    query = context["request"].GET.copy()
    query.pop("page", None)
    kept = f"{query.urlencode()}&" if query else ""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "numbers": [{"number": n, "query": f"?{kept}page={n}" if isinstance(n, int) else ""} for n in numbers],
        "newer": f"?{kept}page={page.number - 1}",
        "older": f"?{kept}page={page.number + 1}",
    }


@register.inclusion_tag("components/errors.html")
def errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong with a form, at the top of the page, each point a link to its field, where the
    rest of a long one stands."""
    points = [(place(form, name), str(text)) for name, texts in form.errors.items() for text in texts]
    return {"errors": [(id, text.splitlines()[0] if text else "") for id, text in points]}


def place(form: BaseForm, name: str) -> str:
    """The id of the element to jump to: the field's control, or the first of its choices; for the whole form the first
    field that can be seen."""
    if name not in form.fields:
        return next((bound.id_for_label or bound.auto_id for bound in form.visible_fields()), "main")
    bound = form[name]
    return f"{bound.auto_id}_0" if bound.use_fieldset else bound.id_for_label or bound.auto_id


@register.filter
def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return "" if number is None else f"{number:,}".replace(",", THIN)


@register.filter
def sentence(text: str) -> str:
    """The text with a capital at its beginning, unless it begins with the name of a file or a column."""
    begin = text.split(" ", 1)[0]
    return text if any(mark in begin for mark in "._/:") else text[:1].upper() + text[1:]


@register.filter
def wrong(refusal: str) -> str:
    """Of a long refusal the first paragraph, which says what is wrong."""
    return refusal.partition("\n\n")[0]


@register.filter
def way_out(refusal: str) -> str:
    """Of a long refusal all but the first paragraph, which shows what to do instead."""
    return refusal.partition("\n\n")[2]


@register.filter
def after(end: datetime, start: datetime) -> str:
    """The time between two moments, as one would say it."""
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.0f} second{'' if round(seconds) == 1 else 's'}"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@register.filter
def words(number: int) -> str:
    """A small number as a sentence would have it."""
    return WORDS[number] if 0 <= number < len(WORDS) else count(number)


@register.filter
def plain(value: float | str | None) -> str:
    """A value of a column as it is read: whole numbers and large ones whole, others to four figures."""
    if not isinstance(value, int | float):
        return "" if value is None else str(value)
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-3:
        return f"{value:.4g}"
    if float(value).is_integer() or abs(value) >= 1000:
        return count(round(value))
    return f"{value:.4g}"

"""Changing people's words about a model or a dataset, without overwriting what somebody else wrote meanwhile."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from models.accounts.access import organisation_for
from models.errors import InputError
from models.registry.describe import NameTaken, describe
from models.registry.forms import ModelWords, Words
from models.registry.models import Dataset, Model, Registered


class ChangeDataset(Words):
    """`seen` is the state that the writer had before them."""

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)


class ChangeModel(ChangeDataset, ModelWords):
    field_order = ["name", "purpose", "role", "owner", "licence", "description"]


@require_http_methods(["GET", "HEAD", "POST"])
def describe_a_model(request: HttpRequest, pk: UUID) -> HttpResponse:
    return describing(request, Model, ChangeModel, "model", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def describe_a_dataset(request: HttpRequest, pk: UUID) -> HttpResponse:
    return describing(request, Dataset, ChangeDataset, "dataset", pk)


def describing(request: HttpRequest, kind: Any, words: Any, one: str, pk: UUID) -> HttpResponse:
    """The form, and back to the page it is of; 409 where the words were changed since the form was opened."""
    organisation = organisation_for(request, "describe")
    thing = get_object_or_404(kind.objects.of(organisation), pk=pk)
    said = {"thing": thing, "one": one}
    if request.method != "POST":
        return render(request, "registry/describe.html", said | {"form": words(initial=written(thing, words))})
    form = words(request.POST)
    if not form.is_valid():
        return render(request, "registry/describe.html", said | {"form": form}, status=422)
    told = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
    with transaction.atomic():
        current = kind.unscoped.select_for_update().get(pk=thing.pk)
        now = written(current, words)
        if now["seen"] != form.cleaned_data["seen"]:
            return render(request, "registry/describe.html", said | conflict(words, told, now), status=409)
        try:
            describe(request.user, current, told)
        except InputError as error:
            form.add_error("name" if isinstance(error, NameTaken) else None, str(error))
            return render(request, "registry/describe.html", said | {"form": form}, status=422)
    messages.success(request, "Saved. Versions and finished reports stay as they were.")
    return redirect(one, thing.pk)


def written(thing: Registered, words: Any) -> dict[str, str]:
    """What is said now, with the stamp of that state."""
    names = [name for name in words.base_fields if name != "seen"]
    said = {name: getattr(thing, name) for name in names}
    return said | {"seen": hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()}


def conflict(words: Any, told: dict[str, str], now: dict[str, str]) -> dict[str, Any]:
    """The form with what was typed, to be sent again, beside what was written meanwhile."""
    form = words(initial=told | {"seen": now["seen"]})
    theirs = [(form.fields[name].label or name.capitalize(), now[name]) for name in told if told[name] != now[name]]
    return {"form": form, "meanwhile": theirs}

"""How a page with a form is shown again when something is wrong in it."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest, template: str, form: Form, **said: Any) -> HttpResponse:
    """The page with the form; 422 where what was sent will not do."""
    return render(request, template, {"form": form, **said}, status=422 if form.errors else 200)

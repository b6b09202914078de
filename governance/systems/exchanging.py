"""The pages that bring many systems in from a sheet, and those that hand sheets out."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from governance.systems.exchange import COLUMNS, Plan, Refused, bring, columns_explained, exported, planned
from governance.systems.lists import SystemFilters, systems_of
from governance.systems.sheets.read import MOST_BYTES, read_in_sandbox
from governance.systems.sheets.write import CSV, MEDIA, XLSX, written
from models.accounts.access import organisation_for
from models.accounts.models import Organisation
from models.accounts.templatetags.pages import words
from models.errors import InputError
from models.jobs.sandbox.errors import SandboxError
from models.registry.blobs.store import StorageError
from models.registry.storage import store
from models.registry.uploads import is_too_large

SALT = "systems.sheet"
AN_HOUR = 3600
MOST_SHOWN = 200


class SheetForm(forms.Form):
    sheet = forms.FileField(
        label="Spreadsheet",
        help_text="XLSX, or CSV in UTF-8; at most 2 MB. Only its first sheet is read.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def import_systems(request: HttpRequest) -> HttpResponse:
    """Asks for the sheet, shows what it would do, and does it once that is confirmed."""
    organisation = organisation_for(request, "govern")
    if request.method != "POST":
        return asked(request, SheetForm())
    if confirmed := request.POST.get("confirmed"):
        return done(request, organisation, confirmed)
    form = SheetForm(request.POST, request.FILES)
    if is_too_large(request):
        form.add_error("sheet", "The file is too large. At most 2 MB are taken.")
    elif form.is_valid():
        try:
            content = form.cleaned_data["sheet"].read(MOST_BYTES + 1)
            plan = planned(organisation, read_in_sandbox(content))
            return dry(request, organisation, plan, content)
        except (InputError, SandboxError) as error:
            form.add_error("sheet", str(error))
    return asked(request, form)


def asked(request: HttpRequest, form: SheetForm) -> HttpResponse:
    said = {"form": form, "columns": columns_explained()}
    return render(request, "systems/import.html", said, status=422 if form.errors else 200)


def dry(request: HttpRequest, organisation: Organisation, plan: Plan, content: bytes, **more: Any) -> HttpResponse:
    """What the sheet would do; its bytes wait in the store, named by what confirms them."""
    confirmed = ""
    if plan.is_right and plan.changes_something:
        name = store().put(io.BytesIO(content), MOST_BYTES)
        confirmed = signing.dumps([organisation.pk, request.user.pk, name, plan.digest], salt=SALT)
    wrong = [row for row in plan.rows if row.what == "wrong"]
    rows = wrong or plan.rows
    about = {"counts": counts(plan), "shown": rows[:MOST_SHOWN], "of": len(rows), "confirmed": confirmed}
    said = {"plan": plan, "told": told(plan), **about, **more}
    return render(request, "systems/import_plan.html", said, status=200 if plan.is_right else 422)


def counts(plan: Plan) -> dict[str, int]:
    return {what: plan.count(what) for what in ("new", "changed", "same", "wrong")}


def told(plan: Plan) -> str:
    """`40 new, two changed, three as they are`."""
    found = {what: plan.count(what) for what in ("new", "changed")} | {"as it is": plan.count("same")}
    if plan.count("same") > 1:
        found["as they are"] = found.pop("as it is")
    return ", ".join(f"{words(number)} {what}" for what, number in found.items() if number)


def done(request: HttpRequest, organisation: Organisation, confirmed: str) -> HttpResponse:
    try:
        at, who, name, digest = signing.loads(confirmed, salt=SALT, max_age=AN_HOUR)
        if (at, who) != (organisation.pk, request.user.pk):
            raise signing.BadSignature
        content = store().path(name).read_bytes()
    except (signing.BadSignature, StorageError, OSError):
        return asked(request, with_error("What was confirmed is too old. Bring the file again."))
    try:
        plan = bring(request.user, organisation, read_in_sandbox(content), digest)
    except Refused as error:
        return dry(request, organisation, error.plan, content, meanwhile=True)
    except (InputError, SandboxError) as error:
        return asked(request, with_error(str(error)))
    messages.success(request, f"Imported: {told(plan)}.")
    return redirect("systems")


def with_error(why: str) -> SheetForm:
    form = SheetForm({})
    form.errors["sheet"] = form.error_class([why])
    return form


@require_safe
def export_systems(request: HttpRequest) -> HttpResponse:
    """What the list shows, narrowed as it is."""
    organisation = organisation_for(request, "export")
    found = SystemFilters(request, organisation).narrowed(systems_of(organisation))
    columns, rows = exported(organisation, found)
    return download("systems", request.GET.get("format", CSV), columns, rows)


@require_safe
def systems_template(request: HttpRequest) -> HttpResponse:
    """An empty sheet with the headings."""
    organisation_for(request, "govern")
    return download("systems-template", request.GET.get("format", CSV), list(COLUMNS), [])


def download(name: str, kind: str, columns: list[str], rows: Any) -> HttpResponse:
    if kind not in (CSV, XLSX):
        raise Http404("There is no such format.")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return HttpResponse(written(kind, columns, rows, name.capitalize()), content_type=MEDIA[kind], headers=headers)

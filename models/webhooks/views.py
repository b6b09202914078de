"""Webhooks, for administrators: what is told to whom, and whether it arrives."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models.accounts import shown_once
from models.accounts.access import organisation_for
from models.errors import InputError
from models.webhooks import endpoints
from models.webhooks.endpoints import MANAGE
from models.webhooks.forms import EndpointForm
from models.webhooks.guard import Refused
from models.webhooks.models import Delivery, Endpoint

ON_A_PAGE = 25
SECRET = "webhook"


@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    found = Endpoint.objects.of(organisation_for(request, MANAGE)).annotate(
        delivered=Max("deliveries__finished_at", filter=Q(deliveries__state=Delivery.State.DELIVERED)),
        waiting=Count("deliveries", filter=Q(deliveries__state=Delivery.State.PENDING)),
    )
    listed = list(found)
    troubled = [each for each in listed if each.is_active and each.failing_since]
    active = sum(each.is_active for each in listed)
    return render(request, "webhooks/webhooks.html", {"webhooks": listed, "troubled": troubled, "active": active})


@require_http_methods(["GET", "HEAD", "POST"])
def new_webhook(request: HttpRequest) -> HttpResponse:
    """The secret waits for the next page, and is shown there once."""
    organisation = organisation_for(request, MANAGE)
    form = EndpointForm(request.POST or None, initial={"events": ["job.finished", "audit.verdict_changed"]})
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = endpoints.register_endpoint(request.user, organisation, **form.cleaned_data)
        except InputError as error:
            refuse(form, error)
        else:
            shown_once.keep(request, SECRET, {"of": str(endpoint.pk), "secret": secret})
            return redirect("webhook", endpoint.pk)
    return page(request, "webhooks/new_webhook.html", form)


@require_safe
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    endpoint = visible(request, pk)
    kept = shown_once.take(request, SECRET) or {}
    said = {"webhook": endpoint, "secret": kept.get("secret") if kept.get("of") == str(pk) else None}
    return render(request, "webhooks/webhook.html", said | log_of(request, endpoint))


@require_safe
def deliveries(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The moving part of a webhook's page. Nothing new: 204, so that nothing is read out twice."""
    endpoint = visible(request, pk)
    log = log_of(request, endpoint)
    if request.GET.get("seen") == log["seen"]:
        return HttpResponse(status=204)
    return render(request, "webhooks/deliveries.html", {"webhook": endpoint} | log)


@require_safe
def delivery(request: HttpRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    found = visible_delivery(request, pk, delivery)
    body = json.dumps(json.loads(found.event.body), indent=2, ensure_ascii=False)
    return render(request, "webhooks/delivery.html", {"delivery": found, "webhook": found.endpoint, "body": body})


@require_http_methods(["GET", "HEAD", "POST"])
def change_webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    endpoint = visible(request, pk)
    now = {"url": endpoint.url, "events": endpoint.events, "description": endpoint.description}
    form = EndpointForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change_endpoint(request.user, endpoint, **form.cleaned_data)
        except InputError as error:
            refuse(form, error)
        else:
            messages.success(request, "The webhook is changed.")
            return redirect("webhook", pk)
    return page(request, "webhooks/change_webhook.html", form, webhook=endpoint)


@require_POST
def rotate_webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    secret = endpoints.rotate(request.user, visible(request, pk))
    shown_once.keep(request, SECRET, {"of": str(pk), "secret": secret})
    return redirect("webhook", pk)


@require_POST
def test_webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    return after(request, pk, "A test is on its way.", endpoints.test, visible(request, pk))


@require_POST
def send_again(request: HttpRequest, pk: UUID, delivery: UUID) -> HttpResponse:
    found = visible_delivery(request, pk, delivery)
    return after(request, pk, "It is on its way again.", endpoints.retry_delivery, found)


@require_POST
def switch_webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """On or off, as the button says; anything else changes nothing."""
    endpoint, to = visible(request, pk), request.POST.get("to")
    if to in ("on", "off") and endpoint.is_active != (to == "on"):
        endpoints.change_endpoint(request.user, endpoint, active=to == "on")
        messages.success(request, "It is told of things again." if to == "on" else "Nothing is sent there any more.")
    return redirect("webhook", pk)


@require_POST
def delete_webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    endpoint = visible(request, pk)
    endpoints.delete_endpoint(request.user, endpoint)
    messages.success(request, f"The webhook to {endpoint.host} is deleted.")
    return redirect("webhooks")


def visible(request: HttpRequest, pk: UUID) -> Endpoint:
    found = Endpoint.objects.of(organisation_for(request, MANAGE)).select_related("created_by", "organisation")
    return get_object_or_404(found, pk=pk)


def visible_delivery(request: HttpRequest, endpoint: UUID, pk: UUID) -> Delivery:
    found = Delivery.objects.of(organisation_for(request, MANAGE)).select_related("event", "endpoint")
    return get_object_or_404(found, pk=pk, endpoint=endpoint)


def log_of(request: HttpRequest, endpoint: Endpoint) -> dict[str, Any]:
    """What was sent, the newest first. `seen` says which state of it is shown."""
    found = Delivery.objects.of(endpoint.organisation).filter(endpoint=endpoint).select_related("event")
    shown = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    seen = " ".join(f"{each.pk.hex[:8]}{each.state[0]}{len(each.log)}" for each in shown)
    return {"page": shown, "seen": seen, "moves": any(each.state == Delivery.State.PENDING for each in shown)}


def after(request: HttpRequest, pk: UUID, done: str, act: Any, thing: Any) -> HttpResponse:
    """Back on the webhook's page, which says what was done or why not."""
    try:
        act(request.user, thing)
    except InputError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, done)
    return redirect("webhook", pk)


def refuse(form: EndpointForm, error: InputError) -> None:
    form.add_error("url" if isinstance(error, Refused) else None, str(error))


def page(request: HttpRequest, template: str, form: EndpointForm, **said: Any) -> HttpResponse:
    return render(request, template, {"form": form, **said}, status=422 if form.errors else 200)

"""The API of this room: webhooks, and how their deliveries went."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query
from pydantic import Field, StrictBool

from models.rest.conditional import require_match
from models.rest.paging import PageQuery, listed
from models.rest.records import ApiRequest, Asked, Listed, Moment, Record, nothing, reply
from models.rest.router import Router
from models.webhooks import endpoints
from models.webhooks.models import Delivery, Endpoint

router = Router(tags=["Webhooks"])
EventName = Literal["job.finished", "audit.finished", "audit.verdict_changed"]
MANAGE = "manage webhooks"
OLDEST = ["created_at", "pk"]


class WebhookRecord(Record):
    id: UUID
    url: str = Field(examples=["https://hooks.example.org/plumbline"])
    events: list[EventName]
    description: str
    active: bool = Field(description="False once it was disabled, by a person or after failing for long.")
    note: str = Field(description="Why it was disabled.")
    failing_since: Moment | None
    created_at: Moment


class NewWebhookRecord(WebhookRecord):
    secret: str = Field(description="Signs what is sent (Standard Webhooks); shown this once.", examples=["whsec_..."])


class NewWebhook(Asked):
    url: str = Field(min_length=1, max_length=2_000, examples=["https://hooks.example.org/plumbline"])
    events: list[EventName] = Field(min_length=1, max_length=20)
    description: str = Field("", max_length=200)


class WebhookChange(Asked):
    url: str | None = Field(None, min_length=1, max_length=2_000, examples=["https://hooks.example.org/plumbline"])
    events: list[EventName] | None = Field(None, min_length=1, max_length=20)
    description: str | None = Field(None, max_length=200)
    active: StrictBool | None = None


class Secret(Record):
    secret: str = Field(examples=["whsec_..."])


class Attempt(Record):
    at: Moment
    status: int | None = Field(description="Of the receiver's answer; null where there was none.")
    seconds: float
    note: str


class DeliveryRecord(Record):
    id: UUID
    event: str = Field(examples=["audit.finished"])
    message_id: str = Field(description="The header webhook-id.", examples=["msg_6f1c1d2e8a554a5e9d3c2b7f0e4c9a10"])
    state: Literal["pending", "delivered", "failed"]
    tries: int
    due_at: Moment | None
    created_at: Moment
    finished_at: Moment | None
    attempts: list[Attempt]


def fields(endpoint: Endpoint) -> dict[str, Any]:
    names = ("id", "url", "events", "description", "note", "failing_since", "created_at")
    return {**{name: getattr(endpoint, name) for name in names}, "active": endpoint.is_active}


def webhook_record(endpoint: Endpoint) -> WebhookRecord:
    return WebhookRecord(**fields(endpoint))


def delivery_record(delivery: Delivery) -> DeliveryRecord:
    names = ("id", "state", "tries", "due_at", "created_at", "finished_at")
    said = {"event": delivery.event.type, "message_id": delivery.event.message_id, "attempts": delivery.log}
    return DeliveryRecord.model_validate({**{name: getattr(delivery, name) for name in names}, **said})


@router.on("GET", "/webhooks", {200: Listed[WebhookRecord]}, action=MANAGE)
def list_webhooks(request: ApiRequest, query: Query[PageQuery]) -> HttpResponse:
    """List webhooks, the oldest first."""
    return listed(request, Endpoint.objects.of(request.organisation), query, webhook_record, OLDEST)


@router.on("POST", "/webhooks", {201: NewWebhookRecord}, action=MANAGE, once=True)
def create_webhook(request: ApiRequest, body: NewWebhook) -> HttpResponse:
    """Register a webhook.

    What is sent is signed as Standard Webhooks say, with the secret in the answer. Addresses inside the network are
    refused.
    """
    made, secret = endpoints.register_endpoint(
        request.user, request.organisation, body.url, body.events, body.description
    )
    return reply(NewWebhookRecord(**fields(made), secret=secret), 201, location=f"/api/v1/webhooks/{made.pk}")


@router.on("GET", "/webhooks/{uuid:webhook_id}", {200: WebhookRecord}, action=MANAGE)
def get_webhook(request: ApiRequest, webhook_id: UUID) -> HttpResponse:
    """Get a webhook."""
    return reply(webhook_record(one(request, webhook_id)))


@router.on("PATCH", "/webhooks/{uuid:webhook_id}", {200: WebhookRecord}, action=MANAGE, match=True)
def change_webhook(request: ApiRequest, webhook_id: UUID, body: WebhookChange) -> HttpResponse:
    """Change a webhook; only what is given."""
    with transaction.atomic():
        found = one(request, webhook_id)
        require_match(request, webhook_record(found))
        changed = endpoints.change_endpoint(request.user, found, **body.model_dump(exclude_none=True))
    return reply(webhook_record(changed))


@router.on("DELETE", "/webhooks/{uuid:webhook_id}", {204: None}, action=MANAGE, match=True)
def delete_webhook(request: ApiRequest, webhook_id: UUID) -> HttpResponse:
    """Delete a webhook with its deliveries."""
    with transaction.atomic():
        found = one(request, webhook_id)
        require_match(request, webhook_record(found))
        endpoints.delete_endpoint(request.user, found)
    return nothing()


@router.on("POST", "/webhooks/{uuid:webhook_id}/rotate", {200: Secret}, action=MANAGE, once=True)
def rotate_webhook_secret(request: ApiRequest, webhook_id: UUID) -> HttpResponse:
    """Give a webhook a new secret.

    For a day what is sent is signed with the old one too, so that the receiver can change over.
    """
    return reply(Secret(secret=endpoints.rotate(request.user, one(request, webhook_id))))


@router.on("POST", "/webhooks/{uuid:webhook_id}/test", {200: DeliveryRecord}, action=MANAGE, once=True,
           problems=("refused",))  # fmt: skip
def test_webhook(request: ApiRequest, webhook_id: UUID) -> HttpResponse:
    """Send a ping; the delivery says how it went."""
    return reply(delivery_record(endpoints.test(request.user, one(request, webhook_id))))


@router.on("GET", "/webhooks/{uuid:webhook_id}/deliveries", {200: Listed[DeliveryRecord]}, action=MANAGE)
def list_deliveries(request: ApiRequest, webhook_id: UUID, query: Query[PageQuery]) -> HttpResponse:
    """List a webhook's deliveries, the newest first."""
    rows = Delivery.objects.of(request.organisation).filter(endpoint=one(request, webhook_id)).select_related("event")
    return listed(request, rows, query, delivery_record)


@router.on("POST", "/webhooks/{uuid:webhook_id}/deliveries/{uuid:delivery_id}/retry", {200: DeliveryRecord},
           action=MANAGE, once=True, problems=("refused",))  # fmt: skip
def retry_delivery(request: ApiRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a delivery again, under the same webhook-id."""
    theirs = Delivery.objects.of(request.organisation).filter(endpoint=one(request, webhook_id))
    found = get_object_or_404(theirs.select_related("endpoint", "event"), pk=delivery_id)
    return reply(delivery_record(endpoints.retry_delivery(request.user, found)))


def one(request: ApiRequest, webhook_id: UUID) -> Endpoint:
    return get_object_or_404(Endpoint.objects.of(request.organisation), pk=webhook_id)

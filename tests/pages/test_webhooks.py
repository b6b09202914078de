"""The pages of webhooks: added, tried, changed over to a new secret, switched off, deleted."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from standardwebhooks import Webhook

from models.webhooks.deliver import deliver
from models.webhooks.models import Delivery, Endpoint
from tests.models.webhooks.conftest import receiver  # noqa: F401

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
def signed_in(client, world, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    client.force_login(world.people["administrator"])
    return client


def added(client, url: str, **more) -> Endpoint:
    said = {"url": url, "events": ["job.finished"], "description": "pipeline"} | more
    answer = client.post("/webhooks/new/", said)
    assert answer.status_code == 302, answer.content.decode()
    return Endpoint.unscoped.get(url=url)


def test_an_administrator_adds_one_and_its_secret_is_shown_once(signed_in, receiver):  # noqa: F811
    hook = added(signed_in, receiver.url)
    page = signed_in.get(f"/webhooks/{hook.pk}/").content.decode()
    (secret,) = SECRET.findall(page)
    assert SECRET.findall(signed_in.get(f"/webhooks/{hook.pk}/").content.decode()) == []
    signed_in.post(f"/webhooks/{hook.pk}/test/")
    assert "waits" in signed_in.get(f"/webhooks/{hook.pk}/deliveries/{hook.deliveries.get().pk}/").content.decode()
    deliver()
    (got,) = receiver.got
    assert Webhook(secret).verify(got.body, got.headers)["type"] == "ping"
    assert "Delivered" in signed_in.get(f"/webhooks/{hook.pk}/").content.decode()


def test_the_secret_of_one_is_not_shown_on_the_page_of_another(signed_in, receiver, world):  # noqa: F811
    hook = added(signed_in, receiver.url)
    assert SECRET.findall(signed_in.get(f"/webhooks/{world.hook.pk}/").content.decode()) == []
    assert hook.pk != world.hook.pk


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"url": "https://169.254.169.254/latest/meta-data/"}, "id_url", "not on the public internet"),
        ({"url": "https://[::1]/"}, "id_url", "not on the public internet"),
        ({"url": "https://2130706433/"}, "id_url", "four numbers"),
        ({"url": "https://localhost./"}, "id_url", "localhost"),
        ({"url": "javascript:alert(1)"}, "id_url", "begins with https"),
        ({"url": ""}, "id_url", "Give the address"),
        ({"url": "x" * 3000}, "id_url", "2000 characters"),
        ({"events": []}, "id_events", "Choose at least one"),
        ({"events": ["ping"]}, "id_events", "Choose from what is offered"),
        ({"description": "x" * 10_000}, "id_description", "200 characters"),
    ],
)
def test_what_will_not_do_is_said_at_its_field_and_what_was_typed_stays(client, world, said, field, words):
    client.force_login(world.people["administrator"])
    before = Endpoint.unscoped.count()
    answer = client.post("/webhooks/new/", {"url": "https://127.0.0.1/", "events": ["job.finished"]} | said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert re.search(rf'href="#{field}(_0)?"', page)
    assert f'id="{field}_error"' in page
    assert Endpoint.unscoped.count() == before


def test_a_form_sent_twice_makes_one(signed_in, receiver):  # noqa: F811
    added(signed_in, receiver.url)
    answer = signed_in.post("/webhooks/new/", {"url": receiver.url, "events": ["job.finished"]})
    assert answer.status_code == 422
    assert "already" in answer.content.decode()
    assert Endpoint.unscoped.filter(url=receiver.url).count() == 1


def test_it_is_changed_over_switched_off_and_on_and_deleted(signed_in, receiver):  # noqa: F811
    hook = added(signed_in, receiver.url)
    first = SECRET.findall(signed_in.get(f"/webhooks/{hook.pk}/").content.decode())
    signed_in.post(f"/webhooks/{hook.pk}/rotate/")
    page = signed_in.get(f"/webhooks/{hook.pk}/").content.decode()
    assert SECRET.findall(page) not in ([], first)
    assert "old secret too" in page
    signed_in.post(f"/webhooks/{hook.pk}/change/", {"url": receiver.url, "events": ["audit.finished"]})
    hook.refresh_from_db()
    assert (hook.events, hook.description) == (["audit.finished"], "")
    signed_in.post(f"/webhooks/{hook.pk}/switch/", {"to": "off"})
    assert "Nothing is sent to" in signed_in.get(f"/webhooks/{hook.pk}/").content.decode()
    assert "Enable it first" in signed_in.post(f"/webhooks/{hook.pk}/test/", follow=True).content.decode()
    signed_in.post(f"/webhooks/{hook.pk}/switch/", {"to": "sideways"})
    hook.refresh_from_db()
    assert not hook.is_active
    signed_in.post(f"/webhooks/{hook.pk}/switch/", {"to": "on"})
    hook.refresh_from_db()
    assert hook.is_active
    signed_in.post(f"/webhooks/{hook.pk}/delete/")
    assert not Endpoint.unscoped.filter(pk=hook.pk).exists()
    assert signed_in.get(f"/webhooks/{hook.pk}/").status_code == 404


def test_the_list_of_what_was_sent_moves_while_something_waits_and_then_rests(signed_in, receiver):  # noqa: F811
    hook = added(signed_in, receiver.url)
    signed_in.post(f"/webhooks/{hook.pk}/test/")
    page = signed_in.get(f"/webhooks/{hook.pk}/").content.decode()
    (address,) = re.findall(r'hx-get="([^"]+)"', page)
    address = address.replace("&amp;", "&")
    assert signed_in.get(address).status_code == 204
    deliver()
    moved = signed_in.get(address)
    assert moved.status_code == 200
    assert "Delivered" in moved.content.decode()
    assert "hx-get" not in moved.content.decode()


def test_a_message_of_another_webhook_is_not_there(signed_in, receiver, world):  # noqa: F811
    hook, sent = added(signed_in, receiver.url), world.hook.deliveries.get()
    assert signed_in.get(f"/webhooks/{hook.pk}/deliveries/{sent.pk}/").status_code == 404
    assert signed_in.get(f"/webhooks/{world.hook.pk}/deliveries/{sent.pk}/").status_code == 200


def test_sent_again_it_goes_at_once(signed_in, world):
    sent = world.hook.deliveries.get()
    Delivery.unscoped.update(state="failed", due_at=None)
    signed_in.post(f"/webhooks/{world.hook.pk}/deliveries/{sent.pk}/again/")
    sent.refresh_from_db()
    assert (sent.state, sent.tries, len(sent.log)) == ("pending", 0, 1)

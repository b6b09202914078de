"""What an administrator does with webhooks, and what the trail says of it."""

from __future__ import annotations

import pytest

from models.accounts.permission import Forbidden, NotFound
from models.accounts.roles import Role
from models.errors import InputError
from models.trail.models import Entry
from models.webhooks.announce import announce
from models.webhooks.deliver import deliver
from models.webhooks.endpoints import (
    MOST,
    change_endpoint,
    delete_endpoint,
    register_endpoint,
    retry_delivery,
    rotate,
)
from models.webhooks.endpoints import (
    test as try_out,
)
from models.webhooks.models import Delivery, Endpoint
from tests.models.people import organisation, person

EVENTS = ["job.finished"]


def everything(endpoint: Endpoint) -> list:
    return [
        lambda user: register_endpoint(user, endpoint.organisation, "http://127.0.0.1/", EVENTS),
        lambda user: change_endpoint(user, endpoint, description="x"),
        lambda user: rotate(user, endpoint),
        lambda user: try_out(user, endpoint),
        lambda user: delete_endpoint(user, endpoint),
    ]


def test_only_an_administrator_of_the_organisation_manages_webhooks(registered):
    endpoint, _ = registered
    before = Entry.unscoped.count()
    for role in set(Role) - {Role.ADMINISTRATOR}:
        user = person(role, organisation())
        for act in everything(endpoint):
            with pytest.raises(Forbidden, match="administrator"):
                act(user)
    stranger = person(Role.ADMINISTRATOR, organisation("Brick Bank"))
    for act in everything(endpoint):
        with pytest.raises(NotFound):
            act(stranger)
    assert Entry.unscoped.count() == before
    assert Endpoint.unscoped.get().description == "the pipeline"


def test_what_changes_nothing_is_no_entry_and_another_address_is_said_without_it(registered, administrator):
    endpoint, _ = registered
    change_endpoint(administrator, endpoint, url=endpoint.url, description=endpoint.description)
    assert not Entry.unscoped.filter(verb="changed").exists()
    change_endpoint(administrator, endpoint, url=f"{endpoint.url}/other")
    assert Entry.unscoped.get(verb="changed").facts == {"from": {}, "to": {}, "address": "another one"}


def test_the_trail_says_what_was_done_but_neither_secret_nor_address(registered, administrator):
    endpoint, secret = registered
    change_endpoint(administrator, endpoint, events=EVENTS)
    fresh = rotate(administrator, endpoint)
    try_out(administrator, endpoint)
    deliver()
    retry_delivery(administrator, Delivery.unscoped.get())
    change_endpoint(administrator, endpoint, active=False)
    delete_endpoint(administrator, endpoint)
    entries = list(Entry.unscoped.filter(object_type="webhooks.endpoint").order_by("sequence"))
    assert [entry.verb for entry in entries] == [
        "registered", "changed", "gave a new secret to", "tested", "sent again", "changed", "deleted"
    ]  # fmt: skip
    every = ["job.finished", "audit.finished", "audit.verdict_changed"]
    assert (entries[1].facts["from"], entries[1].facts["to"]) == ({"events": every}, {"events": EVENTS})
    assert (entries[5].facts["from"], entries[5].facts["to"]) == ({"state": "active"}, {"state": "disabled"})
    written = "".join(entry.body for entry in entries)
    assert secret not in written
    assert fresh not in written
    assert "/hook" not in written


@pytest.mark.parametrize(
    ("url", "events", "said"),
    [
        ("http://10.0.0.1/", EVENTS, "not on the public internet"),
        ("https://user:pw@127.0.0.1/", EVENTS, "user name or a password"),
        ("http://127.0.0.1/", [], "at least one event"),
        ("http://127.0.0.1/", ["ping"], "no event named"),
        ("http://127.0.0.1/", ["*"], "no event named"),
    ],
)
def test_what_will_not_do_is_refused_and_nothing_is_left(administrator, loopback_allowed, url, events, said):
    with pytest.raises(InputError, match=said):
        register_endpoint(administrator, organisation(), url, events)
    assert not Endpoint.unscoped.exists()


def test_an_endpoint_cannot_be_moved_to_an_internal_address(registered, administrator):
    with pytest.raises(InputError, match="public internet"):
        change_endpoint(administrator, registered[0], url="https://169.254.169.254/latest/meta-data/")
    assert Endpoint.unscoped.get().url == registered[0].url


def test_a_test_is_sent_to_this_one_alone_even_if_it_hears_of_nothing_else(registered, receiver, administrator):
    register_endpoint(administrator, organisation(), receiver.url + "/other", EVENTS)
    try_out(administrator, registered[0])
    assert deliver() == 1
    assert [got.path for got in receiver.got] == ["/hook"]


def test_a_delivery_that_was_given_up_is_sent_again_under_its_id(registered, receiver, administrator):
    receiver.says(500)
    announce(organisation(), "audit.finished", {})
    for _ in range(7):
        deliver()
        Delivery.unscoped.filter(state="pending").update(due_at="2020-01-01T00:00:00Z")
    receiver.says(204)
    given_up = Delivery.unscoped.get()
    assert given_up.state == "failed"
    retry_delivery(administrator, given_up)
    deliver()
    again = Delivery.unscoped.get()
    assert (again.state, len(again.log)) == ("delivered", 8)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


def test_a_disabled_one_takes_neither_tests_nor_retries(registered, administrator):
    announce(organisation(), "audit.finished", {})
    endpoint = change_endpoint(administrator, registered[0], active=False)
    assert Delivery.unscoped.get().state == "failed"
    assert deliver() == 0
    for act in (
        lambda: try_out(administrator, endpoint),
        lambda: retry_delivery(administrator, Delivery.unscoped.get()),
    ):
        with pytest.raises(InputError, match="Enable it first"):
            act()


def test_there_is_an_end_to_how_many_there_are(registered, receiver, administrator):
    for number in range(MOST - 1):
        register_endpoint(administrator, organisation(), f"{receiver.url}/{number}", EVENTS)
    with pytest.raises(InputError, match="Delete one"):
        register_endpoint(administrator, organisation(), receiver.url + "/one-more", EVENTS)

"""Somebody who owned, wrote and signed leaves, is shut out, or is forgotten: every page and answer is still there."""

from __future__ import annotations

import pytest

from governance.forget import forget
from governance.systems.days import today
from governance.systems.models import System
from models.accounts import members
from models.accounts.models import Membership, User
from models.accounts.roles import ACTIONS, Role
from models.trail.verify import verify_chain
from tests.api.conftest import ROOT
from tests.api.ways import WAYS
from tests.models.people import person
from tests.pages.conftest import World
from tests.pages.places import PLACES


def shut_out(user: User, actor: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def removed(user: User, actor: User) -> None:
    members.remove(actor, Membership.unscoped.get(user=user))


def forgotten(user: User, actor: User) -> None:
    forget(user, actor, "left")


@pytest.mark.parametrize("goes", [shut_out, removed, forgotten])
def test_every_page_is_there_when_whoever_owned_what_it_shows_is_gone(goes, client, world: World) -> None:
    reader = person(Role.ADMINISTRATOR, world.organisation, "reader@example.org")
    pages = {
        name: place.address(name, world)
        for name, place in PLACES.items()
        if place.is_read and name != "member" and Role.ADMINISTRATOR in ACTIONS.get(place.action or "", ())
    }
    ways = {name: way for name, way in WAYS.items() if way.is_read and name not in ("get_member", "get_upload")}
    asked = {name: ROOT + way.address(world) for name, way in ways.items()}
    for role in ("officer", "engineer", "approver", "administrator"):
        goes(world.people[role], reader)
    client.force_login(reader)
    for name, address in {**pages, **asked}.items():
        assert client.get(address).status_code == 200, name
    assert verify_chain(world.organisation).whole


@pytest.mark.parametrize("goes", [shut_out, removed, forgotten])
def test_what_somebody_owned_who_is_gone_stands_on_the_lists_of_what_has_no_owner(goes, client, world: World) -> None:
    engineer, administrator = world.people["engineer"], world.people["administrator"]
    client.force_login(administrator)
    world.duty.owner, world.duty.due_on = engineer, today()
    world.duty.state = "in progress"
    world.duty.save()
    System.unscoped.filter(pk=world.system.pk).update(owner=engineer)
    lists = ["/calendar/?show=nobodys", "/systems/?owner=nobody"]
    links = [f"/obligations/{world.duty.pk}/", f"/systems/{world.system.pk}/"]
    shown = [link in client.get(each).content.decode() for each, link in zip(lists, links, strict=True)]
    assert shown == [False, False]
    goes(engineer, administrator)
    shown = [link in client.get(each).content.decode() for each, link in zip(lists, links, strict=True)]
    assert shown == [True, True]


def test_a_form_tells_that_whoever_owned_it_is_gone(client, world: World) -> None:
    gone = person(Role.ENGINEER, world.organisation, "gone@example.org")
    owned = {"system": world.system, "obligation": world.duty, "risk": world.risk, "review": world.review}
    for each in owned.values():
        type(each).unscoped.filter(pk=each.pk).update(owner=gone)
    client.force_login(world.people["officer"])
    addresses = {name: PLACES[f"change-{name}"].address(f"change-{name}", world) for name in owned}
    told = f": {gone} is gone</option>"
    assert not [name for name, address in addresses.items() if told in client.get(address).content.decode()]
    Membership.unscoped.get(user=gone).delete()
    assert [name for name, address in addresses.items() if told in client.get(address).content.decode()] == [*owned]
    # what was typed wrong is shown again with it
    again = client.post(addresses["system"], {"name": "", "stage": "in service"})
    assert (again.status_code, told in again.content.decode()) == (422, True)

"""Every form and button of the pages that changes something writes into the trail who did what, in the same breath."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pyotp
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from models.accounts.models import User
from models.accounts.roles import ACTIONS, Role
from models.accounts.second_factor import fresh_secret, turn_on
from models.trail.models import Entry
from models.trail.verify import verify_chain
from tests.models.people import PASSWORD
from tests.pages import ready
from tests.pages.conftest import World
from tests.pages.places import PLACES
from tests.pages.ready import Changes
from tests.pages.test_auditing import ASKED

Said = Callable[[World], dict[str, Any]]
# What keeps no act of anybody here: which organisation's pages one looks at, what one has read, files on their way,
# which the job that registers them tells of (tests/models/registry), and what no session is needed for, each of which
# has tests of its own for the trail (tests/pages/test_sign_in.py, test_accounts_members.py, test_one_click.py).
UNTOLD = {"choose-organisation", "see-notice", "see-notices", "register-model", "register-dataset"}
IN_TWO_STEPS = {"second-factor", "import-systems"}
CHANGING = {name for name, place in PLACES.items() if "POST" in place.methods and place.action is not None}
SOON = f"{ready.soon()}"
SECRET = fresh_secret()


def code(ahead: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(int(time.time()) + 30 * ahead)


def with_factor(world: World) -> None:
    turn_on(world.people["officer"], SECRET, code(-1))


READY: dict[str, Callable[[World], object]] = {
    "turn-off-second-factor": with_factor,
    "recovery-codes": with_factor,
    "reset-second-factor": with_factor,
    "submit-assessment": ready.sent_back,
    "print-assessment": ready.sent_back,
    "write-assessment": ready.sent_back,
    "begin-assessment": ready.none_open,
    "reopen-incident": ready.closed_incident,
    "reopen-risk": ready.closed_risk,
    "attach-evidence": ready.without_evidence,
    "attach-more": ready.without_evidence,
    "start-for-obligation": ready.asked_before,
    "add-system-part": ready.without_part,
}
# What is typed or chosen; the rest of a form is sent as it stands.
TYPED: dict[str, Said] = {
    "choose-mail": lambda w: {"mail": "off"},
    "profile": lambda w: {"name": "Grace"},
    "change-password": lambda w: {"present": PASSWORD, "password": "another-long-one", "again": "another-long-one"},
    "turn-off-second-factor": lambda w: {"password": PASSWORD, "code": code(1)},
    "recovery-codes": lambda w: {"password": PASSWORD, "code": code(1)},
    "give-delegation": lambda w: {"receiver": receiver(w), "first_day": SOON, "last_day": SOON},
    "new-token": lambda w: {"name": "ci", "scopes": ["read"], "days": "90"},
    "invite-member": lambda w: {"email": "grace@example.org", "role": "auditor"},
    "require-second-factor": lambda w: {"required": "yes"},
    "change-role": lambda w: {"role": "auditor"},
    "new-webhook": lambda w: {"url": "https://93.184.215.14/hook", "events": ["job.finished"]},
    "change-webhook": lambda w: {"url": "https://93.184.215.14/hook", "description": "mine"},
    "switch-webhook": lambda w: {"to": "off"},
    "write-assessment": lambda w: {"summary": "Mine"},
    "withdraw-assessment": lambda w: {"reason": "Say more."},
    "send-back-assessment": lambda w: {"reason": "Say more."},
    "approve-assessment": lambda w: {"decision": "Well."},
    "comment-assessment": lambda w: {"text": "Well."},
    "change-incident": lambda w: {"known": "More."},
    "report-incident": lambda w: {
        "authority": "CNPD",
        "recipient": "authority",
        "sort": "final",
        "sent_at": ready.now(),
    },
    "close-incident": lambda w: {"closing": "Mended."},
    "new-incident": lambda w: {"title": "It refused all", "aware_at": ready.now()},
    "new-review": lambda w: {"what": "Drift", "due_on": SOON},
    "change-review": lambda w: {"what": "Drift"},
    "do-review": lambda w: {"notes": "All is well."},
    "new-risk": lambda w: {"hazard": "It refuses all"},
    "decide-proposal": lambda w: {"finding": ready.finding(w)},
    "change-risk": lambda w: {"cause": "Few data."},
    "accept-risk": lambda w: {"acceptance": "Rare.", "edition": w.risk.edition},
    "close-risk": lambda w: {"closing": "Mended."},
    "new-measure": lambda w: {"text": "Read it."},
    "change-measure": lambda w: {"text": "Read it."},
    "write-statement": lambda w: {"art-14-4-b": "Clerks are trained."},
    "follow-framework": lambda w: {"framework": "nist-ai-rmf"},
    "start-for-obligation": lambda w: {"version": str(w.model.pk)},
    "dismiss-result": lambda w: {"reason": "It is of other data."},
    "change-obligation": lambda w: {"reason": "Looked at again."},
    "accept-obligation": lambda w: {"edition": w.duty.edition},
    "attach-evidence": lambda w: {"evidence": str(w.evidence.pk)},
    "detach-evidence": lambda w: {"evidence": str(w.evidence.pk)},
    "attach-more": lambda w: {"duty": str(w.duty.pk), "duties": str(w.duty.pk)},
    "new-document": lambda w: {"title": "Policy", "type": "policy", "file": SimpleUploadedFile("p.txt", b"It holds.")},
    "new-statement": lambda w: {"title": "Policy", "type": "policy", "text": "It holds."},
    "new-audit-evidence": lambda w: {"title": "Audit", "type": "fairness-audit", "audit": str(w.done.pk)},
    "new-system": lambda w: {"name": "Another", "roles": ["deployer"]},
    "change-system": lambda w: {"purpose": "Mine"},
    "add-system-part": lambda w: {"version": str(w.model.pk)},
    "system-question": lambda w: {"value": "no"},
    "classify-system": lambda w: {"as_of": SOON, "number": "1"},
    "describe-model": lambda w: {"owner": "Somebody"},
    "describe-dataset": lambda w: {"owner": "Somebody"},
    "start-audit": lambda w: ASKED,
}
QUERIES: dict[str, Callable[[World], str]] = {"start-audit": lambda w: f"?dataset={w.dataset.pk}"}


class Form(HTMLParser):
    """What a page's form sends where nobody touches it: its fields as they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: dict[str, list[str]] = {}
        self.inside, self.area, self.select = False, "", ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        is_ = dict(attributes)
        name = is_.get("name") or ""
        if tag == "form":
            self.inside = (is_.get("method") or "").lower() == "post" and not is_.get("action")
        elif not self.inside:
            return
        elif tag == "input" and name and is_.get("type") != "file":
            if is_.get("type") not in ("checkbox", "radio") or "checked" in is_:
                self.keep(name, is_.get("value") or "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in is_:
            self.keep(self.select, is_.get("value") or "")
        elif tag == "textarea":
            self.area = name
            self.said[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.said[self.area][0] += data

    def keep(self, name: str, value: str) -> None:
        self.said.setdefault(name, []).append(value)


def receiver(world: World) -> str:
    return str(world.people["engineer"].memberships.get().pk)


@pytest.mark.parametrize("name", sorted(CHANGING - UNTOLD - IN_TWO_STEPS))
def test_what_is_changed_by_a_page_stands_in_the_trail(name, client, world):
    place = PLACES[name]
    assert place.action
    user = world.people[actor(name)]
    READY.get(name, lambda world: None)(world)
    client.force_login(user)
    address, said = place.address(name, world) + QUERIES.get(name, lambda world: "")(world), {}
    if "GET" in place.methods:
        said = Form(client.get(address).content.decode()).said
    said |= TYPED.get(name, lambda world: {})(world)
    with Changes() as changes:
        answer = client.post(address, said)
    assert answer.status_code in (200, 302), re.findall(r'<a href="#id_[^"]*">[^<]*', answer.content.decode())
    assert_told(name, changes, user, world)


def test_a_second_factor_that_is_set_up_stands_in_the_trail(client, world):
    user = world.people["officer"]
    client.force_login(user)
    key = re.search(r'class="code hash">([A-Z2-7 ]+)<', client.get("/profile/second-factor/").content.decode())
    assert key
    with Changes() as changes:
        client.post("/profile/second-factor/", {"code": pyotp.TOTP(key[1].replace(" ", "")).now()})
    assert_told("second-factor", changes, user, world)


def test_systems_that_are_brought_in_from_a_sheet_stand_in_the_trail(client, world):
    client.force_login(world.people["officer"])
    said = {"sheet": SimpleUploadedFile("systems.csv", b"name\nFrom a sheet\n")}
    with Changes() as looked:
        page = client.post("/systems/import/", said)
    assert (looked.tables, looked.entries) == (set(), 0)
    with Changes() as changes:
        client.post("/systems/import/", {"confirmed": page.context["confirmed"]})
    assert_told("import-systems", changes, world.people["officer"], world)


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_what_is_not_told_of_changes_nothing_that_matters(name, client, world):
    client.force_login(world.people["officer"])
    with Changes() as changes:
        client.post(PLACES[name].address(name, world), {"organisation": world.organisation.pk})
    assert (changes.tables - {"reviews_notice"}, changes.entries) == (set(), 0)


def assert_told(name: str, changes: Changes, user: User, world: World) -> None:
    assert changes.entries, f"{name} changed {changes.tables or 'nothing'} and the trail says nothing of it"
    entries = Entry.objects.of(world.organisation).order_by("-sequence")[: changes.entries]
    assert user.pk in {entry.actor_id for entry in entries} <= {user.pk, None}  # None: the job that follows from it
    assert verify_chain(world.organisation).whole


def actor(name: str) -> str:
    """Who does it: the one whose thing it is in the world, else whoever may."""
    if name in ("end-delegation", "revoke-token"):
        return "engineer"
    roles = ACTIONS[PLACES[name].action or "read"]
    return next(role.value for role in (Role.OFFICER, Role.APPROVER, Role.ADMINISTRATOR) if role in roles)

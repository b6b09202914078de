"""The demo's AI systems: their answers lead where they say, and they are made once, wholly or not at all."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError

from demo.run import SYSTEMS
from governance.incidents.models import Incident
from governance.law import questionnaire
from governance.law.classify import classify
from governance.management.commands.demo import filled
from governance.obligations.models import Duty, Support
from governance.one_click import SAMPLE
from governance.reviews.models import Review
from governance.risks.models import Risk
from governance.samples import Filling, fill, with_reason
from governance.systems.classifying import today
from governance.systems.models import System
from models.accounts.models import Membership, Organisation
from models.errors import InputError
from models.trail.models import Entry
from models.trail.verify import verify_chain

CREDIT, HIRING, CHATBOT = yaml.safe_load(SYSTEMS.read_text("utf-8"))["systems"]


def answers(said: dict[str, Any]) -> dict[str, Any]:
    return {name: with_reason(given)[0] for name, given in said["answers"].items()}


@pytest.mark.parametrize(("said", "outcome", "points"), [
    (CREDIT, "HIGH_RISK_ANNEX_III", ("5-b",)),
    (CHATBOT, "TRANSPARENCY", ()),
])  # fmt: skip
def test_a_system_that_is_recorded_is_answered_wholly(said: Any, outcome: str, points: tuple[str, ...]) -> None:
    given = answers(said)
    assert said["record"]
    assert not questionnaire.still_open(given)
    assert not questionnaire.contradictions(given)
    assert set(given) <= {each.id for each in questionnaire.pages(given)}
    facts = questionnaire.facts(given)
    assert facts is not None
    found = classify(facts, today())
    assert (found.primary, tuple(found.annex_iii_points)) == (outcome, points)
    assert set(found.roles) == set(said["roles"]) == {"provider", "deployer"}


def test_hiring_is_left_open_after_its_use() -> None:
    given = answers(HIRING)
    assert "record" not in HIRING
    assert given["uses-work"] == ["4-a"]
    assert next(iter(questionnaire.still_open(given))).id == "personal-data"


@pytest.fixture
def filling(db: None, tmp_path: Path, settings: Any) -> Filling:
    """For systems without a model of ours."""
    call_command("sample_users", organisation=SAMPLE, stdout=StringIO())
    organisation = Organisation.objects.get(name=SAMPLE)
    people = {each.role: each.user for each in Membership.objects.of(organisation).select_related("user")}
    return Filling(organisation, people, None, None)  # type: ignore[arg-type]


def written(folder: Path, *systems: dict[str, Any]) -> Path:
    file = folder / "systems.yaml"
    file.write_text(yaml.safe_dump({"systems": list(systems)}))
    return file


def test_systems_are_made_once_as_the_pages_make_them(filling: Filling, tmp_path: Path) -> None:
    file = written(tmp_path, HIRING, CHATBOT)
    assert fill(filling, file) == [HIRING["name"], CHATBOT["name"]]
    hiring, chatbot = (System.objects.of(filling.organisation).get(name=each["name"]) for each in (HIRING, CHATBOT))
    assert (hiring.standing, hiring.answered.facts) == (None, None)
    assert chatbot.standing.outcome == "TRANSPARENCY"
    states = dict(Duty.unscoped.filter(system=chatbot).exclude(state="not started").values_list("requirement", "state"))
    assert states == {said["duty"]: said["state"] for said in CHATBOT["obligations"]}
    accepted = Duty.unscoped.get(system=chatbot, state="accepted")
    assert accepted.accepted_by == filling.people["approver"]
    assert Support.unscoped.filter(duty=accepted).exists()
    assert Incident.unscoped.get(system=chatbot).closed_at is None
    assert Review.unscoped.get(system=chatbot).owner == filling.people["officer"]
    assert Risk.unscoped.get(system=hiring).state == Risk.State.OPEN
    length = Entry.unscoped.count()
    assert fill(filling, file) == []
    assert Entry.unscoped.count() == length
    assert verify_chain(filling.organisation).bad is None


def test_what_the_pages_would_refuse_leaves_nothing(filling: Filling, tmp_path: Path) -> None:
    unsupported = CHATBOT | {"evidence": []}
    with pytest.raises(InputError, match="nothing supports this obligation yet"):
        fill(filling, written(tmp_path, unsupported))
    assert not System.objects.of(filling.organisation).exists()
    assert not Entry.unscoped.filter(object_type__icontains="system").exists()


def test_who_is_no_longer_of_the_sample_organisation_is_told_of_and_leaves_nothing(filling: Filling) -> None:
    Membership.unscoped.filter(user=filling.people["officer"]).delete()
    with pytest.raises(CommandError, match="of Sample Bank could not be made"):
        filled(filling, SYSTEMS)
    assert not System.objects.of(filling.organisation).exists()

"""The risk register: degrees and levels, four eyes on what remains, proposals of findings, and the heat map."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from audits.models import Audit
from governance.forget import forget
from governance.risks import findings, keeping
from governance.risks.lists import AFTER, BEFORE, STANDS, heat
from governance.risks.models import Risk
from governance.systems.days import today
from models.accounts.delegation import give
from models.accounts.models import Membership
from models.accounts.permission import Forbidden
from models.accounts.roles import Role
from models.errors import InputError
from models.trail.models import Entry
from tests.models.people import person

JUDGED = {"likelihood": 4, "severity": 4, "likelihood_after": 2, "severity_after": 3}


@pytest.fixture
def officer(client, world):
    client.force_login(world.people["officer"])
    return client


def begun(world, **more) -> Risk:
    return keeping.begin(world.people["officer"], world.system, {"hazard": "Too many are refused", **more})


def said(**more) -> dict:
    return {
        "hazard": "People over 70 are refused",
        "cause": "Few of them are in the data",
        "rights": ["charter-21"],
    } | more


def verbs(risk: Risk) -> list[str]:
    found = Entry.unscoped.filter(object_type="risks.risk", object_id=str(risk.pk)).order_by("sequence")
    return [entry.verb for entry in found]


def audited(world) -> Audit:
    """The world's finished audits, as audits of the model in the system: six rules are too close to call."""
    Audit.unscoped.filter(pk__in=[world.done.pk, world.earlier.pk]).update(model=world.model)
    world.done.refresh_from_db()
    return world.done


def test_a_risk_is_registered_judged_and_its_level_stands_on_its_page(officer, world):
    answer = officer.post(f"/systems/{world.system.pk}/risks/new/", said(**JUDGED), follow=True)
    made = Risk.unscoped.get(hazard="People over 70 are refused")
    assert (made.number, keeping.initial(made).id, keeping.remaining(made).id) == (2, "high", "medium")
    page = answer.content.decode()
    assert "4 Likely" in page
    assert "Non-discrimination" in page
    assert verbs(made) == ["registered"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"hazard": " "}, "Say in a few words what could go wrong"),
        ({"likelihood": 3}, "both how likely and how severe it is before measures"),
        ({"likelihood_after": 3, "severity_after": 3}, "before measures first"),
        ({"likelihood": 6, "severity": 1}, "6 is not one of the available choices"),
        ({"rights": ["charter-99"]}, "charter-99 is not one of the available choices"),
        ({"cause": "x" * 10_001}, "at most 10000 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(officer, world, more, told):
    answer = officer.post(f"/systems/{world.system.pk}/risks/new/", said(affected="Applicants", **more))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert "Applicants" in answer.content.decode()
    assert Risk.unscoped.count() == 1


def test_two_who_change_it_at_once_lose_nothing(officer, world):
    risk = begun(world)
    keeping.change(world.people["administrator"], risk, {"cause": "Theirs"}, None)
    answer = officer.post(f"/risks/{risk.pk}/change/", said(cause="Mine", edition=1))
    assert answer.status_code == 409
    assert "Mine" in answer.content.decode()
    assert "Theirs" in answer.content.decode()
    measure = officer.post(f"/risks/{risk.pk}/measures/new/", {"text": "My measure", "edition": 1})
    assert measure.status_code == 409
    assert "My measure" in measure.content.decode()
    risk.refresh_from_db()
    assert (risk.cause, risk.measures.count()) == ("Theirs", 0)


def test_what_remains_is_accepted_by_who_neither_owns_it_nor_wrote_at_it(client, world):
    approver = world.people["approver"]
    risk = begun(world)
    with pytest.raises(InputError, match="after the measures"):
        keeping.accept(approver, risk, "Rare.")
    keeping.change(world.people["officer"], risk, JUDGED, None)
    with pytest.raises(InputError, match="why"):
        keeping.accept(approver, risk, " ")
    with pytest.raises(Forbidden):
        keeping.accept(world.people["officer"], risk, "Rare.")
    client.force_login(approver)
    risk.refresh_from_db()
    answer = client.post(f"/risks/{risk.pk}/accept/", {"acceptance": "Rare, and mended.", "edition": risk.edition})
    assert answer.status_code == 302
    risk.refresh_from_db()
    assert (risk.state, risk.accepted_by) == ("accepted", approver)
    assert verbs(risk) == ["registered", "changed", "residual risk accepted"]


@pytest.mark.parametrize("hand", ["owner", "writer", "measure", "carries out", "stands in"])
def test_four_eyes_count_the_owner_every_writer_and_whom_somebody_stands_in_for(world, hand):
    officer, approver = world.people["officer"], world.people["approver"]
    risk = begun(world, **JUDGED)
    if hand == "owner":
        keeping.change(officer, risk, {"owner": approver}, None)
    elif hand == "carries out":
        keeping.add_measure(officer, risk, {"text": "Theirs to do", "owner": approver})
    elif hand == "stands in":
        today = timezone.now().date()
        give(officer, world.organisation, approver, today, today)
    else:
        Risk.unscoped.filter(pk=risk.pk).update(created_by=world.people["administrator"], writers=[])
        # the approver was an officer when they wrote at it
        world.organisation.memberships.filter(user=approver).update(role="officer")
        risk.refresh_from_db()
        if hand == "writer":
            keeping.change(approver, risk, {"cause": "Mine"}, None)
        else:
            keeping.add_measure(approver, risk, {"text": "Mine"})
        world.organisation.memberships.filter(user=approver).update(role="approver")
    risk.refresh_from_db()
    with pytest.raises(Forbidden, match="Somebody else accepts"):
        keeping.accept(approver, risk, "Rare.")


def test_who_left_breaks_nothing_and_what_they_owned_goes_to_nobody(officer, world):
    """An account that never acted can be deleted; one that acted is forgotten, and its row stays."""
    owner, accepter = person(Role.ENGINEER, world.organisation, "o@x.org"), world.people["approver"]
    risk = begun(world, owner=owner, **JUDGED)
    measure = keeping.add_measure(world.people["officer"], risk, {"text": "Reweigh", "owner": owner, "due_on": today()})
    keeping.accept(accepter, risk, "Rare.")
    Membership.unscoped.filter(user=owner).delete()
    owner.delete()
    forget(accepter, world.people["administrator"], "They left.")
    page = officer.get(f"/risks/{risk.pk}/").content.decode()
    assert f"by <bdi>A person who left ({accepter.pk})</bdi>" in page
    assert "nobody yet" in page
    for address in (f"/systems/{world.system.pk}/risks/", f"/measures/{measure.pk}/change/", "/calendar/"):
        assert officer.get(address).status_code == 200
    assert "Reweigh (nobody yet, until" in officer.get(f"/systems/{world.system.pk}/risks/export.csv").content.decode()
    keeping.change(world.people["officer"], risk, {"owner": world.people["officer"]}, None)


def test_a_risk_whose_owner_left_stands_on_the_list_of_those_without_an_owner_who_is_here(officer, world):
    owner = person(Role.ENGINEER, world.organisation, "o@x.org")
    theirs, nobodys = begun(world, owner=owner), begun(world, owner=None)
    address = f"/systems/{world.system.pk}/risks/?state=nobodys"

    def listed(risk: Risk) -> bool:
        return f'href="/risks/{risk.pk}/"' in officer.get(address).content.decode()

    assert (listed(theirs), listed(nobodys)) == (False, True)
    Membership.unscoped.filter(user=owner).delete()
    assert listed(theirs)
    keeping.close(world.people["officer"], nobodys, "Gone.")
    assert not listed(nobodys)


def test_what_is_judged_lower_without_any_measure_is_said(officer, world):
    risk = begun(world, **JUDGED)
    assert "but none stands here" in officer.get(f"/risks/{risk.pk}/").content.decode()
    keeping.add_measure(world.people["officer"], risk, {"text": "Reweigh"})
    assert "but none stands here" not in officer.get(f"/risks/{risk.pk}/").content.decode()


def test_who_accepts_is_told_what_is_not_done_yet(client, world):
    risk = begun(world, **JUDGED)
    keeping.add_measure(world.people["officer"], risk, {"text": "Reweigh"})
    client.force_login(world.people["approver"])
    assert "One of its measures is not done yet." in client.get(f"/risks/{risk.pk}/").content.decode()


def test_a_change_withdraws_the_acceptance_and_a_measure_that_is_done_does_not(officer, world):
    risk = begun(world, **JUDGED)
    measure = keeping.add_measure(world.people["officer"], risk, {"text": "Train again"})
    keeping.accept(world.people["approver"], risk, "Rare.")
    assert officer.post(f"/measures/{measure.pk}/done/").status_code == 302
    risk.refresh_from_db()
    measure.refresh_from_db()
    assert (risk.state, measure.done_on) == ("accepted", timezone.now().date())
    keeping.change_measure(world.people["officer"], measure, {"text": "Train again in June"})
    risk.refresh_from_db()
    assert (risk.state, risk.accepted_by, risk.acceptance) == ("open", None, "")
    assert Entry.unscoped.order_by("-sequence").first().facts["acceptance withdrawn"] == "Rare."


def test_a_measure_cannot_be_done_in_the_future(officer, world):
    tomorrow = timezone.now().date() + timedelta(days=1)
    sent = {"text": "Train", "done_on": f"{tomorrow}", "edition": world.risk.edition}
    assert officer.post(f"/risks/{world.risk.pk}/measures/new/", sent).status_code == 422


def test_a_closed_risk_is_changed_only_once_it_is_open_again(officer, world):
    address = f"/risks/{world.risk.pk}/"
    assert officer.post(f"{address}close/", {"closing": " "}).status_code == 422
    assert officer.post(f"{address}close/", {"closing": "Taken out of use."}).status_code == 302
    assert "Taken out of use." in officer.get(address).content.decode()
    world.risk.refresh_from_db()
    assert officer.post(f"{address}change/", said(edition=world.risk.edition)).status_code == 422
    assert officer.post(f"{address}reopen/").status_code == 302
    world.risk.refresh_from_db()
    assert world.risk.state == "open"


def test_a_finding_proposes_one_risk_until_it_is_taken_or_dismissed_and_never_again(officer, world):
    audited(world)
    first, second, *others = findings.proposed(world.system)
    assert (first.rule, first.outcome, first.found.guess.rights) == (
        "four-fifths", "inconclusive", ("charter-20", "charter-21"),
    )  # fmt: skip
    assert "female and male" in first.found.affected
    address = f"/systems/{world.system.pk}/risks/"
    assert first.found.hazard in officer.get(address).content.decode()
    assert officer.post(f"{address}proposals/", {"finding": first.finding}).status_code == 302
    taken = Risk.unscoped.get(finding=first.finding)
    assert (taken.state, taken.audit, taken.rule) == ("open", first.audit, "four-fifths")
    assert officer.post(f"{address}proposals/", {"finding": second.finding, "dismiss": 1, "reason": " "}, follow=True)
    assert not Risk.unscoped.filter(finding=second.finding).exists()
    officer.post(f"{address}proposals/", {"finding": second.finding, "dismiss": 1, "reason": "Covered by 1."})
    assert Risk.unscoped.get(finding=second.finding).state == "dismissed"
    left = findings.proposed(world.system)
    assert [each.rule for each in left] == [each.rule for each in others]
    with pytest.raises(InputError, match="no longer"):
        findings.decide(world.people["officer"], world.system, first.finding)


def test_a_later_audit_that_passes_is_said_and_proposes_nothing(officer, world):
    audit = audited(world)
    proposal = findings.proposed(world.system)[0]
    risk = findings.decide(world.people["officer"], world.system, proposal.finding)
    later = {"rules": dict.fromkeys(audit.rules, "pass"), "created_at": timezone.now() + timedelta(hours=1)}
    earlier = world.earlier if proposal.audit.pk == world.done.pk else world.done
    Audit.unscoped.filter(pk=earlier.pk).update(**later)
    assert findings.proposed(world.system) == []
    assert "passes the rule by which this risk was found" in officer.get(f"/risks/{risk.pk}/").content.decode()
    assert "passes its rule" in officer.get(f"/systems/{world.system.pk}/risks/").content.decode()


def test_the_heat_map_counts_the_rows_that_its_cells_lead_to(officer, world):
    places = [(4, 4, 2, 3), (4, 4, 2, 2), (5, 5, 5, 5), (1, 1, None, None), (None,) * 4]
    for place in places:
        begun(world, **dict(zip(("likelihood", "severity", "likelihood_after", "severity_after"), place, strict=True)))
    keeping.close(world.people["officer"], begun(world, **JUDGED), "Gone.")
    standing = Risk.unscoped.filter(system=world.system, state__in=STANDS)
    for when, unjudged in ((BEFORE, 1), (AFTER, 2)):
        drawn = heat(Risk.unscoped.filter(system=world.system), when)
        cells = [cell for _, row in drawn.rows for cell in row]
        assert (len(cells), drawn.unjudged) == (25, unjudged)
        assert sum(cell.count for cell in cells) + unjudged == standing.count()
        for cell in (each for each in cells if each.count):
            page = officer.get(f"/systems/{world.system.pk}/risks/?at={cell.at}").content.decode()
            assert page.count('<th scope="row"><a href="/risks/') == cell.count
    assert officer.get(f"/systems/{world.system.pk}/risks/?at=before-9-9").status_code == 422


def test_the_csv_has_every_risk_and_no_formula(officer, world):
    begun(world, **JUDGED, cause="=1+1")
    text = officer.get(f"/systems/{world.system.pk}/risks/export.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["number"] for row in rows] == ["1", "2"]
    assert (rows[1]["cause"], rows[1]["level before"], rows[1]["level after"]) == ("'=1+1", "High", "Medium")
    assert rows[0]["measures"] == "1"


def test_an_unknown_field_is_refused(world):
    with pytest.raises(InputError, match="no colour"):
        begun(world, colour="red")

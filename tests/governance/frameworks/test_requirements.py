"""Frameworks as types: each file keeps one contract, and the law answers as of a day."""

import datetime as dt
import subprocess
import sys
from itertools import chain

import pytest

from governance.frameworks.lists import certainties, evidence_types, milestones, penalties
from governance.frameworks.load import as_of, held_since, load
from governance.frameworks.requirements import (
    crosswalk,
    framework,
    frameworks,
    on_a_day,
    requirement,
    requirements,
)
from models.errors import InputError

TODAY = dt.date(2026, 11, 21)
EVIDENCE = {each.id for each in evidence_types()}
CERTAINTIES = {each.id for each in certainties()}


@pytest.mark.parametrize("name", frameworks())
def test_a_framework_keeps_the_contract(name):
    held = framework(name)
    assert held.title
    assert held.version
    assert held.source.name
    assert held.certainty in CERTAINTIES
    assert list(held.chapters) == list(dict.fromkeys(each.chapter for each in held.requirements))
    assert all(held.chapters.values())
    for each in held.requirements:
        assert each.framework == name
        assert each.ref
        assert set(each.evidence) <= EVIDENCE, each.id
        assert {each.certainty, each.date_certainty} <= CERTAINTIES, each.id
        assert {each.note_certainty} <= CERTAINTIES | {""}, each.id
        assert each.note or not each.note_certainty, each.id
        assert requirement(each.id) is each


@pytest.mark.parametrize(
    ("name", "chapter", "title", "size"),
    [
        ("eu-ai-act", "Chapter III, Section 2", "High-risk: requirements for the system", 77),
        ("nist-ai-rmf", "MEASURE", "Risks assessed and tracked", 22),
        ("iso-42001", "A.7", "Data behind the systems", 5),
        ("gdpr", "GDPR", "GDPR", 36),
    ],
)
def test_coverage_can_be_drawn_by_chapter(name, chapter, title, size):
    held = framework(name)
    assert held.chapters[chapter] == title
    assert sum(each.chapter == chapter for each in held.requirements) == size


def test_ids_are_unique_across_frameworks():
    ids = [each.id for name in frameworks() for each in requirements(name)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("section", framework("eu-ai-act").sections, ids=lambda each: each.id)
def test_a_duty_of_the_act_has_all_that_a_page_shows(section):
    file = load("eu-ai-act")
    tiers = {each.id for each in penalties()}
    chapters = {each["id"] for each in file["chapters"]}
    for each in section.requirements:
        assert each.chapter in chapters
        assert each.penalty_tier in tiers
        assert set(each.applies_to) <= set(file["roles"])
        assert set(each.risk_levels) <= set(file["risk_levels"])
        assert set(each.dates) == set(each.formal) == set(each.risk_levels) != set()
        assert len(each.title) <= 100, each.id
        assert each.help.endswith("."), each.id


def test_what_counts_from_another_day_than_the_law_says_is_our_reading():
    """Registration counts from the day of the high-risk rules; complaints from the day that the law itself gives."""
    register, complain = requirement("art-49-1"), requirement("art-85")
    assert register.formal["high-risk-annex-iii"] == dt.date(2026, 8, 2)
    assert register.dates["high-risk-annex-iii"] == dt.date(2027, 12, 2)
    assert register.date_certainty == "our-reading"
    assert complain.dates == complain.formal == {"all": dt.date(2026, 8, 2)}
    assert complain.date_certainty == "in-force"


def test_no_duty_for_annex_iii_systems_is_in_force_in_november_2026():
    annex_iii = [each for each in requirements() if "high-risk-annex-iii" in each.risk_levels]
    counting = [each.id for each in annex_iii if each.dates["high-risk-annex-iii"] <= TODAY]
    assert counting == ["art-4a-1"]  # a permission
    assert len(annex_iii) == 196


def test_fines_of_single_duties_differ_from_those_of_their_section():
    tiers = {id: requirement(id).penalty_tier for id in ("art-49-1", "art-49-2", "art-49-5", "art-21-1", "art-21-2")}
    assert tiers == {
        "art-49-1": "tier-2",
        "art-49-2": "member-state",
        "art-49-5": "member-state",
        "art-21-1": "tier-2",
        "art-21-2": "member-state",
    }


def test_the_deleted_paragraph_on_special_categories_is_gone():
    assert "art-10-5" not in {each.id for each in requirements()}


def test_a_crosswalk_says_the_same_from_both_sides_and_whose_it_is():
    found = crosswalk("art-9-1")
    assert "our own mapping" in found.status.lower()
    assert {each.framework for each in found.matches} == {"nist-ai-rmf", "iso-42001"}
    for match in found.matches:
        assert found.requirement in crosswalk(match.id).matches
    assert crosswalk("gdpr-5-2").matches == ()


def test_every_crosswalk_leads_somewhere():
    """Building the whole of it fails on a name that no file has."""
    linked = set(chain.from_iterable(crosswalk(each.id).matches for each in requirements()))
    assert {each.framework for each in linked} == {"nist-ai-rmf", "iso-42001"}
    assert len(linked) > 100


@pytest.mark.parametrize(
    ("ask", "names"),
    [
        (lambda: framework("soc-2"), ["soc-2", "eu-ai-act", "nyc-ll144"]),
        (lambda: framework("eu-charter"), ["eu-charter", "eu-ai-act"]),
        (lambda: framework("eu-ai-act", "2024"), ["2024", "consolidated 2026-07-27"]),
        (lambda: load("../eu-ai-act"), ["../eu-ai-act", "decision-tree"]),
        (lambda: requirement("art-10-5"), ["art-10-5"]),
        (lambda: crosswalk("art-10-5"), ["art-10-5"]),
    ],
)
def test_what_is_not_held_is_refused_by_name(ask, names):
    with pytest.raises(InputError) as refusal:
        ask()
    assert all(name in str(refusal.value) for name in names)


def test_the_version_held_can_be_asked_for():
    assert framework("eu-ai-act", "consolidated 2026-07-27") is framework("eu-ai-act")


@pytest.mark.parametrize("day", ["2026-07-27", "2026-11-21", dt.date(2031, 1, 1)])
def test_a_day_from_the_consolidated_text_on_is_taken(day):
    assert str(as_of(day)) == str(day)


@pytest.mark.parametrize("day", ["2026-07-26", dt.date(2024, 8, 1), "soon", "2026-02-30", ""])
def test_another_day_is_refused_with_the_first_that_can_be_asked(day):
    with pytest.raises(InputError, match=str(held_since())):
        as_of(day)


def test_the_first_day_is_a_milestone_of_the_data():
    assert held_since() in {each.date for each in milestones()}


def test_nothing_is_read_before_it_is_asked_for():
    code = (
        "import sys, governance.frameworks.lists, governance.frameworks.requirements\n"
        "from governance.frameworks.load import load, names\n"
        "assert not load.cache_info().currsize and not names.cache_info().currsize\n"
        "assert 'django' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_duty_begins_on_its_own_day_and_not_before():
    """The day before, on and after each day that the Act's requirements have."""
    days = sorted({day for each in requirements() for day in each.dates.values()} | {held_since()})
    for day in (each for each in days if each > held_since()):
        for level in framework("eu-ai-act").levels:
            beginning = {each.id for each in requirements() if each.dates.get(level) == day}
            before = on_a_day("eu-ai-act", day - dt.timedelta(days=1), levels=[level])
            on, after = (on_a_day("eu-ai-act", day + dt.timedelta(days=n), levels=[level]) for n in (0, 1))
            assert not beginning & {each.id for each in before.in_force}
            assert beginning <= {each.id for each, since in before.coming if since == day}
            assert beginning <= {each.id for each in on.in_force}
            assert {each.id for each in on.in_force} <= {each.id for each in after.in_force}


def test_in_force_and_coming_are_all_there_is_in_two_lists():
    for name in frameworks():
        found = on_a_day(name, TODAY)
        coming = [each for each, _ in found.coming]
        assert {each.id for each in (*found.in_force, *coming)} == {each.id for each in requirements(name)}
        assert not set(found.in_force) & set(coming)
        assert [day for _, day in found.coming] == sorted(day for _, day in found.coming)
        assert all(day > TODAY for _, day in found.coming)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: on_a_day("eu-ai-act", "2026-07-26"), "2026-07-27"),
        (lambda: on_a_day("eu-ai-act", TODAY, ["nobody"]), "nobody"),
        (lambda: on_a_day("eu-ai-act", TODAY, (), ["low"]), "high-risk-annex-iii"),
        (lambda: on_a_day("gdpr", TODAY, (), ["low"]), "there are: none"),
        (lambda: on_a_day("eu-ai-act", TODAY, version="2024"), "2024"),
    ],
)
def test_what_a_day_role_route_or_version_is_not_is_refused(ask, says):
    with pytest.raises(InputError, match=says):
        ask()

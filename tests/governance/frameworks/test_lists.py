"""The lists around the frameworks, against what the consolidated text says."""

import datetime as dt
import re

import pytest

from governance.frameworks import lists
from governance.frameworks.load import FOLDER, load, read
from governance.frameworks.requirements import framework, requirement
from models.errors import InputError


@pytest.mark.parametrize(
    ("day", "reached", "next_day"),
    [
        ("2026-07-27", 5, dt.date(2026, 8, 2)),
        ("2026-11-21", 6, dt.date(2026, 12, 2)),
        ("2026-12-02", 7, dt.date(2027, 8, 1)),
        ("2027-12-01", 10, dt.date(2027, 12, 2)),
        ("2027-12-02", 11, dt.date(2028, 1, 28)),
    ],
)
def test_a_timeline_is_two_lists(day, reached, next_day):
    found = lists.timeline(day)
    assert len(found.in_force) == reached
    assert found.coming[0].date == next_day
    assert found.in_force + found.coming == lists.milestones()
    assert lists.timeline("2031-01-01").coming == ()


def test_no_timeline_before_the_text_that_is_held():
    with pytest.raises(InputError, match="2026-07-27"):
        lists.timeline("2026-07-26")


def test_incident_clocks():
    clocks = {each.id: (each.on, each.days) for each in lists.incident_clocks()}
    assert clocks == {
        "general": ("provider", 15),
        "widespread-or-critical-infrastructure": ("provider", 2),
        "death": ("provider", 10),
        "authority-measures": ("market-surveillance-authority", 7),
        "gpai-systemic": ("gpai-provider", None),
        "deployer": ("deployer", None),
    }
    for each in lists.incident_clocks():
        assert not each.requirement or requirement(each.requirement).ref.startswith(each.ref)


@pytest.mark.parametrize(
    ("tier", "eur", "pct", "ref"),
    [
        ("tier-1", 35_000_000, 7, "Article 99(3)"),
        ("tier-2", 15_000_000, 3, "Article 99(4)"),
        ("tier-3", 7_500_000, 1, "Article 99(5)"),
        ("gpai-101", 15_000_000, 3, "Article 101"),
        ("eu-bodies", 1_500_000, None, "Article 100"),
        ("member-state", None, None, "Article 99(1)"),
    ],
)
def test_a_fine_says_in_words_what_it_says_in_figures(tier, eur, pct, ref):
    found = lists.penalty(tier)
    assert (found.eur, found.pct, found.ref) == (eur, pct, ref)
    millions = {float(figure) for figure in re.findall(r"EUR ([\d.]+) million", found.title)}
    percents = {int(figure) for figure in re.findall(r"(\d+)%", found.title)}
    assert millions == ({eur / 1_000_000} if eur else set())
    assert percents == ({pct} if pct else set())


def test_retention():
    kept = {each.id: (each.period, each.minimum) for each in lists.retention()}
    assert kept["technical-documentation-and-qms"] == ("P10Y", False)
    assert kept["provider-logs"] == kept["deployer-logs"] == ("P6M", True)
    assert len(kept) == 7


def test_older_systems_have_their_own_dates():
    older = {each.id: each for each in lists.transitions()}
    marking = older["marking-older-systems"]
    assert (marking.placed_before, marking.applies_from) == ("2026-08-02", dt.date(2026, 12, 2))
    assert marking.requirements == ("art-50-2",)
    assert older["gpai-older-models"].applies_from == dt.date(2027, 8, 2)
    assert older["high-risk-older-systems-public"].applies_from == dt.date(2030, 8, 2)
    assert older["high-risk-older-systems"].applies_from is None
    assert older["high-risk-older-systems"].only_after == "significant-design-change"


def test_annexes_definitions_rights_and_evidence():
    assert sum(len(lists.annex(each)) for each in lists.annexes()) == 110
    assert [each.ref for each in lists.annex("annex-vi")] == [
        "Annex VI point 2",
        "Annex VI point 3",
        "Annex VI point 4",
    ]
    assert {each.title for each in lists.definitions()} >= {"AI system", "Serious incident"}
    assert all(each.help for each in lists.definitions())
    assert [each.ref for each in lists.rights()] == [f"Article {number}" for number in range(1, 51)]
    assert sum(each.core_for_fria for each in lists.rights()) == 25
    assert lists.evidence_type("fairness-audit").kind == "tech"


@pytest.mark.parametrize("ask", [lists.annex, lists.penalty, lists.evidence_type, lists.certainty])
def test_what_a_list_does_not_have_is_refused_by_name(ask):
    with pytest.raises(InputError, match="'nothing'"):
        ask("nothing")


def test_a_statement_says_how_sure_it_is():
    said = {each.id: lists.certainty(each).title for each in (*lists.guidance(), *lists.standards())}
    assert said["art-6-guidelines"] == said["art-73-guidance"] == "Draft guidance"
    assert said["fria-template"] == "Not out yet"
    assert said["gpai-obligations"] == "Final guidance"
    assert lists.certainty(requirement("art-4-1")).title == "In force"
    assert lists.certainty(requirement("art-6-4-doc").note_certainty).title == "Draft guidance"
    assert {lists.certainty(each).title for each in lists.rights()} == {"In force"}
    everything = (
        *lists.milestones(), *lists.transitions(), *lists.incident_clocks(), *lists.retention(), *lists.penalties(),
        *lists.definitions(), *lists.evidence_types(), *(point for id in lists.annexes() for point in lists.annex(id)),
    )  # fmt: skip
    assert all(lists.certainty(each).title for each in everything)
    assert lists.certainty(framework("nist-ai-rmf")).title == "In force"


@pytest.mark.parametrize(
    "text", ["no", "yes", "on", "2026-08-02", "6.1.1", "1:30", "0x1f", "1_000", "1e3", "=", "12.", ".5"]
)
def test_text_in_a_file_stays_text(text):
    assert read(f"id: {text}".encode())["id"] == text


def test_a_file_reads_figures_and_nothing_and_refuses_a_key_twice():
    assert read(b"a: 10\nb: 0.02\nc: true\nd: null\ne:") == {"a": 10, "b": 0.02, "c": True, "d": None, "e": None}
    with pytest.raises(Exception, match="keys twice"):
        read(b"a: 1\nb: 2\na: 3")


def test_what_is_read_cannot_be_changed():
    with pytest.raises(TypeError):
        load("decision-tree")["nodes"] = ()
    assert isinstance(load("decision-tree")["nodes"], tuple)


def test_no_date_stands_in_the_code():
    """Dates, fines and clocks of the law are data: the science of the law names none."""
    for folder in (FOLDER, FOLDER.parent / "law"):
        for path in folder.glob("*.py"):
            assert not re.search(r"\b20\d\d-\d\d-\d\d\b|date\(\s*20\d\d|\b\d+_000_000\b", path.read_text()), path.name

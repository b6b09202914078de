"""The lists in one shape: nothing that people could read is left out, and each statement has its reference."""

import datetime as dt

import pytest

from governance.frameworks.catalogue import catalogue, catalogues
from governance.frameworks.lists import certainties
from governance.frameworks.load import entries, load, names
from governance.frameworks.requirements import frameworks
from models.errors import InputError

# kinds of evidence are the project's own words
NO_REFERENCE = {"evidence-types"}


@pytest.mark.parametrize("name", catalogues())
def test_every_entry_with_words_of_its_own_is_held_with_reference_and_certainty(name):
    held = [each for part in catalogue(name).parts for each in part.entries]
    ids = {each["id"] for each in entries(load(name)) if "title" in each or "ask" in each}
    assert ids - {name} - {each["id"] for each in load(name).get("annexes", ())} <= {each.id for each in held}
    for each in held:
        assert each.title
        assert each.certainty in {level.id for level in certainties()}
        assert each.ref or name in NO_REFERENCE or each.id == "other", each.id


def test_each_file_is_a_framework_a_list_or_the_projects_own():
    own = {name for name in names() if load(name)["kind"] == "own"}
    assert own == {"certainty", "risk-scale", "eu-ai-act-statements"}
    assert {*frameworks(), *catalogues(), *own} == set(names())


def test_new_prohibitions_are_coming_until_their_day():
    part = next(each for each in catalogue("eu-ai-act-classification").parts if each.id == "prohibited_practices")
    new = {"art-5-1-ba", "art-5-1-bb"}
    assert {each.id for each in part.coming("2026-12-01")} == new
    assert {each.id for each in part.in_force("2026-12-01")} & new == set()
    assert part.coming("2026-12-02") == ()
    with pytest.raises(InputError, match="2026-07-27"):
        part.in_force(dt.date(2026, 7, 26))


def test_what_a_section_says_of_its_certainty_holds_for_its_entries():
    parts = {each.id: each for each in catalogue("eu-ai-act-incidents").parts}
    assert {each.certainty for each in parts["report.fields"].entries} == {"draft-guidance"}
    assert parts["report.fields"].note


def test_a_list_that_is_not_held_is_refused_by_name():
    for name in ("certainty", "eu-ai-act", "nothing"):
        with pytest.raises(InputError, match="eu-ai-act-timeline"):
            catalogue(name)

"""The law as pages: everything that is held can be read, as of a day, with its reference and how sure it is."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest

from governance.frameworks.catalogue import catalogue, catalogues
from governance.frameworks.lists import certainty, milestones
from governance.frameworks.load import held_since, load
from governance.frameworks.requirements import crosswalk, framework, frameworks, requirements
from governance.systems.models import Standing
from tests.models.people import person

MAPPING = load("certainty")["crosswalk"]


@pytest.fixture
def reader(client, db):
    client.force_login(person())
    return client


def text(answer) -> str:
    assert answer.status_code == 200
    return html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode()))


@pytest.mark.parametrize("name", frameworks())
def test_every_requirement_of_a_framework_is_on_its_page(reader, name):
    page = reader.get(f"/law/frameworks/{name}/", {"as_of": "2026-11-21"})
    said, held = text(page), framework(name)
    for each in held.requirements:
        assert each.ref in said, each.id
        assert f'href="/law/requirements/{each.id}/?as_of=2026-11-21"' in page.content.decode()
    assert held.version in said
    assert certainty(held).title in said
    assert all(each in said for each in held.caveats if each[0].isupper())


@pytest.mark.parametrize("name", catalogues())
def test_every_entry_of_a_list_is_on_its_page(reader, name):
    said = text(reader.get(f"/law/lists/{name}/", {"as_of": "2026-11-21"}))
    for part in catalogue(name).parts:
        assert part.title in said
        for each in part.entries:
            assert each.title in said, each.id
            assert each.ref in said, each.id
            assert not each.beside or MAPPING in said


@pytest.mark.parametrize("address", [*(f"lists/{name}" for name in catalogues()), "frameworks/eu-ai-act"])
def test_no_two_things_of_a_page_have_one_id(reader, address):
    ids = re.findall(r' id="([^"]+)"', reader.get(f"/law/{address}/").content.decode())
    assert len(ids) == len(set(ids)), sorted({id for id in ids if ids.count(id) > 1})


@pytest.mark.parametrize(
    "id", ["art-9-1", "art-50-2", "art-49-1", "art-73-4", "art-85", "gdpr-22-1", "ll144-1", "a-6-2-4"]
)
def test_a_requirement_says_reference_fine_and_how_sure_it_is(reader, id):
    said = text(reader.get(f"/law/requirements/{id}/"))
    asks = next(each for name in frameworks() for each in requirements(name) if each.id == id)
    assert asks.ref in said
    assert asks.help in said
    assert certainty(asks).title.lower() in said
    assert not crosswalk(id).matches or MAPPING in said
    assert not asks.note or asks.note in said
    assert not asks.dates or certainty(asks.date_certainty).title.lower() in said


def test_duties_of_annex_iii_are_coming_in_november_2026(reader):
    said = text(reader.get("/law/frameworks/eu-ai-act/", {"as_of": "2026-11-21", "level": "high-risk-annex-iii"}))
    in_force, coming = said.split("Coming: ")
    assert "Article 9(1)" not in in_force
    assert "Article 9(1)" in coming
    assert "From 2 December 2027" in coming


@pytest.mark.parametrize("day", [each.date for each in milestones() if each.date > held_since()])
def test_a_milestone_is_coming_the_day_before_and_reached_on_its_day(reader, day):
    title = next(each.title for each in milestones() if each.date == day)
    for asked, reached in ((day - timedelta(days=1), False), (day, True), (day + timedelta(days=1), True)):
        said = text(reader.get("/law/", {"as_of": asked.isoformat()}))
        before, after = said.split("Coming: ", 1)
        assert (title in before, title in after) == (reached, not reached)


@pytest.mark.parametrize(
    "address", ["/law/", "/law/frameworks/eu-ai-act/", "/law/requirements/art-9-1/", "/law/lists/eu-ai-act-timeline/"]
)
@pytest.mark.parametrize("day", ["2026-07-26", "2024-08-01", "0001-01-01"])
def test_a_day_before_the_text_that_is_held_is_refused_on_every_page(reader, address, day):
    said = text(reader.get(address, {"as_of": day}))
    assert "Error: The text of the law that is held is the one consolidated on 2026-07-27" in said
    assert "In force on that day" not in said
    assert "Reached:" not in said


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "<script>alert(1)</script>", "2026-11-21 or later", "\u202e"])
def test_what_is_no_day_is_refused(reader, day):
    page = reader.get("/law/", {"as_of": day})
    assert "Write the day as 2026-11-21." in text(page)
    assert "<script>alert" not in page.content.decode()


def test_the_first_day_that_is_held_and_a_far_one_are_answered(reader):
    for day in (held_since(), date(9999, 12, 31)):
        assert "Reached: " in text(reader.get("/law/", {"as_of": day.isoformat()}))


@pytest.mark.parametrize("asked", [{"role": "nobody"}, {"level": "low"}])
def test_an_unknown_role_or_route_is_said_at_its_field(reader, asked):
    assert "Select a valid choice" in text(reader.get("/law/frameworks/eu-ai-act/", asked))


@pytest.mark.parametrize("address", ["frameworks/soc-2", "lists/certainty", "lists/eu-ai-act", "requirements/art-10-5"])
def test_what_is_not_held_is_not_there(reader, address):
    assert reader.get(f"/law/{address}/").status_code == 404


def by_another_text(world, client):
    """The system's class, recorded anew by a text of the law that this installation does not have."""
    old = world.system.standing
    Standing.unscoped.create(
        organisation=world.organisation, system=world.system, number=old.number + 1, author=old.author,
        answers=old.answers, as_of=old.as_of, law_version="consolidated 2030-01-01", outcome=old.outcome,
        result={**old.result, "law_version": "consolidated 2030-01-01"},
    )  # fmt: skip
    client.force_login(world.people["officer"])


@pytest.mark.parametrize("page", ["", "obligations/", "coverage/", "classifications/", "assessments/", "statements/"])
def test_a_class_recorded_by_a_text_that_is_not_held_breaks_no_page(client, world, page):
    by_another_text(world, client)
    assert client.get(f"/systems/{world.system.pk}/{page}").status_code == 200


def test_a_class_recorded_by_a_text_that_is_not_held_says_so(client, world):
    by_another_text(world, client)
    said = text(client.get(f"/systems/{world.system.pk}/"))
    assert "recorded by a text of the law that is not held here: consolidated 2030-01-01" in said
    assert "by the text that is held, consolidated 2026-07-27" in said


def test_the_duties_of_a_system_say_how_sure_they_are(client, world):
    client.force_login(world.people["officer"])
    page = client.get(f"/systems/{world.system.pk}/", {"as_of": "2026-11-21"})
    assert re.search(
        r'href="/law/requirements/art-[^"]+">[^<]+</a> <span class="sub">Article [^<]+; text in force',
        page.content.decode(),
    )
    assert "Coming: " in text(page)

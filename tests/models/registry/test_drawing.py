"""The drawing of a lineage: everything of it is there once, nothing overlaps, and what belongs together is joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.registry.drawing import HEIGHT, WIDTH, drawing
from models.registry.lineage import Kin, Lineage

names = st.text(min_size=1, max_size=60)
leaves = st.builds(lambda name: Kin("Made from", name, "/x/"), names)
origins = st.builds(
    lambda name, before: Kin("Trained on", name, "/x/", origins=tuple(before)), names, st.lists(leaves, max_size=2)
)
lineages = st.builds(
    lambda o, r: Lineage(tuple(o), tuple(r), 0), st.lists(origins, max_size=2), st.lists(leaves, max_size=12)
)


@given(lineages)
def test_every_thing_has_a_box_within_the_drawing_and_none_lies_on_another(lineage):
    found = drawing(lineage, "This one")
    before = [each for origin in lineage.origins for each in origin.origins]
    assert len(found.boxes) == len(before) + len(lineage.origins) + 1 + len(lineage.outcomes)
    assert sum(box.is_this for box in found.boxes) == 1
    for box in found.boxes:
        assert 0 <= box.x <= found.width - WIDTH
        assert 0 <= box.y <= found.height - HEIGHT
    corners = [(box.x, box.y) for box in found.boxes]
    for number, (x, y) in enumerate(corners):
        assert not any(x == left and abs(y - top) < HEIGHT for left, top in corners[number + 1 :])


@given(lineages)
def test_there_is_one_line_for_each_step(lineage):
    steps = len(lineage.origins) + len(lineage.outcomes) + sum(len(origin.origins) for origin in lineage.origins)
    found = drawing(lineage, "This one")
    assert len(found.lines) == steps
    ends = {line.split("C")[0].removeprefix("M") for line in found.lines}
    assert len(ends) <= len(found.boxes)


def test_what_was_made_from_another_is_joined_to_that_one():
    data, other = Kin("Made from", "raw", "/x/"), Kin("Made from", "old", "/x/")
    lineage = Lineage(
        (Kin("Trained on", "a", "/x/", origins=(data,)), Kin("Made from", "b", "/x/", origins=(other,))), (), 0
    )
    found = drawing(lineage, "c")
    raw, old, a, b, _ = found.boxes
    joined = [line for line in found.lines if line.startswith(f"M{raw.x + WIDTH} {raw.middle}C")]
    assert [line.endswith(f"{a.x} {a.middle}") for line in joined] == [True]
    assert any(
        line.startswith(f"M{old.x + WIDTH} {old.middle}C") and line.endswith(f"{b.x} {b.middle}")
        for line in found.lines
    )


def test_letters_that_turn_text_around_are_left_out_and_long_names_are_cut():
    found = drawing(Lineage((Kin("Made from", "\u202e" + "x" * 100, "/x/"),), (), 0), "y")
    assert found.boxes[0].name == "x" * 26 + "…"

"""The scale of risks and the lists of the statements, as the data has them."""

from __future__ import annotations

import pytest

from governance.frameworks.requirements import requirements
from governance.law.risks import checked_rights, degrees, guess, level, levels
from governance.law.statements import form, forms
from models.errors import InputError


def test_a_level_rises_with_likelihood_and_with_severity():
    order = [each.id for each in levels()]
    steps = [[order.index(level(likely.id, severe.id).id) for severe in degrees("severity")]
             for likely in degrees("likelihood")]  # fmt: skip
    assert all(row == sorted(row) for row in [*steps, *map(list, zip(*steps, strict=True))])
    assert (steps[0][0], steps[4][4]) == (0, len(order) - 1)
    assert level(None, 3) is None


@pytest.mark.parametrize("degree", [0, 6, True, 2.5])
def test_a_degree_outside_the_scale_is_refused(degree):
    with pytest.raises(InputError, match="from 1 to 5"):
        level(degree, 3)


def test_rights_are_those_of_the_charter_in_its_order():
    assert checked_rights(["charter-21", "charter-1"]) == ["charter-1", "charter-21"]
    with pytest.raises(InputError, match="charter-51"):
        checked_rights(["charter-51"])
    assert all(checked_rights(guess(check).rights) for check in ("fairness", "explanation"))


@pytest.mark.parametrize(
    ("kind", "prefix"), [("fria", "art-27-1-"), ("quality", "art-17-1-"), ("oversight", "art-14-4-")]
)
def test_a_form_has_every_point_of_its_list(kind, prefix):
    points = [each.id for each in form(kind).every_point()]
    assert [each.id for each in requirements() if each.id.startswith(prefix)] == [id for id in points if prefix in id]


def test_the_whole_is_supported_only_once_no_point_is_missing():
    for each in forms():
        content = {point.id: "Said." for point in each.points}
        assert set(each.whole) <= set(each.supports(content))
        del content[each.points[-1].id]
        assert not set(each.whole) & set(each.supports(content))
    with pytest.raises(InputError, match="there are: fria"):
        form("poem")

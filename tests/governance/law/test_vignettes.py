"""The twenty worked cases come out as they should: class, overlays, points, and what follows."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from governance.law.classify import classify
from governance.law.facts import facts_from
from tests.governance.law.conftest import VIGNETTES

# what the cases say in words -> the value of the consequence
FRIA = {
    "no": set(),
    "all-deployers": {"all-deployers"},
    "excluded (point 2)": {"none"},
    "public-bodies": {"public-bodies-and-private-public-service-providers"},
    "public or private-public-service deployers only": {"public-bodies-and-private-public-service-providers"},
}
REGISTRATION = {
    "none": set(),
    "national": {"national (49(5))"},
    "EU database (49(2))": {"EU database (49(2))"},
}
CONFORMITY = {
    "none": set(),
    "Annex VI": {"Annex VI internal control (43(2))"},
    "Annex VII unless standards applied": {
        "Annex VI or VII (43(1)); Annex VII mandatory without applied standards/common specifications"
    },
    "MDR procedure with 43(3)": {"43(3)"},
}


@pytest.mark.parametrize("vignette", VIGNETTES, ids=[each["id"] for each in VIGNETTES])
def test_a_worked_case_comes_out_as_expected(vignette: dict[str, Any]) -> None:
    expected = vignette["expected"]
    found = classify(facts_from(vignette["answers"]), dt.date(2026, 11, 21))
    assert found.primary == expected["classification"]
    assert list(found.overlays) == expected["overlays"]
    assert list(found.annex_iii_points) == expected["annex_iii_points"]
    values = {kind: {each.value for each in found.follows if each.kind == kind} for kind in ("fria", "conformity")}
    assert values == {"fria": FRIA[expected["fria"]], "conformity": CONFORMITY[expected["conformity"]]}
    registered = {each.value for each in found.follows if each.kind == "registration"}
    if expected["registration"] in REGISTRATION:
        assert registered == REGISTRATION[expected["registration"]]
    else:
        assert any(value.startswith("EU database") for value in registered)
        assert "49(3)" in registered


def test_the_cases_are_the_twenty_of_the_reference() -> None:
    assert len(VIGNETTES) == 20

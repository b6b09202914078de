"""Facts to start from: an AI system in the Union to which nothing applies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.law.classify import Classification, classify
from governance.law.facts import facts_from

DAY = dt.date(2026, 11, 21)
PLAIN = {
    "is_ai_system": True,
    "eu_nexus": True,
    "exclusion": "none",
    "prohibited": [],
    "annex_i": None,
    "annex_iii_points": [],
    "profiling": False,
    "derogation": None,
    "material_influence": None,
    "art50": [],
    "gpai": None,
}
MEDICAL = {"act": "MDR 2017/745", "section": "A", "safety_component_or_product": True, "third_party": True}
MACHINE = {"act": "Regulation (EU) 2023/1230", "section": "B", "safety_component_or_product": True, "third_party": True}
MODEL = {"is_gpai_model": True, "flops": 1e24, "open_source": False}
VIGNETTES = yaml.safe_load((Path(__file__).parent / "vignettes.yaml").read_text())["vignettes"]

Classify = Callable[..., Classification]


def classified(day: dt.date = DAY, /, **answers: Any) -> Classification:
    return classify(facts_from({**PLAIN, **answers}), day)


@pytest.fixture(name="classified")
def _classified() -> Classify:
    return classified

"""A file of facts may say for which text of the law it is; one that is not held is refused by name."""

import pytest

from governance.frameworks.load import load
from governance.law.facts_file import read_facts
from models.errors import InputError

FACTS = "answers: {is_ai_system: false}\n"


def test_the_text_that_is_held_may_be_named(tmp_path):
    (tmp_path / "facts.yaml").write_text(FACTS + f"law_version: {load('eu-ai-act')['version']}\n")
    assert read_facts(tmp_path / "facts.yaml").is_ai_system is False


@pytest.mark.parametrize("version", ["consolidated 2024-07-12", "2", "[1]", "''"])
def test_another_text_is_refused_with_the_one_that_is_held(tmp_path, version):
    (tmp_path / "facts.yaml").write_text(FACTS + f"law_version: {version}\n")
    with pytest.raises(InputError, match="held in one version, 'consolidated 2026-07-27'"):
        read_facts(tmp_path / "facts.yaml")

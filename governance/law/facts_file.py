"""A file of facts: YAML with `answers`, and optionally `object` and `roles`. It comes from anywhere, and is read so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from governance.frameworks.requirements import framework
from governance.law.answers import Answers, described
from governance.law.facts import Facts, facts_from
from models.errors import InputError
from models.registry.cards.read import PlainLoader

MOST_BYTES = 256 * 1024
# what a file may say about itself; the vignettes of the tests do
ABOUT = ("id", "name", "title", "description", "expected", "legal_basis", "source", "confidence", "notes")


class _Loader(PlainLoader):
    """No aliases, no tags but YAML's own, and no key twice: the later value would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            keys = [str(key.value) for key, _ in node.value]
            twice = sorted({key for key in keys if keys.count(key) > 1})
            raise yaml.YAMLError(f"a name is there twice: {', '.join(twice)[:80]}")
        return mapping


def read_facts(file: Path) -> Facts:
    """The facts of a file.

    InputError on what cannot be read, is not YAML, is for a text of the law that is not held, or has answers that
    cannot be.
    """
    given = Answers(_parsed(file), ("answers", "object", "roles", "law_version", *ABOUT), file.name)
    framework("eu-ai-act", given.answers.get("law_version"))  # refuses a text that is not held
    if "answers" not in given:
        raise InputError(f"{file.name} has no `answers`. docs/classification.md shows what they are.")
    answers = given.answers["answers"]
    if not isinstance(answers, Mapping):
        raise InputError(f"{file.name}: answers is to be a list of `name: value`, not {described(answers)}.")
    beside = {name: given.answers[name] for name in ("object", "roles") if given.answers.get(name) is not None}
    for name, value in beside.items():
        if answers.get(name, value) != value:
            raise InputError(f"{file.name} says {name} twice, beside the answers and in them, and not the same.")
    return facts_from({**answers, **beside})


def _parsed(file: Path) -> Any:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(f"{file.name} is longer than {MOST_BYTES:,} bytes; facts need a page.")
        return yaml.load(content.decode("utf-8-sig"), _Loader)
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is not text in UTF-8.") from None
    except InputError:
        raise
    except RecursionError:
        raise InputError(f"{file.name} cannot be read as YAML: it is nested too deeply.") from None
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:
        # PyYAML answers a tag that does not fit its value, such as !!int "", with whatever Python raises
        words = " ".join(str(error).split())[:300]
        raise InputError(f"{file.name} cannot be read as YAML: {words}.") from None

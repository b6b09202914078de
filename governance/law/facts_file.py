"""A file of facts: YAML or JSON with `answers`, and optionally `object` and `roles`.

It comes from anywhere, and is read so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from governance.frameworks.requirements import framework
from governance.law.answers import Answers, described
from governance.law.facts import Facts, facts_from
from models.errors import InputError

MOST_BYTES = 256 * 1024
MOST_VALUES = 10_000  # with aliases written out
# what a file may say about itself; the vignettes of the tests do
ABOUT = ("id", "name", "title", "description", "expected", "legal_basis", "source", "confidence", "notes")


class _Loader(yaml.SafeLoader):
    """No tags but YAML's own, and no name twice: the later value would silently win.

    Aliases stand for a page of values at most: nine lines of them can stand for a billion.
    """

    def construct_document(self, node: yaml.Node) -> Any:
        if _size(node, {}) > MOST_VALUES:
            raise yaml.YAMLError(f"with its aliases (*name) written out it has more than {MOST_VALUES:,} values")
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) != len(node.value):
            raise _twice([str(key.value) for key, _ in node.value])
        return mapping


def _size(node: yaml.Node, sizes: dict[int, float]) -> float:
    """How many values a node stands for with its aliases written out: no end of them where it holds itself."""
    if id(node) not in sizes:
        sizes[id(node)] = math.inf  # what meets it again below it is held by itself
        held = node.value if isinstance(node, yaml.CollectionNode) else ()
        nodes = [each for pair in held for each in pair] if isinstance(node, yaml.MappingNode) else held
        sizes[id(node)] = 1 + sum(_size(each, sizes) for each in nodes)
    return sizes[id(node)]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping of JSON."""
    if len(dict(pairs)) != len(pairs):
        raise _twice([name for name, _ in pairs])
    return dict(pairs)


def _twice(names: list[str]) -> yaml.YAMLError:
    twice = sorted({name for name in names if names.count(name) > 1})
    return yaml.YAMLError(f"a name is there twice: {', '.join(twice)[:80]}")


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
        return _read(content.decode("utf-8-sig"))
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


def _read(text: str) -> Any:
    """JSON is read as what it is: YAML knows neither its tabs nor its way to write what is beyond 16 bits."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError:
        return yaml.load(text, _Loader)

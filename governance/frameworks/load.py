"""Reads the law and the frameworks as data: the YAML files of this folder.

Nothing is read before it is asked for, and each file once. What comes out cannot be changed: mappings are read-only,
lists are tuples. What the files say, as types: requirements.py (frameworks) and lists.py (the lists around them).
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from models.errors import InputError

FOLDER = Path(__file__).parent


class _Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML in which a date, a ``no`` or ``6.1.1`` stays the text it is, and a key that comes twice is refused."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"keys twice: {sorted(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("int", r"0|[1-9][0-9]*", "0123456789"),
    ("float", r"[0-9]+\.[0-9]+", "0123456789"),
    ("null", r"null|~|", ["n", "~", ""]),
):
    _Reader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))


@cache
def names() -> tuple[str, ...]:
    """The names of all files held, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def load(name: str) -> Mapping[str, Any]:
    """A file's content, read-only. InputError on a name that is not held, which names those that are."""
    if name not in names():
        raise InputError(f"There is no framework or list named {name!r}; there are: {', '.join(names())}.")
    return read((FOLDER / f"{name}.yaml").read_bytes())


def read(content: bytes) -> Mapping[str, Any]:
    """A file's bytes as read-only data. yaml.YAMLError on what is not YAML, or has a key twice in one mapping."""
    return _frozen(yaml.load(content, _Reader))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(each) for key, each in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(each) for each in value)
    return value


def entries(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every mapping with an id, however deep, in the file's order."""
    if isinstance(tree, Mapping):
        if "id" in tree:
            yield tree
        tree = tuple(tree.values())
    if isinstance(tree, tuple):
        for value in tree:
            yield from entries(value)


def held_since() -> dt.date:
    """The day of the consolidated text that is held: before it, this data does not speak."""
    return dt.date.fromisoformat(load("eu-ai-act")["consolidated"])


def as_of(day: dt.date | str) -> dt.date:
    """The day an answer is for. InputError on a text that is no date, and on a day before the text that is held."""
    try:
        day = dt.date.fromisoformat(day) if isinstance(day, str) else day
    except ValueError:
        raise InputError(f"{day!r} is not a date; write it as YYYY-MM-DD, for example {held_since()}.") from None
    if day < held_since():
        raise InputError(
            f"The text of the law that is held is the one consolidated on {held_since()}; "
            f"it cannot say what applied on {day}. Take that day or a later one."
        )
    return day

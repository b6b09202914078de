"""Reading a Hugging Face model card: the YAML at the head of a README.md, and the text below it.

Format: https://huggingface.co/docs/hub/model-cards. What a card says is its author's statement, not our measurement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from models.errors import InputError

MOST_BYTES = 256 * 1024
MOST_WORDS = 10_000
# as huggingface_hub finds it
HEAD = re.compile(r"^(?:\s*---(?:\r\n|\r|\n))([\S\s]*?)(?:(?:\r\n|\r|\n)---[ \t]*(?:\r\n|\n|$))")
SECTION = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
PURPOSE = re.compile(r"(?i)^(intended (use|purpose)s?|uses?|direct use|intended uses? ?(&|and) ?limitations)$")
COMMENT = re.compile(r"<!--[\s\S]*?-->")


@dataclass(frozen=True, slots=True)
class StatedResult:
    """A figure that the card states: without interval or count, as its author gave it."""

    metric: str
    value: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says that we have a place for; empty where it says nothing."""

    name: str
    licence: str
    description: str
    purpose: str
    datasets: tuple[str, ...]
    base_models: tuple[str, ...]
    results: tuple[StatedResult, ...]

    def words(self) -> dict[str, str]:
        """The words of a model in the registry, as far as the card has them."""
        said = {"licence": self.licence, "description": self.description, "purpose": self.purpose}
        return {name: text for name, text in said.items() if text}


class PlainLoader(yaml.SafeLoader):
    """No aliases: nine lines of them can stand for a billion items."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("it uses aliases (*name), which are not read")
        return super().compose_node(parent, index)


def read_card(text: str) -> Card:
    """The card of a README.md. InputError where it is too long or its YAML cannot be read."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise InputError(f"The model card is longer than {MOST_BYTES:,} bytes.")
    found = HEAD.search(text)
    head = parsed(found.group(1)) if found else {}
    body = COMMENT.sub("", text[found.end() :] if found else text).strip()
    sections = dict(sections_of(body))
    purpose = next((words for title, words in sections.items() if PURPOSE.match(title)), "")
    index = head.get("model-index")
    first = index[0] if isinstance(index, list) and index and isinstance(index[0], Mapping) else {}
    return Card(
        name=line(head.get("model_name") or first.get("name")),
        licence=licence(head),
        description=next((words for words in sections.values() if words), "")[:MOST_WORDS],
        purpose=purpose[:MOST_WORDS],
        datasets=several(head.get("datasets")),
        base_models=several(head.get("base_model")),
        results=tuple(results(first)),
    )


def parsed(head: str) -> Mapping[str, Any]:
    try:
        data = yaml.load(head, PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"The YAML at the head of the model card cannot be read: {error}.") from error
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise InputError("The head of the model card is to be a list of `name: value`, between two lines of ---.")
    return data


def licence(head: Mapping[str, Any]) -> str:
    """`license: other` stands for what `license_name` says."""
    named = line(head.get("license"))
    return line(head.get("license_name")) or named if named == "other" else named


def sections_of(body: str) -> Iterator[tuple[str, str]]:
    """Headings with the plain words that follow each; what comes before the first one has no heading."""
    marks = list(SECTION.finditer(body))
    yield "", body[: marks[0].start() if marks else None].strip()
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    for mark, end in zip(marks, ends, strict=False):
        yield mark.group(1).strip(), body[mark.end() : end].strip()


def results(index: Mapping[str, Any]) -> Iterator[StatedResult]:
    for result in listed(index.get("results")):
        dataset = result.get("dataset")
        where = line(dataset.get("name") or dataset.get("type")) if isinstance(dataset, Mapping) else ""
        for metric in listed(result.get("metrics")):
            if metric.get("type") and metric.get("value") is not None:
                yield StatedResult(line(metric.get("name") or metric["type"]), line(metric["value"]), where)


def listed(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def several(value: Any) -> tuple[str, ...]:
    return tuple(line(each) for each in (value if isinstance(value, list) else [value]) if line(each))


def line(value: Any) -> str:
    """A scalar as one line of at most 200 characters; empty for anything else."""
    return " ".join(str(value).split())[:200] if isinstance(value, str | int | float) else ""

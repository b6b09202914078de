"""Options from the command line and from a `plumbline.toml`: what is typed wins over what stands in the file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audits.run.parameters import Parameters
from models.errors import InputError

SCHEMA = "plumbline.config/1"
TEXTS = ("label", "prediction", "score", "positive", "favourable", "weight", "frequency")
FLAGS = ("intersections", "drop_missing", "cross_check")
NUMBERS = ("threshold", "suppress", "seed")
FILES = ("model", "policy")
SUBJECT = ("name", "version", "purpose", "role", "owner", "licence", "description")


@dataclass(frozen=True)
class Options:
    """An audit's parameters and the files it takes beside its data."""

    parameters: Parameters
    model: Path | None = None
    policy: Path | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)


def read_options(given: Mapping[str, Any], config: Path | None) -> Options:
    """Merge what was typed (None or empty where it was not) with a configuration file.

    InputError where either is wrong.
    """
    merged = _read_config(config) if config else {}
    ways = [name for name in ("prediction", "score", "model") if given.get(name)]
    if ways:
        # one way of saying where predictions are replaces another in the file
        merged = {k: v for k, v in merged.items() if k not in ("prediction", "score", "model")}
    for name, value in given.items():
        if value not in (None, ()):
            merged[name] = value
    merged["reference"] = _references(merged.get("reference", {}), merged.get("sensitive", ()))
    model, policy = (Path(merged[name]) if merged.get(name) else None for name in FILES)
    known = {name: merged[name] for name in (*TEXTS, *FLAGS, *NUMBERS) if merged.get(name) is not None}
    parameters = Parameters(
        sensitive=tuple(merged.get("sensitive", ())),
        reference=merged["reference"],
        model=model is not None,
        options=merged.get("options", {}),
        **known,
    )
    return Options(parameters, model, policy, merged.get("subject", {}))


def _references(given: Mapping[str, str] | Sequence[str], sensitive: Sequence[str]) -> Mapping[str, str]:
    """Reference groups by column; typed ones are split at the = after the longest sensitive column they begin with."""
    if isinstance(given, Mapping):
        return given
    found: dict[str, str] = {}
    for pair in given:
        named = max((c for c in sensitive if pair.startswith(f"{c}=")), key=len, default=pair.partition("=")[0])
        column, value = pair[: len(named)], pair[len(named) + 1 :]
        if not column or not value:
            raise InputError(f"--reference {pair!r} must be COL=VALUE, for example --reference sex=male.")
        found[column] = value
    return found


def _read_config(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read: {error}.") from error
    if data.pop("schema", SCHEMA) != SCHEMA:
        raise InputError(f'{path.name} does not say schema = "{SCHEMA}".')
    kinds: dict[str, type | tuple[type, ...]] = dict.fromkeys(TEXTS + FILES, (str, int, float, bool))
    kinds |= dict.fromkeys(FLAGS, bool) | dict.fromkeys(NUMBERS, (int, float))
    kinds |= {"sensitive": list, "reference": dict, "options": dict, "subject": dict}
    for key, value in data.items():
        if key not in kinds:
            raise InputError(f"{path.name} has the unknown key {key!r}. Known are {', '.join(sorted(kinds))}.")
        if not isinstance(value, kinds[key]):
            raise InputError(f"{path.name}: {key} has a value of the wrong kind ({value!r}).")
    return {key: _plain(key, value, path.parent) for key, value in data.items()}


def _plain(key: str, value: Any, folder: Path) -> Any:
    """Texts as texts (1 and true may stand without quotes), files relative to the configuration."""
    if key in FILES:
        return folder / str(value)
    if key in TEXTS:
        return {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)
    if key == "reference":
        return {str(k): str(v) for k, v in value.items()}
    if key == "sensitive":
        return [str(v) for v in value]
    if key == "subject" and (unknown := sorted(set(value) - set(SUBJECT))):
        raise InputError(f"[subject] has the unknown key {unknown[0]!r}. Known are {', '.join(SUBJECT)}.")
    return value

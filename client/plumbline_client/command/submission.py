"""An audit as it is asked for on the command line: the options of `plumbline audit`, for a server."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from plumbline_client.audits import Audit
    from plumbline_client.client import Client

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
F = TypeVar("F", bound=Callable[..., Any])
SCHEMA = "plumbline.config/1"
TEXTS = ("label", "prediction", "score", "positive", "favourable", "weight", "frequency")
FLAGS = ("intersections", "drop_missing")
NUMBERS = ("threshold", "suppress", "seed")
WAYS = ("prediction", "score", "model")
WORDS = ("purpose", "role", "owner", "licence", "description")
# what a configuration may say besides; a server has its own way with it
ELSEWHERE = ("cross_check",)
FILES = ("model", "policy")
SUBJECT = ("name", "version", *WORDS)
KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys((*TEXTS, *FILES), (str, int, float, bool)),
    **dict.fromkeys((*FLAGS, *ELSEWHERE), bool),
    **dict.fromkeys(NUMBERS, (int, float)),
    "sensitive": list,
    "reference": dict,
    "options": dict,
    "subject": dict,
}

OPTIONS = (
    click.option("--model", metavar="FILE|ID", help="Model file to register, or the id of a registered version."),
    click.option("--name", metavar="NAME", help="Name to register the model and the data under (the files' names)."),
    click.option("--source", metavar="NAME", help="Instead of DATA: a source that the server knows."),
    click.option("--table", metavar="TABLE", help="Table of --source."),
    click.option("--path", "place", metavar="PATH", help="File or folder of --source."),
    click.option("--label", metavar="COL", help="Column with what happened. Without it only selection is audited."),
    click.option("--prediction", metavar="COL", help="Column with the predicted value."),
    click.option("--score", metavar="COL", help="Column with the score; positive from --threshold on."),
    click.option("--sensitive", multiple=True, metavar="COL", help="Column with groups of people; may be repeated."),
    click.option("--intersections", is_flag=True, default=None, help="Also every combination of sensitive columns."),
    click.option("--positive", metavar="VALUE", help="Label value that rates speak of (default 1)."),
    click.option(
        "--favourable",
        metavar="VALUE",
        help="Outcome that benefits the person; without it the positive one, even where that is a harm.",
    ),
    click.option("--reference", multiple=True, metavar="COL=VALUE", help="Group that disparate impact compares with."),
    click.option("--threshold", type=float, metavar="T", help="Score from which on the prediction is positive (0.5)."),
    click.option("--weight", metavar="COL", help="Column with sampling weights."),
    click.option("--frequency", metavar="COL", help="Column with the number of rows that a row stands for."),
    click.option("--drop-missing", is_flag=True, default=None, help="Leave out rows without label or prediction."),
    click.option("--suppress", type=int, metavar="N", help="Merge groups with cells under N rows (10)."),
    click.option("--seed", type=int, metavar="N", help="Seed of whatever is sampled (default 0)."),
    click.option("--policy", type=READABLE, metavar="FILE", help="Rules to judge by (TOML), not the default ones."),
    click.option("--config", type=READABLE, metavar="FILE", help="Options from a file; `plumbline init` writes one."),
    click.option("--resume", multiple=True, metavar="UPLOAD", help="Go on with an upload that broke off."),
)


def submission_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Submission:
    """What to send and what to ask. `data` and `model` are paths or ids."""

    parameters: Mapping[str, Any]
    data: str | None = None
    model: str | None = None
    reference: Mapping[str, str] | None = None
    name: str | None = None
    model_name: str | None = None
    policy: Path | None = None
    config: Path | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    resume: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path | None, ...]:
        """What is read here."""
        named = [Path(text) for text in (self.data, self.model) if text and Path(text).is_file()]
        return (*named, self.policy, self.config)


def read_submission(data: str | None, given: dict[str, Any]) -> Submission:
    """What was typed (taken out of `given`) over what stands in the configuration. InvalidInput where it is wrong."""
    from plumbline_client.errors import InvalidInput

    typed = {name: given.pop(name) for name in option_names()}
    config = typed.pop("config")
    merged = read_config(config) if config else {}
    if any(typed[name] for name in WAYS):
        # one way of saying where predictions are replaces another in the file
        merged = {key: value for key, value in merged.items() if key not in WAYS}
    merged |= {name: value for name, value in typed.items() if value not in (None, ())}
    reference = place_of(merged)
    if (data is None) == (reference is None):
        raise InvalidInput("Give DATA (a file or the id of a registered version), or --source with --table or --path.")
    sensitive = list(merged.get("sensitive", ()))
    if not sensitive:
        raise InvalidInput("Name at least one sensitive column: --sensitive COL.")
    parameters = {name: merged[name] for name in (*TEXTS, *FLAGS, *NUMBERS) if merged.get(name) is not None}
    parameters |= {"sensitive": sensitive, "reference": references(merged.get("reference", {}), sensitive)}
    if merged.get("options"):
        parameters["options"] = merged["options"]
    subject = merged.get("subject", {})
    return Submission(
        parameters=parameters,
        data=data,
        model=merged.get("model"),
        reference=reference,
        name=merged.get("name"),
        model_name=merged.get("name") or subject.get("name"),
        policy=Path(merged["policy"]) if merged.get("policy") else None,
        config=config,
        words={name: str(subject[name]) for name in WORDS if subject.get(name)},
        resume=tuple(merged.get("resume", ())),
    )


def option_names() -> list[str]:
    """The names of the parameters that the options above make."""

    def command() -> None: ...

    parameters: list[click.Parameter] = submission_options(command).__click_params__  # type: ignore[attr-defined]
    return [str(parameter.name) for parameter in parameters]


def place_of(merged: dict[str, Any]) -> dict[str, str] | None:
    """The reference to data that stay where they are, taken out; None where there is none."""
    from plumbline_client.errors import InvalidInput

    source, table, path = (merged.pop(name, None) for name in ("source", "table", "place"))
    if source is None:
        if table or path:
            raise InvalidInput("--table and --path belong to --source.")
        return None
    if (table is None) == (path is None):
        raise InvalidInput("--source takes either --table or --path.")
    return {"source": source, "table": table} if table else {"source": source, "path": path}


def references(given: Mapping[str, str] | Sequence[str], sensitive: Sequence[str]) -> dict[str, str]:
    """Reference groups by column; typed ones are split at the = after the longest sensitive column they begin with."""
    from plumbline_client.errors import InvalidInput

    if isinstance(given, Mapping):
        return dict(given)
    found: dict[str, str] = {}
    for pair in given:
        named = max((c for c in sensitive if pair.startswith(f"{c}=")), key=len, default=pair.partition("=")[0])
        column, value = pair[: len(named)], pair[len(named) + 1 :]
        if not column or not value:
            raise InvalidInput(f"--reference {pair!r} must be COL=VALUE, for example --reference sex=male.")
        found[column] = value
    return found


def read_config(path: Path) -> dict[str, Any]:
    """The options of a plumbline.toml, files relative to it. InvalidInput where it is none."""
    from plumbline_client.errors import InvalidInput

    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.") from error
    if data.pop("schema", SCHEMA) != SCHEMA:
        raise InvalidInput(f'{path.name} does not say schema = "{SCHEMA}".')
    for key, value in data.items():
        if key not in KINDS:
            raise InvalidInput(f"{path.name} has the unknown key {key!r}. Known are {', '.join(sorted(KINDS))}.")
        if not isinstance(value, KINDS[key]):
            raise InvalidInput(f"{path.name}: {key} has a value of the wrong kind ({value!r}).")
    if unknown := sorted(set(data.get("subject", {})) - set(SUBJECT)):
        raise InvalidInput(f"[subject] has the unknown key {unknown[0]!r}. Known are {', '.join(SUBJECT)}.")
    for key in ELSEWHERE:
        if data.pop(key, None):
            click.echo(f"Note: {key} is for `plumbline audit`; the server audits without it.", err=True)
    return {key: plain(key, value, path.parent) for key, value in data.items()}


def plain(key: str, value: Any, folder: Path) -> Any:
    """Texts as texts (1 and true may stand without quotes), files relative to the configuration."""
    if key in FILES:
        return str(folder / str(value))
    if key in TEXTS:
        return {True: "1", False: "0"}[value] if isinstance(value, bool) else str(value)
    if key == "reference":
        return {str(column): str(group) for column, group in value.items()}
    return [str(column) for column in value] if key == "sensitive" else value


def start(client: Client, asked: Submission) -> Audit:
    """Register what is not registered yet, and start the audit; with progress bars where somebody looks on."""
    from plumbline_client.client import registered_id

    dataset = registered_id(asked.data) or register_data(client, asked)
    model = None
    if asked.model is not None:
        model = registered_id(asked.model) or register_model(client, asked, asked.model)
    return client.audits.start(dataset=dataset, model=model, policy=asked.policy, parameters=asked.parameters)


def register_data(client: Client, asked: Submission) -> str:
    data = asked.data
    stem = Path(data).stem if data else (asked.reference or {}).get("table") or (asked.reference or {}).get("path")
    resume = resumed(client, asked, data)
    reference: dict[str, Any] = dict(asked.reference or {})
    version = client.datasets.register(asked.name or stem or "data", data, progress=True, resume=resume, **reference)
    click.echo(f"Data: {version} ({version.id})", err=True)
    return version.id


def register_model(client: Client, asked: Submission, model: str) -> str:
    resume = resumed(client, asked, model)
    words: dict[str, Any] = dict(asked.words)
    name = asked.model_name or Path(model).stem
    version = client.models.register(name, model, progress=True, resume=resume, **words)
    click.echo(f"Model: {version} ({version.id})", err=True)
    return version.id


def resumed(client: Client, asked: Submission, file: str | None) -> str | None:
    """Which of the uploads to resume is of this file: the one of its name."""
    for upload in asked.resume:
        if file and client.uploads.get(upload).file_name == Path(file).name:
            return upload
    return None

"""What a check is. One file in audits/checks/ declares one, and nothing else is edited: forms, pages, the command line
and the report take what it declares."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from audits.measure.cells import Cube
from audits.measure.measured import Measured
from audits.measure.types import CheckResult
from models.errors import InputError
from models.jobs.sandbox.limits import Limits

if TYPE_CHECKING:
    from audits.run.parameters import Parameters

Need = Literal["label", "score", "model"]
Progress = Callable[[float, str], None]


def quiet(share: float, sentence: str) -> None:
    """A progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a check, from which forms and help are made."""

    name: str
    title: str
    default: int | float | str | bool
    help: str = ""
    choices: tuple[str, ...] = ()

    def takes(self, value: Any) -> bool:
        """Whether a value is of its kind; a whole number will do for a fraction, a truth value for no number."""
        if self.choices:
            return value in self.choices
        if isinstance(self.default, float):
            return isinstance(value, int | float) and not isinstance(value, bool)
        return type(value) is type(self.default)


@dataclass(frozen=True)
class Context:
    """What a check is given: the cube and what was asked. One that reads rows gets the data and the model too, and
    does so in a sandbox of its own, within `limits` and until `cancelled`; `on_log` takes what was printed there."""

    cube: Cube
    parameters: Parameters
    threshold: float | None = None
    data: Path | None = None
    model: Path | None = None
    progress: Progress = quiet
    limits: Limits = field(default_factory=Limits)
    cancelled: Callable[[], bool] | None = None
    on_log: Callable[[str], None] | None = None

    def options(self, check: Check) -> dict[str, Any]:
        """The check's options: its defaults, overlaid by what was asked."""
        return {o.name: o.default for o in check.options} | dict(self.parameters.options.get(check.id, {}))


@dataclass(frozen=True)
class Check:
    """One question put to a model or dataset.

    `measure` gives the figures that are functions of the cube, so that `verify` can recompute them; `run` the whole
    result. `answers_to` names the duties that the result is evidence for ("eu-ai-act:10(2)(f)").
    """

    id: str
    title: str
    question: str
    run: Callable[[Context], CheckResult]
    measure: Callable[[Cube, Parameters], list[Measured]] | None = None
    needs: frozenset[Need] = frozenset()
    answers_to: tuple[str, ...] = ()
    options: tuple[Option, ...] = field(default=())


def discover() -> list[Check]:
    """Every check there is: the `CHECK` of each file in audits/checks/, in the order they are reported."""
    folder = Path(__file__).parent.parent / "checks"
    modules = [importlib.import_module(f"audits.checks.{m.name}") for m in pkgutil.iter_modules([str(folder)])]
    first = {"fairness": 0, "performance": 1}
    return sorted((module.CHECK for module in modules), key=lambda check: (first.get(check.id, 2), check.id))


def refuse_unknown_options(asked: Mapping[str, Mapping[str, Any]]) -> None:
    """InputError for an option that no check has, or a value that it does not take: it would change nothing, unseen."""
    checks = {check.id: {option.name: option for option in check.options} for check in discover()}
    for ident, values in asked.items():
        if ident not in checks:
            raise InputError(f"Options are given for {ident!r}, which is no check. There are {', '.join(checks)}.")
        for name, value in values.items():
            option = checks[ident].get(name)
            if option is None:
                known = ", ".join(checks[ident]) or "none"
                raise InputError(f"The check {ident} has no option {name!r}. It has {known}.")
            if not option.takes(value):
                wanted = ", ".join(option.choices) or f"a value like {option.default!r}"
                raise InputError(f"The option {name} of the check {ident} takes {wanted}, not {value!r}.")

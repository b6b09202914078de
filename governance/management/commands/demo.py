"""The main job on real data, by the service's own ways: register, audit by a worker, hand over the report."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audits.models import Audit
from audits.run.parameters import Parameters
from audits.start import start_audit
from governance.beside import stop
from governance.management.commands.serve import start_worker
from governance.one_click import SAMPLE
from governance.samples import Filling, fill
from models.accounts.models import Organisation, User
from models.accounts.permission import Forbidden, NotFound
from models.accounts.roles import Role
from models.errors import InputError
from models.jobs.models import Job, State
from models.registry.models import DatasetVersion, ModelVersion
from models.registry.register import register_dataset, register_model
from models.registry.storage import store

SOURCE = "UCI Machine Learning Repository, data set 350 (Yeh, 2009), CC BY 4.0"
PURPOSE = (
    "Estimates whether a credit-card client will default on next month's payment, so that a clerk knows which accounts "
    "to look at first. A person decides."
)
OWNER, LICENCE = "Credit risk", "CC BY 4.0"
LOOK = 0.25


class Command(BaseCommand):
    help = "Register the demo's data and model, audit the model by a real worker, and write the report."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="holds train.parquet, holdout.parquet and model.onnx")
        parser.add_argument("--label", required=True)
        parser.add_argument("--sensitive", action="append", required=True)
        parser.add_argument("--systems", type=Path, help="a file of AI systems to fill the service with")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        call_command("migrate", interactive=False, verbosity=0)
        organisation, everybody = people()
        engineer = everybody["engineer"]
        holdout, model = register(organisation, engineer, folder)
        asked = Parameters(
            sensitive=tuple(options["sensitive"]), label=options["label"], model=True, positive="1", favourable="0"
        )
        with (folder / "worker.log").open("wb") as log:
            worker = start_worker(1, log)
            try:
                # the rows are published, so there is no count to hide
                audit = start_audit(engineer, holdout, asked, model=model, suppress=None)
                job = watch(audit.job)
            finally:
                stop(worker)
        if job.state != State.SUCCEEDED:
            raise CommandError(f"The audit {job.state}: {job.error}\n{job.log}")
        audit.refresh_from_db()
        hand_over(audit, folder)
        self.stdout.write(f"{model} audited on {holdout}: {told(audit.outcomes)}.")
        if options["systems"]:
            self.stdout.write(filled(Filling(organisation, everybody, model, audit), options["systems"]))


def people() -> tuple[Organisation, dict[str, User]]:
    """The sample organisation and its people by role, made where they are not there yet."""
    emails = {role.value: f"{role.value}@sample.example" for role in Role}
    if User.objects.filter(email__in=emails.values()).count() < len(emails):
        call_command("sample_users", organisation=SAMPLE, stdout=Quiet())
    found = {user.email: user for user in User.objects.filter(email__in=emails.values())}
    return Organisation.objects.get(name=SAMPLE), {role: found[email] for role, email in emails.items()}


class Quiet:
    """Passwords that nobody asked for are not shown; `manage.py serve` makes new ones."""

    def write(self, text: str) -> None:
        """Nothing is written."""


def register(organisation: Organisation, user: User, folder: Path) -> tuple[DatasetVersion, ModelVersion]:
    """The rows to learn from, the held-out rows, and the model; a file that is there already stays the same version."""
    versions = []
    for name, file in (("Credit clients, learned from", "train"), ("Credit clients, held out", "holdout")):
        with (folder / f"{file}.parquet").open("rb") as source:
            made = register_dataset(
                user,
                organisation,
                name=name,
                source=source,
                file_name=f"{file}.parquet",
                owner=OWNER,
                licence=LICENCE,
                description=f"Clients of a bank in Taiwan, 2005. {SOURCE}.",
            )
        versions.append(made.version)
    with (folder / "model.onnx").open("rb") as source:
        model = register_model(
            user,
            organisation,
            name="Credit default model",
            source=source,
            file_name="model.onnx",
            purpose=PURPOSE,
            role="provider",
            owner=OWNER,
            licence=LICENCE,
            description="Gradient-boosted trees on 19 numeric inputs.",
            trained_on=versions[0],
        )
    return versions[1], model.version


def watch(job: Job) -> Job:
    """Wait for the job, with a bar where there is a terminal and a line for each new sentence where there is none."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console, sentence = Console(stderr=True), ""
    text, share = TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f}%")
    with Progress(
        text, BarColumn(), share, TimeElapsedColumn(), console=console, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("Waiting for the worker", total=1.0)
        while not job.is_finished:
            time.sleep(LOOK)
            job.refresh_from_db()
            bar.update(task, completed=job.progress, description=job.sentence)
            if bar.disable and job.sentence != sentence:
                console.print(f"{100 * job.progress:3.0f}% {job.sentence}", highlight=False)
                sentence = job.sentence
        bar.update(task, completed=1.0)
    return job


def hand_over(audit: Audit, folder: Path) -> None:
    """Copies of the report and its evidence, out of the store."""
    for blob, name in ((audit.report, "report.pdf"), (audit.evidence, "audit.json")):
        shutil.copyfile(store().path(blob), folder / name)


def filled(filling: Filling, file: Path) -> str:
    """Which systems were made. Raises CommandError where somebody of the sample organisation may not do their part."""
    try:
        made = fill(filling, file)
    except (InputError, Forbidden, NotFound) as error:
        raise CommandError(f"The AI systems of {filling.organisation} could not be made: {error}") from error
    return f"AI systems of {filling.organisation}: {', '.join(made) or 'there already, left as they are'}."


def told(outcomes: dict[str, int]) -> str:
    words = {
        "fail": "failed",
        "inconclusive": "could not be decided",
        "pass": "passed",
        "not_applicable": "did not apply",
    }
    return ", ".join(f"{outcomes[o]} {word}" for o, word in words.items() if o in outcomes)

"""Taking a backup: the database at one moment, every stored file it names, and a manifest of hashes."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from governance.archive import Writer, writing
from governance.rows import EMPTY_APPS, hashes_in, kept_models, lines_of, one_moment
from models.registry.blobs.store import StorageError
from models.registry.storage import store
from models.trail.models import Entry, Head

# whose rows name stored files only as something that was once said
SAID = {Entry._meta.label_lower, Head._meta.label_lower}


@dataclass
class Taken:
    """What a backup holds. missing: stored files that the database names and the storage does not have."""

    fingerprint: str = ""
    rows: int = 0
    blobs: int = 0
    parts: int = 0
    missing: list[str] = field(default_factory=list)


def back_up(file: Path) -> Taken:
    """Write an archive while the service goes on.

    Raises:
        FileExistsError: the file is there. Damaged: a stored file's bytes are not those that its name says.
    """
    taken = Taken()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".plumbline-backup-") as folder:
        with one_moment():
            tables, named, parts = dump(Path(folder))
            manifest = {"tables": [table for table, _ in tables], "migrations": migrations(), "trail": heads()}
        with writing(file) as archive:
            for table, path in tables:
                archive.add(table["member"], path)
                taken.rows += table["rows"]
            add_blobs(archive, named, taken)
            add_parts(archive, parts, taken)
            manifest |= {"made_at": datetime.now(UTC).isoformat(), "database": connection.vendor}
            manifest |= {"key": key_mark(), "missing": taken.missing}
            taken.fingerprint = archive.close(manifest)
    return taken


def dump(folder: Path) -> tuple[list[tuple[dict[str, Any], Path]], set[str], list[tuple[str, str]]]:
    """Every table into a file of its own; the SHA-256s that its rows name, and the parts of uploads that go on."""
    tables, named = [], set[str]()
    for model in kept_models():
        label = model._meta.label_lower
        path = folder / f"{label}.jsonl.gz"
        rows = 0
        with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3, mtime=0) as out:
            for line in lines_of(model):
                out.write(line.encode() + b"\n")
                rows += 1
                if label not in SAID:
                    named |= hashes_in(line)
        names = [each.attname for each in model._meta.concrete_fields]
        tables.append(({"model": label, "member": f"database/{path.name}", "rows": rows, "fields": names}, path))
    return tables, named, unfinished_parts()


def unfinished_parts() -> list[tuple[str, str]]:
    from models.registry.models import UploadPart

    parts = UploadPart.objects.select_related("upload").exclude(upload__state="expired").order_by("upload", "number")
    return [(str(part.upload_id), part.name) for part in parts]


def migrations() -> dict[str, list[str]]:
    """What was applied, by app."""
    found: dict[str, list[str]] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        if app not in EMPTY_APPS:
            found.setdefault(app, []).append(name)
    return found


def heads() -> list[dict[str, Any]]:
    rows = Head.objects.order_by("organisation_id").values_list("organisation_id", "sequence", "hash")
    return [{"organisation": number, "sequence": sequence, "hash": sha} for number, sequence, sha in rows]


def key_mark() -> str:
    """Tells whether another installation has the same SECRET_KEY, and nothing about it."""
    return hmac.new(settings.SECRET_KEY.encode(), b"plumbline backup", hashlib.sha256).hexdigest()[:16]


def add_blobs(archive: Writer, named: set[str], taken: Taken) -> None:
    """What was registered since the rows were read is not in them, so it is not missed; nor what was erased since."""
    for sha256 in store().names():
        if sha256 in named:
            with suppress(StorageError):  # it went meanwhile
                archive.add(f"blobs/{sha256}", store().path(sha256), sha256)
                taken.blobs += 1
    taken.missing = sorted(sha for sha in named.intersection(required()) if f"blobs/{sha}" not in archive.members)


def required() -> Iterator[str]:
    """Stored files that cannot be done without, as the database has it now; an erased version needs none."""
    from audits.models import Audit
    from governance.assessments.models import Assessment
    from governance.obligations.models import Evidence
    from models.registry.models import DatasetVersion, ModelVersion

    yield from ModelVersion.unscoped.filter(erasure=None).values_list("sha256", flat=True)
    brought = DatasetVersion.unscoped.filter(erasure=None, stored_reference__isnull=True)
    yield from brought.values_list("sha256", flat=True)
    for evidence, report in Audit.unscoped.exclude(evidence="").values_list("evidence", "report"):
        yield from (evidence, report)
    yield from Assessment.unscoped.exclude(report="").values_list("report", flat=True)
    documents = Evidence.unscoped.filter(source=Evidence.Source.DOCUMENT)
    yield from documents.values_list("sha256", flat=True)


def add_parts(archive: Writer, parts: Iterable[tuple[str, str]], taken: Taken) -> None:
    """Of uploads that are under way or wait for their registration; one that ended meanwhile has none any more."""
    with tempfile.TemporaryDirectory() as folder:
        for area, name in parts:
            try:
                with store().open_part(str(UUID(area)), name) as source, (Path(folder) / "part").open("wb") as copy:
                    while block := source.read(1 << 20):
                        copy.write(block)
            except StorageError:
                continue
            archive.add(f"parts/{area}/{name}", Path(folder) / "part", name.rpartition("-")[2])
            taken.parts += 1

"""Registration: all of it or nothing, once for each file, for those who may."""

from __future__ import annotations

import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from models.accounts.permission import Forbidden, NotFound
from models.errors import InputError
from models.registry.blobs.store import StorageFull
from models.registry.compatible import check_compatible
from models.registry.models import Dataset, DatasetVersion, Immutable, Model, ModelVersion
from models.registry.register import register_dataset, register_model
from models.registry.signals import version_registered
from models.registry.storage import store
from models.trail.models import Entry
from tests.models.people import organisation, person
from tests.models.registry.blobs.test_disk import room_for
from tests.models.registry.formats.examples import lightgbm_example, matrix_model

pytestmark = pytest.mark.django_db

CSV = b"income,years,home,label\n1.5,3,own,1\n2.5,4,rent,0\n"


def dataset(user: Any, content: bytes = CSV, name: str = "Clients", **more: Any) -> Any:
    at = user.memberships.get().organisation
    return register_dataset(user, at, name=name, source=io.BytesIO(content), file_name="clients.csv", **more)


def model(user: Any, path: Path, name: str = "Scoring", **more: Any) -> Any:
    at = user.memberships.get().organisation
    with path.open("rb") as source:
        return register_model(user, at, name=name, source=source, file_name=path.name, **more)


def nothing_registered() -> bool:
    kinds = (Dataset, DatasetVersion, Model, ModelVersion, Entry)
    return not any(kind.unscoped.exists() for kind in kinds)


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    """A blob store of the test's own."""
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    return tmp_path / "blobs"


def kept(files: Path) -> list[str]:
    return [path.name for path in files.rglob("*") if path.is_file()]


def test_a_dataset_is_stored_profiled_described_and_told_of(files: Path) -> None:
    user = person()
    found = dataset(user, owner="Risk department", licence="CC BY 4.0", description="Two clients")
    version = found.version
    assert found.new
    assert found.message == "Registered as Clients version 1."
    assert (version.rows, version.kind, version.size) == (2, "csv", len(CSV))
    assert version.path.read_bytes() == CSV
    assert version.dataset.licence == "CC BY 4.0"
    assert [column.name for column in version.profile.columns] == ["income", "years", "home", "label"]
    entry = Entry.unscoped.get()
    assert (entry.verb, entry.object_id, entry.facts["sha256"]) == ("registered", str(version.pk), version.sha256)


def test_a_model_is_stored_with_its_signature_and_lineage(files: Path, tmp_path: Path) -> None:
    user = person()
    data = dataset(user).version
    first = model(user, lightgbm_example(tmp_path).path, trained_on=data, purpose="Credit", role="provider").version
    converted, _ = matrix_model(names=["income", "years"])
    (tmp_path / "second.onnx").write_bytes(converted.SerializeToString())
    second = model(user, tmp_path / "second.onnx", derived_from=first).version
    assert (first.format, first.number, first.trained_on) == ("lightgbm", 1, data)
    assert (second.format, second.number, second.derived_from) == ("onnx", 2, first)
    assert [each.name for each in second.signature.inputs] == ["income", "years"]
    said = second.subject()
    assert (said["name"], said["version"], said["role"], said["owner"]) == ("Scoring", "2", "provider", None)


def test_the_same_file_again_is_the_same_version_and_says_so(files: Path) -> None:
    user = person()
    first, again = dataset(user), dataset(user, name="Other name")
    assert again.version == first.version
    assert not again.new
    assert again.message.startswith("The same file was registered before, as Clients version 1 on 2")
    assert Entry.unscoped.count() == 1
    assert len(kept(files)) == 1


def test_another_organisation_registers_the_same_file_as_its_own(files: Path) -> None:
    first = dataset(person())
    other = dataset(person(at=organisation("Other Bank")))
    assert other.new
    assert other.version != first.version
    assert len(kept(files)) == 1


def test_a_changed_file_is_a_new_version(files: Path) -> None:
    user = person()
    numbers = [dataset(user, CSV + b"3,5,own,1\n" * times).version.number for times in range(3)]
    assert numbers == [1, 2, 3]
    assert Dataset.unscoped.count() == 1


REFUSED = {
    "a pickle": pickle.dumps({"a": 1}),
    "an open quote": b'a,b\n1,"2\n',
    "an archive": b"PK\x03\x04" + b"\0" * 100,
    "nothing": b"",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_file_leaves_nothing(files: Path, what: str) -> None:
    user = person()
    with pytest.raises(InputError):
        dataset(user, REFUSED[what])
    assert nothing_registered()
    assert kept(files) == []


def test_a_file_over_the_limit_leaves_nothing(files: Path, settings: Any) -> None:
    settings.UPLOAD_BYTES = 20
    user = person()
    with pytest.raises(InputError, match="larger than 20 bytes"):
        dataset(user)
    assert nothing_registered()
    assert kept(files) == []


def test_a_full_disk_leaves_nothing(files: Path) -> None:
    user = person()
    with room_for(4 << 20), pytest.raises(StorageFull):
        dataset(user, CSV + b"1,2,own,0\n" * 1_000_000)
    assert nothing_registered()
    assert kept(files) == []


def test_whoever_hears_of_a_registration_can_undo_it(files: Path) -> None:
    user = person()

    def refuse(sender: Any, version: Any, **kwargs: Any) -> None:
        raise InputError("not this one")

    version_registered.connect(refuse)
    try:
        with pytest.raises(InputError, match="not this one"):
            dataset(user)
    finally:
        version_registered.disconnect(refuse)
    assert nothing_registered()
    assert kept(files) == []


@pytest.mark.parametrize("role", ["auditor", "approver"])
def test_who_may_not_register_is_told_what_it_needs(files: Path, role: str) -> None:
    with pytest.raises(Forbidden, match="engineer"):
        dataset(person(role))
    assert nothing_registered()
    assert kept(files) == []


def test_the_lineage_stays_within_the_organisation(files: Path, tmp_path: Path) -> None:
    theirs = dataset(person(at=organisation("Other Bank"))).version
    user = person()
    with pytest.raises(NotFound):
        model(user, lightgbm_example(tmp_path).path, trained_on=theirs)
    with pytest.raises(NotFound):
        register_dataset(user, theirs.organisation, name="x", source=io.BytesIO(CSV), file_name="x")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"name": "  "}, "Give it a name"),
        ({"name": "x" * 201}, "201 characters"),
        ({"description": "a\x00b"}, "unprintable"),
        ({"sha256": "0" * 64}, "changed on its way"),
    ],
)
def test_words_that_cannot_be_kept_are_refused(files: Path, words: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        dataset(person(), **words)
    assert nothing_registered()


def test_a_file_name_is_only_shown_and_leads_nowhere(files: Path) -> None:
    user = person()
    at = user.memberships.get().organisation
    name = "..\\..\\../etc/<b>passwd</b>\x00\u202e"
    found = register_dataset(user, at, name="Clients", source=io.BytesIO(CSV), file_name=name).version
    assert found.file_name == "b>"
    assert found.path == store().path(found.sha256)


def test_a_version_never_changes_and_never_goes(files: Path) -> None:
    version = dataset(person()).version
    version.rows = 5
    with pytest.raises(Immutable):
        version.save()
    with pytest.raises(Immutable):
        version.delete()
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        DatasetVersion.unscoped.filter(pk=version.pk).update(rows=5)
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_datasetversion SET sha256 = 'x'")
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_datasetversion")


def test_the_signature_is_checked_against_the_dataset_before_any_job(files: Path, tmp_path: Path) -> None:
    user = person()
    scoring = model(user, lightgbm_example(tmp_path).path).version
    assert check_compatible(scoring, dataset(user).version) == ["income", "years", "home"]
    short = dataset(user, b"income,home,label\n1.5,own,1\n").version
    with pytest.raises(InputError, match=r"reads 'years', which the table does not have"):
        check_compatible(scoring, short)
    wrong = dataset(user, b"income,years,home,label\nhigh,1,own,1\n").version
    with pytest.raises(InputError, match="reads 'income' as a number"):
        check_compatible(scoring, wrong)


def test_predictions_are_a_model_and_belong_to_as_many_rows(files: Path, tmp_path: Path) -> None:
    user = person()
    (tmp_path / "scores.csv").write_text("score\n0.1\n0.9\n")
    scores = model(user, tmp_path / "scores.csv").version
    assert scores.is_predictions
    assert check_compatible(scores, dataset(user).version) == []
    with pytest.raises(InputError, match=r"predictions for 2 rows; .* has 3"):
        check_compatible(scores, dataset(user, CSV + b"1,2,own,0\n").version)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_twice_at_once_is_one_version(files: Path) -> None:
    user = person()

    def upload(_: int) -> Any:
        try:
            return dataset(user)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(upload, range(3)))
    assert len({each.version.pk for each in found}) == 1
    assert sum(each.new for each in found) == 1
    assert DatasetVersion.unscoped.count() == 1

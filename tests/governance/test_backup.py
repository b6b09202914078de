"""A backup that is taken under load comes back whole, on either database; one that was changed is refused by name."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.service import ROOT, Service, embedded, postgres_url, servers, wait_until
from tests.s3 import S3Server

pytestmark = pytest.mark.timeout(240)
Place = Callable[[str], Service]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A fresh installation on the database of that name."""
    with contextlib.ExitStack() as stack:

        def make(database: str) -> Service:
            folder = tmp_path / f"{database}-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            if database == "sqlite":
                return stack.enter_context(embedded(folder, SECRET_KEY="the same for all of them"))
            postgres = postgres_url()
            if postgres is None:
                pytest.skip("PLUMBLINE_TEST_POSTGRES names no service")
            made = stack.enter_context(servers(folder, postgres, "filesystem://"))
            made.environment["SECRET_KEY"] = "the same for all of them"
            return made

        yield make


def command(service: Service, *arguments: str) -> str:
    """Runs `manage.py` as an operator does: a process of its own, that succeeds. What it says."""
    line = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(line, cwd=ROOT, env=service.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def manage(service: Service, *arguments: str) -> tuple[int, str]:
    """The same command in the process that is there already: its exit code, and what it says on stderr."""
    code, said = service.call("manage", *arguments)
    return code, said


def filled(service: Service) -> Service:
    service.call("register", "people", 50)
    service.call("submit", "quick", str(service.folder), {})
    service.call("register", "more people", 60)
    return service


def backed_up(service: Service) -> Path:
    file = service.folder / "backup.tar"
    command(service, "backup", str(file))
    return file


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_everything_comes_back_in_an_empty_place_on_either_database(place: Place, source: str, target: str) -> None:
    old, new = filled(place(source)), place(target)
    file = backed_up(old)
    command(new, "restore", str(file))
    assert new.call("content") == old.call("content")
    assert new.call("blobs") == old.call("blobs")
    assert len(new.call("blobs")) == 2
    assert new.call("chain") == ""
    assert file.stat().st_mode & 0o077 == 0
    # what comes afterwards finds numbers that are free, and guards that stand
    new.call("submit", "quick", str(new.folder), {})
    assert new.call("chain") == ""
    assert "append-only" in new.call("sql", "UPDATE trail_entry SET verb = 'x'")
    assert "never changes" in new.call("sql", "UPDATE registry_datasetversion SET size = 1")


def test_files_in_an_s3_store_come_back_in_another_and_on_a_disk(tmp_path: Path, s3: S3Server) -> None:
    names = ("from", "to", "disk")
    folders = {name: tmp_path / name for name in names}
    addresses = {name: s3.url(s3.bucket()) for name in names[:2]} | {"disk": f"file://{tmp_path}/files"}
    with contextlib.ExitStack() as stack:
        made = {}
        for name, folder in folders.items():
            folder.mkdir()
            made[name] = stack.enter_context(embedded(folder, STORAGE_URL=addresses[name], **s3.environment))
        upload = filled(made["from"]).call("upload", "waiting.csv")
        file = backed_up(made["from"])
        for name in ("to", "disk"):
            assert manage(made[name], "restore", str(file))[0] == 0
            assert made[name].call("content") == made["from"].call("content")
            assert made[name].call("blobs") == made["from"].call("blobs")
            assert len(made[name].call("blobs")) == 2
            assert made[name].call("upload_content", upload) == made["from"].call("upload_content", upload)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_backup_under_load_is_of_one_moment_and_keeps_nobody_waiting(place: Place, database: str) -> None:
    old, new = filled(place(database)), place("sqlite")
    writer = Service(old.folder, old.environment)
    end = old.folder / "enough"
    written: list[int] = []
    thread = threading.Thread(target=lambda: written.append(writer.call("write_until", str(end))))
    thread.start()
    wait_until(lambda: old.call("content")["jobs.job"][0] > 1, "the writer to begin")
    before = old.call("content")["jobs.job"][0]
    file = backed_up(old)
    after = old.call("content")["jobs.job"][0]
    end.touch()
    thread.join()
    writer.close()
    assert manage(new, "restore", str(file)) == (0, "")
    jobs = new.call("content")["jobs.job"][0]
    assert before <= jobs <= after < written[0] + 3
    assert before < after, "nothing was written meanwhile"
    assert new.call("sql", ORPHANS) == "", "a job without its entry, or the reverse"


# divides by zero where jobs and entries of the trail do not belong together
ORPHANS = """INSERT INTO jobs_beat (name, holder)
SELECT 'orphans', 'x' FROM (SELECT
 (SELECT count(*) FROM jobs_job) AS jobs,
 (SELECT count(*) FROM trail_entry WHERE verb = 'submitted') AS entries) AS counted WHERE jobs <> entries
UNION ALL SELECT 'orphans', 'x' FROM (SELECT
 (SELECT count(*) FROM jobs_job) AS jobs,
 (SELECT count(*) FROM trail_entry WHERE verb = 'submitted') AS entries) AS counted WHERE jobs <> entries"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("backup")
    with embedded(folder) as service:
        yield backed_up(filled(service))


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Service]:
    """An empty place to fill."""
    with embedded(tmp_path) as service:
        yield service


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An empty place that stays so, for archives that are refused."""
    with embedded(tmp_path_factory.mktemp("untouched")) as service:
        yield service


def rewritten(archive: Path, to: Path, change: Callable[[str, bytes], bytes | None], *, hashes: bool = False) -> Path:
    """The archive with other members; with `hashes` its manifest says what they are now."""
    members: dict[str, dict[str, Any]] = {}
    with tarfile.open(archive) as old, tarfile.open(to, "w") as new:
        for info in old:
            content = old.extractfile(info).read()  # type: ignore[union-attr]
            if info.name == "manifest.json":
                manifest = json.loads(content)
                manifest["members"] |= members if hashes else {}
                add(new, info.name, json.dumps(manifest).encode())
            elif (changed := change(info.name, content)) is not None:
                members[info.name] = {"sha256": hashlib.sha256(changed).hexdigest(), "size": len(changed)}
                add(new, info.name, changed)
    return to


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def assert_refused(service: Service, file: Path, *named: str) -> None:
    code, said = manage(service, "restore", str(file))
    assert code == 1
    for word in named:
        assert word in said
    assert service.call("blobs") == []
    assert {rows for rows, _ in service.call("content").values()} == {0}


def test_a_changed_byte_a_missing_file_and_one_too_many_are_each_named(
    archive: Path, untouched: Service, tmp_path: Path
) -> None:
    with tarfile.open(archive) as tar:
        blob = next(name for name in tar.getnames() if name.startswith("blobs/"))
    flip = rewritten(archive, tmp_path / "flip", lambda name, c: c[:-1] + b"!" if name == blob else c)
    assert_refused(untouched, flip, f"{blob}: it was changed", "nothing was restored")
    lost = rewritten(archive, tmp_path / "lost", lambda name, c: None if name == blob else c)
    assert_refused(untouched, lost, f"{blob}: it is missing")
    with tarfile.open(archive) as old, tarfile.open(tmp_path / "more", "w") as new:
        for info in old:
            new.addfile(info, old.extractfile(info))
        add(new, f"blobs/{'0' * 64}", b"more")
    assert_refused(untouched, tmp_path / "more", f"blobs/{'0' * 64}: the manifest does not know it")


def test_an_archive_that_is_cut_off_or_none_at_all_is_refused(
    archive: Path, untouched: Service, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert_refused(untouched, cut, "nothing was restored")
    (tmp_path / "text").write_text("not a backup")
    assert_refused(untouched, tmp_path / "text", "cannot be read")
    assert_refused(untouched, tmp_path / "nothing", "There is no file")


@pytest.mark.parametrize("manifest", [b"", b"{no json", b"[1]", b'{"format": "plumbline-backup", "version": 1}'])
def test_a_manifest_that_is_none_is_refused(untouched: Service, tmp_path: Path, manifest: bytes) -> None:
    with tarfile.open(tmp_path / "odd", "w") as new:
        add(new, "manifest.json", manifest)
    assert_refused(untouched, tmp_path / "odd", "this is no backup of ours", "nothing was restored")


def test_a_member_that_leads_elsewhere_is_refused(archive: Path, untouched: Service, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bad", "w") as new:
        add(new, "../../etc/passwd", b"x")
    assert_refused(untouched, tmp_path / "bad", "no such member")
    with tarfile.open(tmp_path / "link", "w") as new:
        info = tarfile.TarInfo(f"blobs/{'0' * 64}")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        new.addfile(info)
    assert_refused(untouched, tmp_path / "link", "no such member")


def test_a_trail_that_was_rewritten_with_every_hash_of_the_archive_is_found(
    archive: Path, empty: Service, tmp_path: Path
) -> None:
    def other_verb(name: str, content: bytes) -> bytes:
        if name != "database/trail.entry.jsonl.gz":
            return content
        return gzip.compress(gzip.decompress(content).replace(b"submitted", b"abandoned"))

    forged = rewritten(archive, tmp_path / "forged", other_verb, hashes=True)
    code, said = manage(empty, "restore", str(forged))
    assert code == 1
    assert "The trail of Faults is not whole: entry" in said
    assert "Do not use this" in said


def test_a_manifest_that_was_kept_elsewhere_betrays_every_change(archive: Path, empty: Service, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json").read()  # type: ignore[union-attr]
    known = hashlib.sha256(manifest).hexdigest()
    forged = rewritten(archive, tmp_path / "forged", lambda name, content: content)
    code, said = manage(empty, "restore", str(forged), "--manifest", known)
    assert code == 1
    assert "manifest.json: its SHA-256 is" in said
    assert manage(empty, "restore", str(archive), "--manifest", known)[0] == 0


def test_a_place_that_is_not_empty_is_left_as_it_is(archive: Path, empty: Service) -> None:
    filled(empty)
    before = empty.call("content")
    code, said = manage(empty, "restore", str(archive))
    assert code == 1
    assert "not empty" in said
    assert empty.call("content") == before


def test_a_backup_of_a_newer_version_is_refused(archive: Path, untouched: Service, tmp_path: Path) -> None:
    def newer(file: Path) -> Path:
        with tarfile.open(archive) as old, tarfile.open(file, "w") as new:
            for info in old:
                content = old.extractfile(info).read()  # type: ignore[union-attr]
                if info.name == "manifest.json":
                    manifest = json.loads(content)
                    manifest["migrations"]["jobs"].append("9999_what_comes")
                    content = json.dumps(manifest).encode()
                add(new, info.name, content)
        return file

    assert_refused(untouched, newer(tmp_path / "newer"), "jobs.9999_what_comes", "Upgrade first")


def test_a_stored_file_that_is_gone_is_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    with embedded(tmp_path) as service:
        sha256 = service.call("register", "people", 50)
        service.call("register", "others", 70)
        (tmp_path / "var" / "blobs" / sha256[:2] / sha256).unlink()
        code, said = manage(service, "backup", str(tmp_path / "backup.tar"))
    assert code == 1
    assert sha256 in said
    with tarfile.open(tmp_path / "backup.tar") as tar:
        assert len([name for name in tar.getnames() if name.startswith("blobs/")]) == 1


def test_a_name_in_use_is_not_written_over(archive: Path, empty: Service, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    assert manage(empty, "backup", str(tmp_path / "mine"))[0] == 1
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_that_is_not_there_is_told(empty: Service, tmp_path: Path) -> None:
    code, said = manage(empty, "backup", str(tmp_path / "nowhere" / "backup.tar"))
    assert code == 1
    assert "nowhere" in said

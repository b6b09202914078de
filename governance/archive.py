"""The form of a backup: a tar file whose manifest names every member with its size and SHA-256."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

FORMAT, VERSION = "plumbline-backup", 1
MANIFEST = "manifest.json"
NAME = re.compile(r"database/[a-z0-9_.]+\.jsonl\.gz|blobs/[0-9a-f]{64}|parts/[0-9a-f-]{36}/[0-9]+-[0-9a-f]{64}")
LARGEST_MANIFEST = 1 << 30
BLOCK = 1 << 20
PRIVATE = 0o600  # what is in a backup is nobody else's business


class Damaged(Exception):
    """An archive is not what was written; each fault names a member and what is wrong with it."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults[:10]))


class Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        self.size += len(block)
        return block


@dataclass
class Writer:
    """Adds members one after the other; what was added stands in `members`."""

    tar: tarfile.TarFile
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, path: Path, sha256: str | None = None) -> None:
        """Add a file; Damaged where it does not have the SHA-256 that it should have."""
        with path.open("rb") as file:
            self.add_stream(name, file, path.stat().st_size, sha256)

    def add_stream(self, name: str, file: IO[bytes], size: int, sha256: str | None = None) -> None:
        hashing = Hashing(file)
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        self.tar.addfile(info, cast(Any, hashing))
        found = hashing.digest.hexdigest()
        if sha256 is not None and found != sha256:
            raise Damaged([f"{name}: the stored file has the SHA-256 {found}"])
        self.members[name] = {"sha256": found, "size": size}

    def close(self, manifest: dict[str, Any]) -> str:
        """The manifest comes last; its SHA-256."""
        whole = {"format": FORMAT, "version": VERSION, **manifest, "members": self.members}
        content = json.dumps(whole, indent=1, sort_keys=True).encode()
        self.add_stream(MANIFEST, io.BytesIO(content), len(content))
        return hashlib.sha256(content).hexdigest()


@contextmanager
def writing(file: Path) -> Iterator[Writer]:
    """A new archive, which has its name only once it is whole and on the disk; FileExistsError for a name in use."""
    if file.exists():
        raise FileExistsError(f"{file} is there already")
    part = file.with_name(f".{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as out:
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar)
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was checked whole. fingerprint: the SHA-256 of its manifest."""

    file: Path
    manifest: dict[str, Any]
    fingerprint: str

    def members(self, prefix: str) -> Iterator[tuple[str, BinaryIO]]:
        """Those whose name begins with `prefix`, in the order of the archive; read each before you go on."""
        with tarfile.open(self.file, mode="r:") as tar:
            for info in tar:
                if info.name.startswith(prefix) and (content := tar.extractfile(info)) is not None:
                    yield info.name, cast(BinaryIO, content)


def checked(file: Path, fingerprint: str | None = None) -> Archive:
    """Read the whole archive and compare every member with the manifest, before anything of it is used.

    Raises:
        Damaged: members that are missing, unknown, changed or named twice, each by its name. FileNotFoundError.
    """
    found, manifest = look_at_all(file)
    read = parsed(manifest)
    own = hashlib.sha256(manifest).hexdigest()
    faults = [f"{MANIFEST}: its SHA-256 is {own}"] if fingerprint not in (None, own) else []
    faults += differences(read["members"], found)
    if faults:
        raise Damaged(faults)
    return Archive(file, read, own)


def parsed(manifest: bytes) -> dict[str, Any]:
    try:
        read = json.loads(manifest)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict) or read.get("format") != FORMAT or not isinstance(read.get("members"), dict):
        raise Damaged([f"{MANIFEST}: it is missing, or this is no backup of ours"])
    if read.get("version") != VERSION:
        raise Damaged([f"{MANIFEST}: version {read.get('version')} is not known here"])
    return read


def look_at_all(file: Path) -> tuple[dict[str, dict[str, Any]], bytes]:
    """Name, size and SHA-256 of each member, and the manifest's bytes. Nothing is written anywhere."""
    found: dict[str, dict[str, Any]] = {}
    manifest = b""
    try:
        with tarfile.open(file, mode="r:") as tar:
            for info in tar:
                check_name(info, found)
                content = tar.extractfile(info)
                if info.name == MANIFEST:
                    manifest = content.read(LARGEST_MANIFEST) if content else b""
                else:
                    found[info.name] = hashed(content)
    except FileNotFoundError:
        raise
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Damaged([f"{file.name}: it cannot be read to its end ({error})"]) from error
    return found, manifest


def check_name(info: tarfile.TarInfo, found: dict[str, Any]) -> None:
    if not info.isreg() or not (info.name == MANIFEST or NAME.fullmatch(info.name)):
        raise Damaged([f"{info.name[:200]!r}: no such member belongs into a backup"])
    if info.name in found:
        raise Damaged([f"{info.name}: it is there twice"])


def hashed(content: IO[bytes] | None) -> dict[str, Any]:
    hashing = Hashing(content or io.BytesIO())
    while hashing.read(BLOCK):
        pass
    return {"sha256": hashing.digest.hexdigest(), "size": hashing.size}


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    faults = [f"{name}: it is missing" for name in sorted(wanted.keys() - found.keys())]
    faults += [f"{name}: the manifest does not know it" for name in sorted(found.keys() - wanted.keys())]
    for name in sorted(wanted.keys() & found.keys()):
        if wanted[name] != found[name]:
            faults.append(f"{name}: it was changed (SHA-256 {found[name]['sha256']}, not {wanted[name].get('sha256')})")
    return faults

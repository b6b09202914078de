"""A parquet file of a gigabyte sent in parts by the client, through a line that is cut twice amid a part."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet

from plumbline_client.client import Client
from tests.bench.row import FOLDER, Row, within
from tests.bench.service import peak_memory, place_on_postgres, serving

BYTES = 1 << 30
CUTS = (300 << 20, 700 << 20)
SEED = """
from models.accounts.models import Membership, Organisation, User
bank = Organisation.objects.create(name="Bench Bank")
user = User.objects.create_user("engineer@bench.example", "correct horse battery", "Engineer")
Membership.unscoped.create(organisation=bank, user=user, role="engineer")
"""


def measure() -> Iterator[Row]:
    what = "1 GB parquet in parts, the line cut twice"
    with place_on_postgres() as place:
        if place is None:
            yield Row(what, "no PostgreSQL here", "", None, "whole", None)
            return
        file, sha256 = generated()
        place.manage("migrate", "--verbosity", "0")
        place.manage("shell", "-v", "0", "-c", SEED)
        token = place.manage("token", "engineer@bench.example").strip()
        with serving(place) as (address, process):
            line = Line(address)
            started = time.perf_counter()
            with Client(line.address, token) as client:
                sent = client.uploads.send(file)
            taken = time.perf_counter() - started
            peak = peak_memory(process.pid)
    whole = sent.sha256 == sha256 and sent.state == "complete"
    yield Row(what, f"{taken:.0f} s, {line.cuts} cuts", "", None, "whole", whole and line.cuts == len(CUTS))
    again = (line.carried - file.stat().st_size) / 2**20
    yield Row("sent more than once", f"{again:.0f} MiB", "", None, "a part for each cut", again < 8 * (len(CUTS) + 1))
    yield within("the web process's memory at its peak", peak, 150, "MB")
    file.unlink()


def generated() -> tuple[Path, str]:
    """Random numbers, which no compression makes smaller."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file, draw = FOLDER / "gigabyte.parquet", numpy.random.default_rng(5)
    schema = pyarrow.schema([("label", pyarrow.int8()), *((f"x{n}", pyarrow.float64()) for n in range(8))])
    rows = 1 << 20
    with pyarrow.parquet.ParquetWriter(file, schema, compression="none", use_dictionary=False) as writer:
        while not file.exists() or file.stat().st_size < BYTES:
            columns = [draw.integers(0, 2, rows, dtype="int8"), *(draw.random(rows) for _ in range(8))]
            writer.write_table(pyarrow.table(columns, schema=schema))
    with file.open("rb") as read:
        return file, hashlib.file_digest(read, "sha256").hexdigest()


class Line:
    """Carries bytes to the server, and breaks every connection when so many have passed."""

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self.server = (host, int(port))
        self.carried, self.cuts, self.lock = 0, 0, threading.Lock()
        self.door = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.door.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            ours, _ = self.door.accept()
            theirs = socket.create_connection(self.server)
            for one, other, counts in ((ours, theirs, True), (theirs, ours, False)):
                threading.Thread(target=self.carry, args=(one, other, counts), daemon=True).start()

    def carry(self, one: socket.socket, other: socket.socket, counts: bool) -> None:
        with contextlib.suppress(OSError):
            while block := one.recv(1 << 16):
                if counts and self.is_cut(len(block)):
                    break
                other.sendall(block)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def is_cut(self, number: int) -> bool:
        with self.lock:
            self.carried += number
            if self.cuts < len(CUTS) and self.carried > CUTS[self.cuts]:
                self.cuts += 1
                return True
        return False

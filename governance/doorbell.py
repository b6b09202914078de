"""Celery's filesystem transport with whole files only: a reader never meets a message or table that is half written."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem


class Channel(filesystem.Channel):
    """Writes to one side and renames; kombu itself writes in place, so a reader that comes between fails."""

    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.time_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        write_whole(Path(self.data_folder_out) / name, json.dumps(payload))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        known = [list(row) for row in self.get_table(exchange)]
        row = [routing_key or "", pattern or "", queue or ""]
        if row not in known:
            write_whole(self._exchange_file(exchange), json.dumps([row, *known]))


class Transport(filesystem.Transport):
    Channel = Channel


def write_whole(file: Path, content: str) -> None:
    side = file.with_name(f".{file.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}.part")
    side.write_text(content)
    side.replace(file)

"""How large a table may be before it is refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class DataLimits:
    """The largest table that is taken in. The defaults suit a person's own files; the service sets narrower ones.

    `bytes` is the size of the file, `unpacked_bytes` what a compressed one may declare to unpack to and `expansion`
    how many times its size that may be, once it is more than a gibibyte (a decompression bomb is small and declares
    much). `cell_length` and `name_length` are in characters, `line_length` in bytes.
    """

    bytes: int = 64 * GIBIBYTE
    unpacked_bytes: int = 512 * GIBIBYTE
    expansion: int = 200
    rows: int = 1_000_000_000
    columns: int = 4_096
    cell_length: int = 100_000
    name_length: int = 200
    line_length: int = 8 << 20

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> DataLimits:
        return cls(**values)

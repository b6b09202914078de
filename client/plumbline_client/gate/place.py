"""Where a finding is shown in a repository: the line of its rule in the policy file, else the configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

USUAL = "plumbline.toml"
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Places:
    """`file` is relative to the folder the command ran in, with slashes; `lines` are the rules' lines in it."""

    file: str = USUAL
    lines: tuple[tuple[str, int], ...] = ()

    def line(self, rule: str) -> int:
        return dict(self.lines).get(rule, 1)


def places(policy: Path | None, config: Path | None = None, root: Path | None = None) -> Places:
    """The places of a policy's rules; of a configuration only the file, and without either the usual name of one."""
    found = policy or config
    if found is None:
        return Places()
    return Places(relative(found, root or Path.cwd()), rule_lines(found) if policy else ())


def relative(path: Path, root: Path) -> str:
    """As it is committed; a file outside of the repository by its name."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name


def rule_lines(path: Path) -> tuple[tuple[str, int], ...]:
    """The line of `id = "..."` of each rule. A file that cannot be read has none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return ()
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    found = []
    for number, line in enumerate(lines, 1):
        match = re.match(r"""\s*id\s*=\s*(["'])(?P<id>.+?)\1\s*(#.*)?$""", line)
        if match:
            found.append((match["id"], number))
    return tuple(found)

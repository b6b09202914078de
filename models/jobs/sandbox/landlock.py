"""Shuts the file system by Landlock, where there is no bubblewrap: what is not listed can be neither read nor written.

Needs Linux 5.13 (files), 6.7 (TCP), 6.12 (signals to others); what the kernel does not know is left out. See
landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_QUERY = 1
PATH_BENEATH = 1
READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, list a folder
FILE_RIGHTS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
KNOWN = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # file rights by version of the interface: so many bits

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
ABOUT_ITSELF = (
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
)


def shut_filesystem(libc: ctypes.CDLL, readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow reading below `readable` and everything below `writable`; False where the kernel has no Landlock.

    Needs no_new_privs. With it TCP is shut, and signals to processes outside, where the kernel can.
    """
    version = libc.syscall(CREATE_RULESET, None, 0, VERSION_QUERY)
    if version < 1:
        return False
    everything = (1 << KNOWN.get(version, 16)) - 1
    ruleset = create_ruleset(libc, version, everything)
    try:
        for path in (*readable, *ABOUT_ITSELF):
            allow(libc, ruleset, path, READ)
        for path in (*writable, *DEVICES):
            allow(libc, ruleset, path, everything)
        if libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "Landlock was refused")
    finally:
        os.close(ruleset)
    return True


def create_ruleset(libc: ctypes.CDLL, version: int, files: int) -> int:
    """The structure grew: files, then (4) TCP bind and connect, then (6) abstract sockets and signals."""
    attributes = struct.pack("=Q", files)
    if version >= 4:
        attributes += struct.pack("=Q", 0b11)
    if version >= 6:
        attributes += struct.pack("=Q", 0b11)
    ruleset: int = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock ruleset was refused")
    return ruleset


def allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """One rule; a path that is not there needs none."""
    try:
        folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(folder).st_mode):
            rights &= FILE_RIGHTS
        if libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, folder), 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock rule for {path} was refused")
    finally:
        os.close(folder)

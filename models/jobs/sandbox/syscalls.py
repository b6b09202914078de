"""A system-call filter (seccomp) without a library: what no audit needs is refused with EPERM.

The filter is a classic BPF program over struct seccomp_data (nr at 0, arch at 4, the first argument's low half at 16),
see seccomp(2). It allows by default: numeric libraries call widely, and the walls are namespaces and limits.
"""

from __future__ import annotations

import ctypes
import platform
import struct

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
EPERM = 0x00050000 | 1
KILL = 0x80000000
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
AF_UNIX = 1

# machine: (audit architecture, socket, {name: number}); numbers from asm/unistd_64.h and asm-generic/unistd.h.
# setsid and setpgid keep every process in the group that is killed; io_uring would go around this filter.
X86_64 = {
    "ptrace": 101, "setpgid": 109, "setsid": 112, "pivot_root": 155, "mount": 165, "umount2": 166, "swapon": 167,
    "reboot": 169, "init_module": 175, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272, "perf_event_open": 298, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "mount_setattr": 442,
}  # fmt: skip
AARCH64 = {
    "umount2": 39, "mount": 40, "pivot_root": 41, "unshare": 97, "kexec_load": 104, "init_module": 105, "ptrace": 117,
    "reboot": 142, "setpgid": 154, "setsid": 157, "add_key": 217, "request_key": 218, "keyctl": 219, "swapon": 224,
    "perf_event_open": 241, "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "finit_module": 273, "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "mount_setattr": 442,
}  # fmt: skip
MACHINES = {"x86_64": (0xC000003E, 41, X86_64), "aarch64": (0xC00000B7, 198, AARCH64)}
X32_BIT = 0x40000000


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refuse_system_calls(libc: ctypes.CDLL) -> bool:
    """Install the filter; False on a machine whose numbers we do not know or a kernel without seccomp."""
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    code = filter_program(*machine)
    program = Program(len(code) // 8, code)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def filter_program(architecture: int, socket: int, refused: dict[str, int]) -> bytes:
    """Kill on a foreign architecture, refuse the listed calls and every socket that is not local, allow the rest."""
    steps = [step(LOAD, 4), step(EQUAL, architecture, 1, 0), step(RETURN, KILL), step(LOAD, 0)]
    steps += [step(AT_LEAST, X32_BIT, 0, 1), step(RETURN, EPERM)]
    for number in sorted(refused.values()):
        steps += [step(EQUAL, number, 0, 1), step(RETURN, EPERM)]
    steps += [step(EQUAL, socket, 0, 3), step(LOAD, 16), step(EQUAL, AF_UNIX, 1, 0), step(RETURN, EPERM)]
    steps += [step(RETURN, ALLOW)]
    return b"".join(steps)


def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)

"""Limits that a process sets for itself before it reads what a stranger wrote."""

import ctypes
import os
import platform
import resource
import struct
from contextlib import suppress
from pathlib import Path

__all__ = ["confine"]

_Depending = tuple[tuple[int, int, int, bool], ...]


def confine(*, memory: int, seconds: int, output: int) -> None:
    """From here on: so many bytes and CPU seconds more, no file of over `output` bytes, no new privileges.

    On Linux also no network, no other program or process, and no file written but those that are open. What
    a system cannot limit stays as it is; the other limits hold.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    limits = {
        resource.RLIMIT_CPU: (until, until + 1),  # the first ends it with a signal of its own
        resource.RLIMIT_FSIZE: (output, output),
        resource.RLIMIT_CORE: (0, 0),
    }
    with suppress(OSError):  # the libraries of torch alone may map several GB
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = (mapped + memory, mapped + memory)
    for limit, most in limits.items():
        with suppress(ValueError, OSError):  # lower already, or unknown here
            resource.setrlimit(limit, most)
    calls = _CALLS.get(platform.machine())
    if platform.system() == "Linux" and calls:
        _refuse(*calls)


def _refuse(
    machine: int, refused: tuple[int, ...], depending: tuple[tuple[int, int, int, bool], ...]
) -> None:
    """Have the kernel refuse these calls (seccomp): they fail with EPERM, and what was open goes on."""
    steps = [(_LOAD, 0, 0, _MACHINE), (_EQUAL, 1, 0, machine), (_ANSWER, 0, 0, _ALLOWED)]
    steps += [(_LOAD, 0, 0, _NUMBER), (_AT_LEAST, 0, 1, _OTHER_SYSTEM), (_ANSWER, 0, 0, _NOT_PERMITTED)]
    for number in refused:
        answer = _UNKNOWN if number == _CLONE3 else _NOT_PERMITTED  # threads are then made the older way
        steps += [(_EQUAL, 0, 1, number), (_ANSWER, 0, 0, answer)]
    for number, place, bits, with_bits in depending:
        answers = (_ALLOWED, _NOT_PERMITTED) if with_bits else (_NOT_PERMITTED, _ALLOWED)
        steps += [(_EQUAL, 0, 4, number), (_LOAD, 0, 0, _ARGUMENTS + 8 * place), (_ANY_BIT, 0, 1, bits)]
        steps += [(_ANSWER, 0, 0, answer) for answer in answers]
    steps += [(_ANSWER, 0, 0, _ALLOWED)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    filtered = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    call = ctypes.CDLL(None, use_errno=True).prctl
    call(_NO_NEW_PRIVILEGES, *(ctypes.c_ulong(each) for each in (1, 0, 0, 0)))
    call(_SET_FILTER, ctypes.c_ulong(_FILTER_MODE), filtered, ctypes.c_ulong(0), ctypes.c_ulong(0))


_NO_NEW_PRIVILEGES, _SET_FILTER, _FILTER_MODE = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOWED, _NOT_PERMITTED, _UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026
_NUMBER, _MACHINE, _ARGUMENTS, _CLONE3, _OTHER_SYSTEM = 0, 4, 16, 435, 0x40000000
_WRITING, _THREAD = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0x10000

# By machine: its number in the kernel; the numbers of calls refused, which are socket, connect, fork, vfork,
# clone3, execve, execveat, ptrace, kill, tkill, process_vm_writev, pidfd_getfd, io_uring_setup, bpf, mount,
# openat2, and all that make, name, cut or remove files by name; and those refused with or without certain
# bits in one argument: open and openat when they write, clone when it makes no thread.
_CALLS = {
    "x86_64": (
        0xC000003E,
        (
            *(41, 42, 57, 58, 435, 59, 322, 101, 62, 200, 311, 438, 425, 321, 165, 437),
            *(85, 87, 82, 84, 83, 86, 88, 90, 133, 76, 263, 264, 316, 265, 266, 258, 268, 259),
        ),
        ((2, 1, _WRITING, False), (257, 2, _WRITING, False), (56, 0, _THREAD, True)),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(198, 203, 435, 221, 281, 117, 129, 130, 271, 438, 425, 280, 40, 437),
            *(35, 38, 276, 37, 36, 34, 45, 53, 33),
        ),
        ((56, 2, _WRITING, False), (220, 0, _THREAD, True)),
    ),
}

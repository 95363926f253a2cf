"""A training's kernels keep the memory that a step frees, where the C library would give it back.

A step on a CPU makes tensors and frees them. Linux's usual C library (glibc) has large blocks straight
from the system (mmap) and returns them as soon as they are freed, so every step asks for the same memory
again, and the system fills it with zeros again. `SETTINGS` have it kept instead. What is computed is the
same; a process stays as large as it once was. Elsewhere (macOS, Windows, musl) nothing is set, and
what a person has set wins. `python -m kd_course.commands.bench_memory` measures time and memory.

https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping

# Read by glibc when a process starts: nothing by mmap, and no trimming below 20 GB of free memory.
SETTINGS = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "20000000000"}
OWN = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", *SETTINGS)
TRIM_THRESHOLD, MMAP_MAX = -1, -4  # mallopt's numbers, malloc.h


def settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What to add to the environment of a process that trains; nothing where it would not be right."""
    return dict(SETTINGS) if has_glibc() and not is_set(environment) else {}


def keep_here(environment: Mapping[str, str] = os.environ) -> bool:
    """The same for this process, which has started already; whether it was done."""
    if not settings(environment):
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(MMAP_MAX, 0) and libc.mallopt(TRIM_THRESHOLD, -1))  # -1: never


def is_set(environment: Mapping[str, str]) -> bool:
    """Whether somebody has told glibc's malloc otherwise."""
    return any(name in environment for name in OWN) or "glibc.malloc." in environment.get(
        "GLIBC_TUNABLES", ""
    )


def has_glibc() -> bool:
    """Whether this Python runs on glibc."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, OSError, ValueError):  # another system, another C library
        return False

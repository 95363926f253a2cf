"""Kernels of trainings keep freed memory: on glibc, unless somebody has said otherwise, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from kd_course.commands import allocator, lesson_kernel
from kd_course.commands import run as command

ROOT = Path(__file__).resolve().parents[1]
# What is left of 64 MB that were taken and freed, in MB.
LEFT = """
import sys
from kd_course.commands import allocator
if "here" in sys.argv:
    assert allocator.keep_here()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4 // 1024
before = resident()
block = bytearray(b"x") * (64 << 20)
del block
print(resident() - before)
"""


@pytest.fixture
def glibc(monkeypatch):
    monkeypatch.setattr(os, "confstr", lambda name: "glibc 2.36", raising=False)


def refusing(name):
    raise ValueError("unrecognized configuration name")


def left_of_64_mb(*arguments: str, **environment: str) -> int:
    own = {k: v for k, v in os.environ.items() if not allocator.is_set({k: v})}
    command = [sys.executable, "-c", LEFT, *arguments]
    environment = own | {"PYTHONPATH": str(ROOT)} | environment
    return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not allocator.has_glibc(), reason="the settings are glibc's")
def test_freed_memory_stays_with_the_process_and_only_then():
    assert left_of_64_mb() < 8
    assert left_of_64_mb(**allocator.SETTINGS) >= 60
    assert left_of_64_mb("here") >= 60


def test_on_glibc_both_settings_are_given(glibc):
    assert allocator.settings({"PATH": "x"}) == allocator.SETTINGS


@pytest.mark.parametrize(
    "system", [refusing, lambda name: "", None], ids=["macOS", "musl", "Windows"]
)
def test_elsewhere_nothing_is_set_and_nothing_is_called(system, monkeypatch):
    if system is None:
        monkeypatch.delattr(os, "confstr", raising=False)
    else:
        monkeypatch.setattr(os, "confstr", system, raising=False)
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("a library was loaded"))
    assert allocator.settings({}) == {}
    assert allocator.keep_here({}) is False


@pytest.mark.parametrize(
    "own",
    [
        {"MALLOC_TRIM_THRESHOLD_": "131072"},
        {"MALLOC_MMAP_THRESHOLD_": "65536"},
        {"GLIBC_TUNABLES": "glibc.malloc.mmap_max=64:glibc.pthread.rseq=0"},
    ],
    ids=lambda own: next(iter(own)),
)
def test_what_a_person_has_set_wins(own, glibc):
    assert allocator.settings(own) == {}
    assert allocator.keep_here(own) is False


def test_other_tunables_are_nobodys_word_about_malloc(glibc):
    assert allocator.settings({"GLIBC_TUNABLES": "glibc.pthread.rseq=0"}) == allocator.SETTINGS


def test_the_kernel_of_a_run_gets_them_and_this_process_does_not(glibc, tmp_path, monkeypatch):
    for name in (*allocator.OWN, "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    given = []
    monkeypatch.setattr(
        lesson_kernel.LessonKernel, "execute", lambda self, **options: given.append(options["env"])
    )
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "98_test.ipynb")
    assert command.execute(tmp_path / "98_test.ipynb", tmp_path / "left.ipynb") is None
    (environment,) = given
    assert allocator.SETTINGS.items() <= environment.items()
    assert {k: v for k, v in environment.items() if k not in allocator.SETTINGS} == dict(os.environ)

"""The capstones that lie in solutions/: what the machine says of them, on the brief's own rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from kd_course import capstone

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("folder", "faults"),
    [
        ("brief_a", set()),
        ("brief_a_weak_1", {"seeds", "control"}),
        ("brief_a_weak_2", {"figure", "interval", "opened", "leaks"}),
    ],
)
def test_the_capstones_for_teachers_lose_what_their_page_says(folder, faults):
    verdict = capstone.check_folder(ROOT / "solutions" / "capstone" / folder)
    assert {one.key for one in verdict.findings if not one.passed} - {"latency"} == faults

"""Who gets which file of the package: what teachers alone have, by name, and the rest.

The students' edition of kd_course lacks the rooms for teachers, and of every lesson's room all but
its settings and its part of the ledger: what stands there else holds answers and slips, and a slip
of the course's own exercise is right in some variant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePath

OF_A_LESSON = ("__init__.py", "settings.py", "reference")  # what students get of its room
TEACHERS_ONLY = re.compile(
    r"^(grading|authoring|README\.md|exercises\.py|slips\.py|recorded\.\w+|variants\w*\.py|.*\.pyc)$"
)


def for_teachers(name: PurePath) -> str:
    """The part of a path that makes it one for teachers alone; "" where students get it.

    name: relative to kd_course.
    """
    if name.parts[0] == "lessons" and len(name.parts) > 2 and name.parts[2] not in OF_A_LESSON:
        return name.parts[2]
    return next((part for part in name.parts if TEACHERS_ONLY.match(part)), "")


def package_files(package: Path) -> Mapping[Path, Path]:
    """The students' edition of kd_course: relative path -> file."""
    found = {path.relative_to(package): path for path in sorted(package.rglob("*"))}
    return {name: path for name, path in found.items() if path.is_file() and not for_teachers(name)}

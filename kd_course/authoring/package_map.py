"""The generated table of kd_course/README.md: which lesson uses which module."""

from __future__ import annotations

import ast

from kd_course.authoring.source import ROOT, Lesson, read, sources

PAGE = ROOT / "kd_course" / "README.md"
PACKAGE = PAGE.parent
OF_EVERY_LESSON = "exercises"  # `check`: said once, not in every row


def map_blocks() -> dict[str, str]:
    """The generated blocks by name: "lessons"."""
    return {"lessons": _lessons([read(path) for path in sources()])}


def modules_of(lesson: Lesson) -> list[str]:
    """What a lesson's cells import of the package, as files or folders below kd_course/."""
    found = set()
    for cell in lesson.cells:
        if not cell.is_code:
            continue
        for node in ast.walk(ast.parse(_plain(cell.source))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kd_course"):
                for alias in node.names:
                    found.add(_place(f"{node.module}.{alias.name}"))
    return sorted(place for place in found if not place.startswith(OF_EVERY_LESSON))


def _plain(source: str) -> str:
    """Without IPython's own lines."""
    return "\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n"))


def _place(name: str) -> str:
    """The file, or the folder with a slash, that holds what is imported by a dotted name."""
    parts = name.split(".")[1:]
    for end in range(len(parts), 0, -1):
        path = PACKAGE.joinpath(*parts[:end])
        if path.with_suffix(".py").is_file():
            return path.with_suffix(".py").relative_to(PACKAGE).as_posix()
        if path.is_dir():
            return path.relative_to(PACKAGE).as_posix() + "/"
    raise ValueError(f"{name}: no module of the package holds it")


def _lessons(lessons: list[Lesson]) -> str:
    rows = ["| lesson | its room | what it imports |", "| --- | --- | --- |"]
    for lesson in lessons:
        used = ", ".join(f"[{_shown(place)}]({place})" for place in modules_of(lesson))
        room = f"lessons/lesson{lesson.number}"
        rows.append(
            f"| {lesson.number} [{lesson.title}](../solutions/{lesson.slug}.py) | "
            f"[{room}]({room}/) | {used} |"
        )
    return "\n".join(rows)


def _shown(place: str) -> str:
    return place.removesuffix(".py").rstrip("/").replace("/", ".")

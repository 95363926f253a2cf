"""The README's generated tables: filled from the lessons' heads and the ledger, never typed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from kd_course import experiments
from kd_course.authoring import picture
from kd_course.authoring.source import ROOT, Lesson, read, sources
from kd_course.settings import SCALES
from kd_course.storage import write_whole

# What a reader wants to know of a run: these figures, where a lesson measures them.
HEADLINE = (
    ("teacher", "teacher/accuracy"),
    ("student", "distilled/accuracy"),
    ("control", "control/accuracy"),
)
HEADLINES = {  # of lessons whose arms are others
    "04": (
        ("taught by a teacher", "teacher/accuracy"),
        ("by the truth", "truth/accuracy"),
        ("by labels", "control/accuracy"),
    ),
}


def readme_blocks() -> dict[str, str]:
    """The generated blocks by name: "picture", "syllabus" and "training"."""
    lessons = [read(path) for path in sources()]
    shown = f"![{picture.text_alternative()}]({picture.PICTURE.relative_to(ROOT).as_posix()})"
    return {"picture": shown, "syllabus": _syllabus(lessons), "training": _training(lessons)}


def fill(readme: Path = ROOT / "README.md") -> bool:
    """Draw the picture, write the blocks between their <!-- begin:NAME --> and <!-- end:NAME -->; True when that changed them."""
    picture.draw()
    text = readme.read_text(encoding="utf-8")
    new = filled(text, readme_blocks())
    if new != text:
        write_whole(readme, lambda path: path.write_text(new, encoding="utf-8"))
    return new != text


def filled(text: str, blocks: dict[str, str]) -> str:
    """The text with every block it has a place for. Raises KeyError for a place without a block."""

    def fill_one(match: re.Match) -> str:
        name = match[1]
        if name not in blocks:
            raise KeyError(f"README.md has a block {name!r}; there are {', '.join(blocks)}")
        return f"<!-- begin:{name} -->\n{blocks[name]}\n<!-- end:{name} -->"

    return re.sub(r"<!-- begin:([\w-]+) -->.*?<!-- end:\1 -->", fill_one, text, flags=re.S)


def _syllabus(lessons: list[Lesson]) -> str:
    rows = [
        (
            lesson.number,
            f"[{lesson.title}](notebooks/{lesson.slug}.ipynb)",
            _first_words(lesson.head_entry("Minutes")),
            lesson.head_entry("You need").rstrip("."),
        )
        for lesson in lessons
    ]
    return _table(("#", "lesson", "minutes", "you need"), rows)


def _training(lessons: list[Lesson]) -> str:
    ledger = experiments.ledger()
    rows = []
    for lesson in lessons:
        runs = [run for run in ledger.runs_of(lesson.number) if run["figures"]]
        ways = sorted({(SCALES.index(run["scale"]), run["dataset"]) for run in runs})
        for scale, dataset in ways:
            where = f"`{SCALES[scale]}`" + (f", {dataset}" if dataset else "")
            columns = [
                _time_and_result(run)
                for device in ("CPU", "GPU")
                for run in [_pick(runs, SCALES[scale], dataset, device)]
            ]
            rows.append((f"{lesson.number} {lesson.title}", where, *columns))
    return _table(("lesson", "scale", "laptop, two cores", "GPU"), rows)


def _pick(runs: list[dict], *key: str) -> dict | None:
    found = [run for run in runs if (run["scale"], run["dataset"], run["device"]) == key]
    return found[0] if found else None


def _time_and_result(run: dict | None) -> str:
    if run is None:
        return "not measured"
    shown = [
        f"{name} {100 * np.mean(list(run['figures'][figure]['values'].values())):.1f} %"
        for name, figure in HEADLINES.get(run["lesson"], HEADLINE)
        if figure in run["figures"]
    ]
    minutes = run.get("minutes")
    shown_time = "time not measured" if minutes is None else f"{minutes:.1f} min"
    return "; ".join(filter(None, [", ".join(shown), shown_time]))


def _first_words(text: str) -> str:
    return re.split(r"[:.;,(]", text, maxsplit=1)[0].strip()


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = [[text.replace("|", "\\|") for text in row] for row in rows]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)

"""The generated tables of the README and of docs/: filled from the lessons and the ledger, never typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from kd_course import experiments, metrics
from kd_course.authoring import bench_block, package_map, picture
from kd_course.authoring.source import ROOT, Lesson, read, sources
from kd_course.exercises import catalogue
from kd_course.exercises.spec import Exercise
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
    "06": (
        *HEADLINE,
        ("student with more text", "distilled, more text/accuracy"),
        ("with hard answers to it", "hard answers/accuracy"),
    ),
    "07": (
        ("teacher (BLEU, greedy)", "teacher/BLEU, greedy"),
        ("sequence-level", "sequence-level/BLEU, greedy"),
        ("control", "control/BLEU, greedy"),
        ("with a beam: sequence-level", "sequence-level/BLEU, beam"),
        ("word-level", "word-level/BLEU, beam"),  # which is ahead differs from data to data
    ),
    "08": (
        ("teacher (F1)", "teacher/F1"),
        ("distilled", "distilled/F1"),
        ("control", "control/F1"),
    ),
    "09": (
        ("teacher (F1)", "teacher/F1"),
        ("attention", "attention/F1"),
        ("soft targets", "soft targets/F1"),
        ("labels", "labels/F1"),
        ("few labels (accuracy): distilled first", "distilled first, few labels/accuracy"),
        ("fine-tuned alone", "fine-tuned, few labels/accuracy"),
        ("fine-tuned as long", "fine-tuned longer, few labels/accuracy"),
    ),
    "10": (
        ("teacher", "teacher/accuracy"),
        ("distilled", "distilled/accuracy"),
        ("mutual", "mutual/accuracy"),
        ("control", "control/accuracy"),
    ),
    "11": (
        ("teacher, on new ground", "teacher/target accuracy"),
        ("student asked there", "target text/target accuracy"),
        ("asked at home", "source text/target accuracy"),
        ("control", "control/target accuracy"),
    ),
    "13": (
        ("teacher, reads the text", "teacher/accuracy"),
        ("distilled, sees or hears it", "distilled/accuracy"),
        ("control", "control/accuracy"),
    ),
    "14": (
        ("teacher (valid share)", "teacher/valid share"),
        ("reverse KL, own prefixes", "reverse KL, own prefixes/valid share"),
        ("forward KL", "forward KL/valid share"),
        ("control (labels)", "labels/valid share"),
    ),
    "15": (
        ("method within 100 kB", "method/accuracy"),
        ("control", "control/accuracy"),
        ("answers dealt out", "answers dealt out/accuracy"),
    ),
    "12": (
        ("full", "full/accuracy"),
        ("distilled at 2 bits", "2 bits, distilled/accuracy"),
        ("labels at 2 bits", "2 bits, labels/accuracy"),
        ("2 bits with a better scale", "2 bits, fitted/accuracy"),
        ("2 bits as they are", "2 bits/accuracy"),
    ),
}
DEVICES = {"CPU": "laptop, two cores", "GPU": "GPU"}  # as the ledger and the table call them

TEACHING = ROOT / "docs" / "teaching.md"
THROUGHPUT = ROOT / "kd_course" / "grading" / "throughput.json"
# Plans for a class: the lessons of each week.
PLANS = {
    "weeks-5": ("00 01", "02", "03", "05 06", "15"),
    "weeks-10": ("00 01", "02", "03", "04", "05", "06", "07", "12", "14", "15"),
    "weeks-15": (
        *("00 01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14"),
        "15",
    ),
}


def readme_blocks() -> dict[str, str]:
    """The generated blocks by name: "picture", "syllabus" and "training"."""
    lessons = [read(path) for path in sources()]
    shown = f"![{picture.text_alternative()}]({picture.PICTURE.relative_to(ROOT).as_posix()})"
    return {"picture": shown, "syllabus": _syllabus(lessons), "training": _training(lessons)}


def fill(
    readme: Path = ROOT / "README.md",
    teaching: Path = TEACHING,
    package: Path = package_map.PAGE,
    engineers: Path = bench_block.PAGE,
) -> bool:
    """Draw the picture, write the blocks between their <!-- begin:NAME --> and <!-- end:NAME -->; True when that changed them."""
    picture.draw()
    changed = False
    pages = (
        (readme, readme_blocks),
        (teaching, teaching_blocks),
        (package, package_map.map_blocks),
        (engineers, bench_block.blocks),
    )
    for page, blocks in pages:
        text = page.read_text(encoding="utf-8")
        new = filled(text, blocks())
        if new != text:
            write_whole(page, lambda path, new=new: path.write_text(new, encoding="utf-8"))
            changed = True
    return changed


def filled(text: str, blocks: dict[str, str]) -> str:
    """The text with every block it has a place for. Raises KeyError for a place without a block."""

    def fill_one(match: re.Match) -> str:
        name = match[1]
        if name not in blocks:
            raise KeyError(f"a page has a block {name!r}; there are {', '.join(blocks)}")
        return f"<!-- begin:{name} -->\n{blocks[name]}\n<!-- end:{name} -->"

    return re.sub(r"<!-- begin:([\w-]+) -->.*?<!-- end:\1 -->", fill_one, text, flags=re.S)


def _syllabus(lessons: list[Lesson]) -> str:
    rows = [
        (
            lesson.number,
            f"[{lesson.title}](notebooks/{lesson.slug}.ipynb)",
            _first_words(lesson.head_entry("Minutes")),
            re.sub(
                r"\]\((\d\d_\w+\.ipynb)\)", r"](notebooks/\1)", lesson.head_entry("You need")
            ).rstrip("."),
        )
        for lesson in lessons
    ]
    return _table(("#", "lesson", "minutes", "you need"), rows)


def teaching_blocks() -> dict[str, str]:
    """The generated blocks of the page for teachers: "hours", "throughput", and one a plan of weeks."""
    lessons = {lesson.number: lesson for lesson in map(read, sources())}
    blocks = {"hours": _hours(list(lessons.values())), "throughput": _throughput()}
    for name, weeks in PLANS.items():
        blocks[name] = _weeks([week.split() for week in weeks], lessons)
    return blocks


def _throughput() -> str:
    """How fast `grade` was, as kd_course.grading.throughput has recorded it."""
    kept = json.loads(THROUGHPUT.read_text(encoding="utf-8"))
    in_a_class = kept["nbgrader"] / kept["ratio_in_a_class"]
    rows = [
        ("nbgrader's autograde", f"{kept['nbgrader']:.1f}", ""),
        ("`grade`, loading torch included", f"{kept['grade']:.1f}", f"{kept['ratio']:.1f}"),
        (
            "`grade` in a class, where torch is loaded once for everybody",
            f"{in_a_class:.1f}",
            f"{kept['ratio_in_a_class']:.1f}",
        ),
    ]
    versions = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    about = (
        f"{kept['students']} submissions, one after the other, {kept['date']}: {kept['hardware']}, "
        f"load {kept['load']} before it began; {versions}."
    )
    return _table(("", "seconds a submission", "times as fast"), rows) + f"\n\n{about}"


def _hours(lessons: list[Lesson]) -> str:
    rows = [
        (
            lesson.number,
            _linked(lesson),
            str(_minutes(lesson)),
            str(len(_exercises(lesson))),
            str(_points([lesson])),
        )
        for lesson in lessons
    ]
    total = f"{sum(map(_minutes, lessons)) / 60:.1f} hours"
    rows.append(
        ("", "all", total, str(sum(len(_exercises(x)) for x in lessons)), str(_points(lessons)))
    )
    return _table(("#", "lesson", "minutes", "exercises", "points"), rows)


def _weeks(weeks: list[list[str]], lessons: dict[str, Lesson]) -> str:
    rows = []
    for number, week in enumerate(weeks, start=1):
        read_then = [lessons[lesson] for lesson in week]
        shown = "; ".join(f"{lesson.number} {_linked(lesson)}" for lesson in read_then)
        hours = f"{sum(map(_minutes, read_then)) / 60:.1f}"
        rows.append((str(number), shown, hours, str(_points(read_then))))
    return _table(("week", "lesson", "hours", "hand in"), rows)


def _linked(lesson: Lesson) -> str:
    return f"[{lesson.title}](../notebooks/{lesson.slug}.ipynb)"


def _minutes(lesson: Lesson) -> int:
    return int(re.search(r"\d+", lesson.head_entry("Minutes"))[0])


def _exercises(lesson: Lesson) -> tuple[Exercise, ...]:
    return catalogue.of_lesson(lesson.number) if lesson.number in catalogue.lessons() else ()


def _points(lessons: list[Lesson]) -> int:
    return sum(exercise.points for lesson in lessons for exercise in _exercises(lesson))


def _training(lessons: list[Lesson]) -> str:
    """A row for each lesson, scale and data set of the ledger, a column for each kind of device.

    The column of GPUs is there once the ledger holds a run on one.
    """
    ledger = experiments.ledger()
    runs = {
        lesson: [run for run in ledger.runs_of(lesson.number) if run["figures"]]
        for lesson in lessons
    }
    on_a_gpu = any(run["device"] == "GPU" for own in runs.values() for run in own)
    devices = DEVICES if on_a_gpu else {"CPU": DEVICES["CPU"]}
    rows = []
    for lesson, own in runs.items():
        ways = sorted({(SCALES.index(run["scale"]), run["dataset"]) for run in own})
        for scale, dataset in ways:
            measured_on = {
                run["sample"]
                for run in own
                if "sample" in run and (run["scale"], run["dataset"]) == (SCALES[scale], dataset)
            }
            where = ", ".join(filter(None, [f"`{SCALES[scale]}`", dataset, *sorted(measured_on)]))
            columns = [
                _time_and_result(_pick(own, SCALES[scale], dataset, device)) for device in devices
            ]
            rows.append((f"{lesson.number} {lesson.title}", where, *columns))
    return _table(("lesson", "scale", *devices.values()), rows)


def _pick(runs: list[dict], *key: str) -> dict | None:
    found = [run for run in runs if (run["scale"], run["dataset"], run["device"]) == key]
    return found[0] if found else None


def _time_and_result(run: dict | None) -> str:
    if run is None:
        return "not measured"
    shown = [
        f"{name} {_figure(figure, run['figures'][figure]['values'])}"
        for name, figure in HEADLINES.get(run["lesson"], HEADLINE)
        if figure in run["figures"]
    ]
    minutes = run.get("minutes")
    shown_time = "time not measured" if minutes is None else f"{minutes:.1f} min"
    return "; ".join(filter(None, [", ".join(shown), shown_time]))


def _figure(name: str, values: dict[str, float]) -> str:
    """A figure's mean over seeds: a share in percent, BLEU as it is, from 0 to 100."""
    return metrics.shown(float(np.mean(list(values.values()))), name, percent=True)


def _first_words(text: str) -> str:
    return re.split(r"[:.;,(]", text, maxsplit=1)[0].strip()


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    cells = [[text.replace("|", "\\|") for text in row] for row in rows]
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)

"""report.json: what a capstone claims, and what the claim rests on; written as the work goes.

    report = start("A", "capstone")      begin, or go on
    report.tried(…)                      every tuning trial, counted
    report.open_test()                   once, when everything is chosen
    report.claim("…")                    the figures, computed from the answers, and a sentence

Every call writes the whole file or nothing, so that what was counted stays counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kd_course.capstone import model_files
from kd_course.capstone.briefs import Brief, Row, brief
from kd_course.capstone.model_folder import WEIGHTS, Refused, digest, read_plain
from kd_course.capstone.recomputed import figures, pack, timing_questions, towards_goal
from kd_course.capstone.schema import FORMAT, NotReadable, checked
from kd_course.capstone.trained_texts import (
    LARGEST,
    TRAINED,
    digest_of,
    digest_of_rows,
    read_trained,
)
from kd_course.storage import write_whole
from kd_course.text_files import as_list

REPORT, MODEL = "report.json", "model"


@dataclass
class Report:
    """A report in its folder. folder/report.json holds what `told` holds."""

    folder: Path
    told: dict[str, Any]

    @property
    def brief(self) -> Brief:
        return brief(self.told["brief"])

    # -- before the test is opened ------------------------------------------------------------

    def arm(
        self,
        name: str,
        *,
        what: str,
        teacher: str,
        recipe: dict[str, Any],
        steps: int,
        rows: int,
        labels: int,
    ) -> None:
        """Declare an arm: "method" and "control" must be there, others are welcome.

        what: in a sentence. teacher: "" where there is none. recipe: plain values. steps: of the
        optimiser in a final run. rows: that a run reads from, with labels or without; labels: how
        many of them bear one that a person gave.
        """
        self.told["arms"][name] = {
            "what": what,
            "teacher": teacher,
            "recipe": dict(recipe),
            "steps": steps,
            "rows": rows,
            "labels": labels,
        }
        self._save()

    def tried(
        self,
        arm: str,
        recipe: dict[str, Any],
        *,
        validation: float,
        steps: int,
        rows: int,
        seed: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Count one tuning trial. validation: the brief's figure on validation rows, 0 … 100."""
        self.told["trials"].append(
            {
                "arm": arm,
                "recipe": dict(recipe),
                "seed": seed,
                "steps": steps,
                "rows": rows,
                "validation": round(float(validation), 4),
                "seconds": round(float(seconds), 2),
            }
        )
        self._save()

    def trained_on(self, texts: Iterable[str]) -> int:
        """Write down which texts some arm learns from, its transfer text too; returns how many now.

        Kept as digests of the `normalised` texts in training_rows.txt, one a line. Pairs count by
        their source, questions by their passage.
        """
        known = set(read_trained(self.folder)) | {digest_of(t) for t in as_list(texts, "texts")}
        lines = "".join(f"{line}\n" for line in sorted(known))
        write_whole(self.folder / TRAINED, lambda path: path.write_text(lines, encoding="ascii"))
        return len(known)

    def keep_model(self, model: Any, tokenizer: Any, *, seed: int, int8: bool = False) -> int:
        """Write the model that is handed in, the method's of this seed; returns its bytes on disk."""
        size = model_files.write_model(
            self.folder / MODEL, model, tokenizer, self.brief.task, int8=int8
        )
        weights = (self.folder / MODEL / WEIGHTS).read_bytes()
        self.told["model"] = {
            "seed": seed,
            "bytes": size,
            "sha256": digest(weights),
        }
        self._save()
        return size

    # -- the test -----------------------------------------------------------------------------

    def open_test(self, limit: int | None = None) -> list[Row]:
        """The test rows; the report says from now on that they were looked at, and when.

        limit: the first so many, for a test of the path. Opening it again is written down, too: what
        is chosen after a look at the test is chosen on the test. ValueError where no model was saved.
        """
        if not self.told["model"]:
            raise ValueError(
                "the test is opened when everything is chosen: save the model first "
                "(capstone.save_model)"
            )
        rows = self.brief.test(self.told["test_seed"])[:limit]
        self.told["test_openings"].append(
            {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "rows": len(rows),
                "digest": digest_of_rows(rows),
                "model": self.told["model"]["sha256"],
            }
        )
        self._save()
        return rows

    def answered(self, arm: str, seed: int, answers: Sequence[Any], *, seconds: float) -> None:
        """Keep what one run of an arm answered to the test rows. seconds: that the run trained.

        Answers of an arm and seed that are there already are replaced.
        Raises ValueError before the test was opened, and for another number of answers.
        """
        if not self.told["test_openings"]:
            raise ValueError("the test is not open yet: report.open_test() gives its rows")
        there = self.told["test_openings"][-1]["rows"]
        if len(answers) != there:
            raise ValueError(f"answers must have one entry a row, {there}, but has {len(answers)}")
        runs = [r for r in self.told["runs"] if (r["arm"], r["seed"]) != (arm, seed)]
        kept = {
            "arm": arm,
            "seed": seed,
            "seconds": round(float(seconds), 2),
            "answers": pack(self.brief, answers),
        }
        self.told["runs"] = [*runs, kept]
        self._save()

    def measure(self, model: Any, tokenizer: Any) -> dict[str, Any]:
        """Time the model beside its teacher, on no test row: {"ms", "teacher_ms", "ratio"}; kept.

        Give it what `load_model` gives, for that is what is handed in.
        """
        times = timed(self.brief, model, tokenizer)
        ratio = times["ms"] / times["teacher_ms"]
        self.told["latency"] = {
            **{name: round(value, 3) for name, value in times.items()},
            "ratio": f"{ratio:.2f}",
        }
        self._save()
        return dict(self.told["latency"])

    def towards_goal(self, rows: Sequence[Row], answers: Sequence[Any]) -> float:
        """One model's figure as the brief's goal counts it, 0 … 100: copies are worth nothing.

        Copies are headlines that stand twice in the answers, and those that `trained_on` was given.
        On validation rows it says before the test whether the goal is in reach.
        """
        return towards_goal(self.brief, rows, answers, read_trained(self.folder))

    # -- the claim ----------------------------------------------------------------------------

    def claim(self, sentence: str, *, decimals: int = 1) -> dict[str, str]:
        """Compute the figures from the answers, state them to so many decimals, and keep the sentence.

        Raises ValueError where method and control were not run with the same seeds.
        """
        rows = self.brief.test(self.told["test_seed"])
        if self.told["test_openings"]:
            rows = rows[: self.told["test_openings"][-1]["rows"]]
        found = figures(self.brief, rows, self.told["runs"])
        stated = {name: f"{value:.{decimals}f}" for name, value in found.items()}
        self.told["claim"] = {"figure": self.brief.figure, **stated, "sentence": sentence}
        self._save()
        return dict(self.told["claim"])

    def say(
        self,
        *,
        question: str | None = None,
        tradeoff: str | None = None,
        limits: str | None = None,
        failed: Sequence[str] | None = None,
    ) -> None:
        """What the rubric's reader looks for. failed: attempts that came to nothing, one a line."""
        given = {"question": question, "tradeoff": tradeoff, "limits": limits}
        self.told["words"] |= {name: text for name, text in given.items() if text is not None}
        if failed is not None:
            self.told["words"]["failed"] = list(failed)
        self._save()

    def _save(self) -> None:
        told = checked(self.told)
        text = json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        target = self.folder / REPORT
        write_whole(target, lambda path: path.write_text(text, encoding="utf-8"))


def timed(brief: Brief, model: Any, tokenizer: Any) -> dict[str, float]:
    """How long a model and its teacher take for one row, in turns, on no test row: {"ms", "teacher_ms"}.

    For comparing candidates before the test. Give it what `load_model` gives.
    """
    from kd_course.capstone import answering

    teacher, reads = model_files.build(model_files.teacher_files(brief), brief.task)
    questions = timing_questions(brief)
    return answering.latencies(
        (model, tokenizer), (teacher, reads or tokenizer), brief.task, questions
    )


def start(
    key: str, folder: str | Path, *, author: str = "", test_seed: int | None = None
) -> Report:
    """Begin a report, or go on with the one that the folder holds.

    key: of a brief. test_seed: another one than the brief's, for a rehearsal; such a report says so
    and does not pass. Raises ValueError where the folder's report is of another brief or other rows,
    and for a test_seed where the data have one test split.
    """
    chosen, folder = brief(key), Path(folder)
    if chosen.test_seed is None and test_seed is not None:
        raise ValueError(
            f"test_seed must be None for brief {key}: its data have one test split, and a rehearsal "
            f"would read it. Rehearse on validation rows"
        )
    seed = chosen.test_seed if test_seed is None else test_seed
    if (folder / REPORT).exists():
        report = read_report(folder)
        if (report.told["brief"], report.told["test_seed"]) != (key, seed):
            raise ValueError(
                f"{folder / REPORT} is of brief {report.told['brief']} with test rows of seed "
                f"{report.told['test_seed']}: choose another folder, or go on with that one"
            )
        return report
    report = Report(
        folder,
        {
            "format": FORMAT,
            "brief": key,
            "author": author,
            "test_seed": seed,
            "arms": {},
            "trials": [],
            "test_openings": [],
            "runs": [],
            "model": {},
            "latency": {},
            "claim": {},
            "words": {"question": "", "tradeoff": "", "limits": "", "failed": []},
        },
    )
    report._save()
    return report


def read_report(folder: str | Path) -> Report:
    """The report of a folder. Raises NotReadable, a ValueError that says what is wrong with it."""
    folder = Path(folder)
    try:
        data = read_plain(folder / REPORT, LARGEST)
    except Refused as why:
        raise NotReadable(str(why)) from None
    return Report(folder, parsed(data))


def parsed(data: bytes) -> dict[str, Any]:
    """What the bytes of a report.json say. Raises NotReadable."""
    try:
        told = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except NotReadable:
        raise
    except (ValueError, RecursionError) as error:
        raise NotReadable(f"{REPORT} is no whole JSON ({str(error)[:120]})") from None
    return checked(told)


def _refuse_constant(text: str) -> Any:
    raise NotReadable(f"{REPORT} holds {text}, which is no number: a figure was not computed")

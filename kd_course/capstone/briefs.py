"""What may be built: the briefs, their budgets, and the rows that each is judged on.

A budget has three numbers: bytes on disk, milliseconds (as a share of what the teacher takes, since
machines differ), and minutes of training. A brief may have a goal besides.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

CLASSES, TRANSLATION, ANSWERS, HEADLINES = "classes", "translation", "answers", "headlines"
Row = dict[str, Any]


@dataclass(frozen=True)
class Budget:
    """What a model may cost.

    size: bytes on disk of everything it needs to answer, its tokenizer included. latency: its time a
    row, over the teacher's, both measured in turns on one machine at batch 1. minutes: of training,
    for one final run. goal: the least that the brief's figure must reach, where a text that is written
    again, or was trained on, counts as nothing; None where the brief asks for none.
    """

    size: int
    latency: float
    minutes: float
    goal: float | None = None


@dataclass(frozen=True)
class Brief:
    """One task: a teacher, a budget, a figure.

    task: which kind of answers it asks for. figure: its name; in per cent. test_seed: draws the test
    rows; None where the data have one test split. needs: the module that its data come from.
    """

    key: str
    title: str
    scale: str
    task: str
    teacher: str
    figure: str
    budget: Budget
    test_rows: int
    test_seed: int | None
    needs: str

    def __str__(self) -> str:
        from tabulate import tabulate

        budget = self.budget
        rows = [
            ("brief", f"{self.key}: {self.title}"),
            ("scale", self.scale),
            ("teacher", self.teacher),
            ("figure", f"{self.figure}, 0 … 100, on {self.test_rows} test rows"),
            ("bytes on disk", f"at most {budget.size:,}"),
            ("time a row, over the teacher's", f"at most {budget.latency:g}"),
            ("minutes of training, one run", f"at most {budget.minutes:g}"),
        ]
        if budget.goal is not None:
            rows.append(("goal", f"{self.figure} of at least {budget.goal:g}, copies not counted"))
        return tabulate(rows, tablefmt="plain", disable_numparse=True)

    def data(self) -> DatasetDict:
        """Everything but the test: train and validation, and unlabelled text where there is any.

        Raises HubError where the data are the hub's and cannot be had, ValueError where their test
        split has fewer rows than the brief: before anything is trained that could not be tested.
        """
        data = self._loaded(self.test_seed, with_test=False)
        return type(data)({name: rows for name, rows in data.items() if "test" not in name})

    def test(self, seed: int | None = None) -> list[Row]:
        """The test rows. A report opens them with `open_test`, which writes down that it has.

        seed: another one than the brief's own, for a rehearsal. It has no say where there is one
        test split. Raises as `data` does.
        """
        data = self._loaded(self.test_seed if seed is None else seed, with_test=True)
        rows = data["test_new_names" if self.task == ANSWERS else "test"]
        self._refuse_fewer(len(rows))
        return _plain_rows(rows.select(range(self.test_rows)), self.task)

    def _loaded(self, test_seed: int | None, *, with_test: bool) -> DatasetDict:
        """The data with no test rows, or with nothing else: rows that nobody asks for cost time."""
        if self.scale != "offline":
            return self._from_the_hub()
        corpus = self.corpus()
        test = "test_new_names" if self.task == ANSWERS else "test"
        count = self.test_rows // corpus.QUESTIONS if self.task == ANSWERS else self.test_rows
        if with_test:
            sizes = dict.fromkeys(corpus.SIZES, 0) | {test: count}
        else:
            sizes = {name: 0 for name in corpus.SIZES if "test" in name}
        return corpus.load(0, sizes=sizes, test_seed=test_seed)

    def _from_the_hub(self) -> DatasetDict:
        """All splits, with no text of the test in the others.

        Whoever made the splits has left a few sentences in two of them. Nobody who may not look at
        the test could take them out.
        """
        from kd_course.downloads import OFFLINE, HubError

        try:
            data = self.corpus().load_dataset(_FINANCIAL_PHRASEBANK)
        except HubError as error:
            way_on = f"or take another brief: {self.key} needs the hub at every scale."
            raise HubError(str(error).replace(OFFLINE, way_on)) from error
        self._refuse_fewer(len(data["test"]))
        tested = {normalised(text) for text in data["test"]["text"]}
        for name in ("train", "validation"):
            texts = data[name]["text"][:]
            data[name] = data[name].select(
                [i for i, text in enumerate(texts) if normalised(text) not in tested]
            )
        return data

    def _refuse_fewer(self, rows: int) -> None:
        if rows < self.test_rows:
            raise ValueError(
                f"there are {rows} test rows, but brief {self.key} is judged on {self.test_rows}: "
                f"what was loaded is not the data set that the brief means"
            )

    @property
    def labelled(self) -> int | None:
        """How many rows with a label there are to learn from; None where the data set says so itself."""
        if self.scale != "offline":
            return None
        corpus = self.corpus()
        return corpus.SIZES["train"] * (corpus.QUESTIONS if self.task == ANSWERS else 1)

    def rows(self, split: Dataset) -> list[Row]:
        """Rows of a split that `data` gives, as `answers` and `scores` read them; `test` gives the same kind."""
        return _plain_rows(split, self.task)

    def corpus(self) -> Any:
        """The module of the data; ModuleNotFoundError that says which lesson brings a missing one."""
        try:
            return importlib.import_module(self.needs)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"brief {self.key} needs {self.needs}, which comes with lesson 14 and is not in "
                f"this edition of the course: choose another brief",
                name=error.name,
            ) from error


_FINANCIAL_PHRASEBANK = "atrost/financial_phrasebank"
_MB = 1_000_000
_ALL = (
    Brief(
        key="A",
        title="a news classifier in 100 kB",
        scale="offline",
        task=CLASSES,
        teacher="news",
        figure="accuracy",
        budget=Budget(size=100_000, latency=0.75, minutes=2),
        test_rows=2_000,
        test_seed=1115,
        needs="kd_course.corpora.news",
    ),
    Brief(
        key="B",
        title="a translator at two thirds of its teacher's time",
        scale="offline",
        task=TRANSLATION,
        teacher="translation",
        figure="right",
        budget=Budget(size=2 * _MB, latency=0.65, minutes=20),
        test_rows=400,
        test_seed=1115,
        needs="kd_course.corpora.parallel",
    ),
    Brief(
        key="C",
        title="a reader for new names",
        scale="offline",
        task=ANSWERS,
        teacher="reading",
        figure="F1",
        budget=Budget(size=3 * _MB, latency=0.75, minutes=10),
        test_rows=500,
        test_seed=1115,
        needs="kd_course.corpora.reading",
    ),
    Brief(
        key="D",
        title="headlines that are 40 % valid",
        scale="offline",
        task=HEADLINES,
        teacher="headlines",
        figure="valid",
        budget=Budget(size=600_000, latency=0.75, minutes=5, goal=40.0),
        test_rows=600,
        test_seed=1115,
        needs="kd_course.corpora.headlines",
    ),
    Brief(
        key="E",
        title="Financial PhraseBank within 10 MB",
        scale="small",
        task=CLASSES,
        teacher="sentence-transformers/all-MiniLM-L6-v2",
        figure="accuracy",
        budget=Budget(size=10 * _MB, latency=0.4, minutes=20),
        test_rows=900,
        test_seed=None,
        needs="kd_course.corpora.hub",
    ),
)
BRIEFS: Mapping[str, Brief] = {brief.key: brief for brief in _ALL}


def brief(key: str) -> Brief:
    """The brief of a letter. Raises KeyError that lists them."""
    if key not in BRIEFS:
        listed = "; ".join(f"{one.key}, {one.title}" for one in _ALL)
        raise KeyError(f"there is no brief {key!r}; there are {listed}")
    return BRIEFS[key]


def normalised(text: str) -> str:
    """Words and figures alone, in lower case, one space between them: what makes two texts the same."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _plain_rows(rows: Dataset, task: str) -> list[Row]:
    """Rows with `text`, by which they are told apart, and what scoring them takes."""
    if task == TRANSLATION:
        return [{"text": pair["en"]} for pair in rows["translation"]]
    if task == ANSWERS:
        columns = zip(rows["question"], rows["context"], rows["answers"], strict=True)
        return [
            {"text": context, "question": question, "answers": list(answers["text"])}
            for question, context, answers in columns
        ]
    return [
        {"text": text, "label": int(label)}
        for text, label in zip(rows["text"], rows["label"], strict=True)
    ]


def asked(task: str, rows: Sequence[Row]) -> list[Any]:
    """What a model is asked of every row, and no more: no label, no answer."""
    if task == HEADLINES:
        return [row["label"] for row in rows]
    if task == ANSWERS:
        return [[row["question"], row["text"]] for row in rows]
    return [row["text"] for row in rows]


def scores(brief: Brief, rows: Sequence[Row], answers: Sequence[Any]) -> np.ndarray:
    """(rows,): what each answer is worth, 0 … 1; the brief's figure is their mean, times 100.

    answers: classes as numbers; translations, answers and headlines as texts.
    Raises ValueError for another number of answers than rows.
    """
    from kd_course import metrics

    if len(answers) != len(rows):
        raise ValueError(f"answers must have one entry a row, {len(rows)}, but has {len(answers)}")
    if brief.task == CLASSES:
        right = [answer == row["label"] for answer, row in zip(answers, rows, strict=True)]
        return np.array(right, dtype=np.float64)
    if brief.task == ANSWERS:
        return metrics.f1(list(answers), [row["answers"] for row in rows])
    corpus = brief.corpus()
    if brief.task == HEADLINES:
        possible = corpus.log_truth(list(answers), [row["label"] for row in rows])
    else:
        pairs = zip(rows, answers, strict=True)
        possible = np.array([corpus.log_probability(row["text"], zh) for row, zh in pairs])
    return np.isfinite(possible).astype(np.float64)


def clusters(brief: Brief, rows: Sequence[Row]) -> list[str] | None:
    """What each row belongs to, where rows hang together: questions about one passage."""
    return [row["text"] for row in rows] if brief.task == ANSWERS else None

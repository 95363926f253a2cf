"""How the ranking teacher is made: the reading teacher learns to say which passage answers a question.

It reads question and passage together and gives one logit. Each question comes with its passage and
the wrong ones that share the most words with it, and the right one is to have the highest logit. No
other passage of its library answers it: one that does would be called wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from kd_course.experiments import Report

LENGTH = 256  # tokens of question and passage; every one of the corpus fits


@dataclass(frozen=True)
class TeacherRecipe:
    """All that decides what the teacher becomes."""

    start: str  # the teacher that ships whose encoder it begins with
    level: str  # of the reading corpus
    libraries: int  # of the private corpus, which shares no passage with what a lesson loads
    passages: int  # of each library
    candidates: int  # passages of its library that one question is compared with
    steps: int
    learning_rate: float
    batch_size: int  # questions of a step
    seed: int = 0


RECIPE = TeacherRecipe(
    start="reading",
    level="plain",
    libraries=10,
    passages=300,
    candidates=4,
    steps=1_600,
    learning_rate=5e-4,
    batch_size=6,
)


def fit(
    recipe: TeacherRecipe, scratch: Path, *, quiet: bool = False
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, list[dict]]:
    """The trained cross-encoder, its tokenizer, and its curve. scratch is not needed: it is soon done."""
    import numpy as np
    import torch
    from tqdm.auto import tqdm
    from transformers import get_linear_schedule_with_warmup, set_seed

    from kd_course import retrieval

    rows = [pair for library in range(recipe.libraries) for pair in _compared(recipe, library)]
    set_seed(recipe.seed)
    model, tokenizer = retrieval.cross_encoder(recipe.start)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, recipe.steps // 10, recipe.steps)
    order = np.random.default_rng(recipe.seed).permutation(len(rows))
    curve: list[dict] = []
    losses: list[float] = []
    model.train()
    for step in tqdm(range(recipe.steps), disable=quiet):
        numbers = order[
            np.arange(step * recipe.batch_size, (step + 1) * recipe.batch_size) % len(order)
        ]
        loss = _loss(model, tokenizer, [rows[number] for number in numbers])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            recent = round(float(np.mean(losses[-50:])), 4)
            curve.append({"step": step + 1, "loss of 50 steps": recent})
    return model.eval(), tokenizer, curve


def library_of(rows: Any) -> tuple[list[str], list[str], Any]:
    """Passages, questions about them, and the number of each question's passage."""
    import numpy as np

    number: dict[str, int] = {}
    right = [number.setdefault(context, len(number)) for context in rows["context"]]
    return list(number), list(rows["question"]), np.array(right)


def _compared(recipe: TeacherRecipe, library: int) -> list[tuple[str, list[str]]]:
    """Each question of a library with its candidates, the right passage first."""
    from kd_course import retrieval
    from kd_course.corpora import reading

    rows = reading.teacher_corpus(
        recipe.seed + library, recipe.passages, level=recipe.level, one_passage=True
    )
    passages, questions, right = library_of(rows)
    words = retrieval.lexical_scores(questions, passages)
    found = retrieval.candidates(words, right, recipe.candidates)
    return [(question, [passages[j] for j in row]) for question, row in zip(questions, found)]


def _loss(model: Any, tokenizer: Any, rows: list[tuple[str, list[str]]]) -> Any:
    """-log of the share that the right passage has among a question's candidates, the mean."""
    import torch
    import torch.nn.functional as F

    from kd_course import retrieval

    inputs = retrieval.pair_rows(
        model,
        tokenizer,
        [question for question, candidates in rows for _ in candidates],
        [passage for _, candidates in rows for passage in candidates],
        length=LENGTH,
    )
    batch = tokenizer.pad(inputs, return_tensors="pt").to(model.device)
    scores = model(**batch).logits.view(len(rows), -1)
    return F.cross_entropy(scores, torch.zeros(len(rows), dtype=torch.long, device=scores.device))


def measure(folder: Path) -> Report:
    """The teacher's figures on the public corpus: among the ten passages that share the most words."""
    import numpy as np

    from kd_course import experiments, metrics, retrieval
    from kd_course.corpora import reading

    model, tokenizer = retrieval.cross_encoder(str(folder))
    sizes = {"train": 0, "validation": 0, "test": 300, "test_new_names": 0}
    test = reading.load(seed=0, level="plain", sizes=sizes, one_passage=True)["test"]
    passages, questions, right = library_of(test)
    questions, right = questions[::4], right[::4]
    words = retrieval.lexical_scores(questions, passages)
    found = retrieval.candidates(words, right, 10)
    scores = retrieval.cross_scores(
        model,
        tokenizer,
        [questions[i] for i, row in enumerate(found) for _ in row],
        [passages[j] for row in found for j in row],
        length=LENGTH,
    ).reshape(found.shape)
    first = np.zeros(len(questions), dtype=int)
    report = experiments.Report(
        "teacher-ranking", "offline", data=experiments.fingerprint(questions)
    )
    report.add("test/MRR among ten", metrics.reciprocal_ranks(scores, first).mean())
    words_here = np.take_along_axis(words, found, axis=1)
    report.add("test/MRR among ten, by words", metrics.reciprocal_ranks(words_here, first).mean())
    return report

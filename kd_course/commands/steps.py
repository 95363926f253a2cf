"""The steps of every training in a lesson's kernel, told to whoever runs it: `kd_course run`'s bar.

Nothing in a lesson or in the library has to report anything. Whoever wrote the loop, it ends in an
optimiser's step, and torch calls a hook of ours after each. Which arm that was is read off the
functions that led there, by the names that their arguments have in all lessons: recipe, seed, arm;
and `self`, where it is one of the transformers library's trainers.

A notebook that is not run by `kd_course run` never loads this module.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

from kd_course import settings

# What a kernel is started with, and the kind of message that it sends from then on.
START = "__import__('kd_course.commands.steps', fromlist=['steps']).watch()"
KIND = "application/vnd.kd-course.step"

SECONDS_BETWEEN = 0.2  # two messages: an optimiser may make thousands of steps a second


def watch() -> None:
    """In a kernel: send a message of our own kind as trainings go on, with a line of text each.

    torch is not loaded for it: a lesson that reads the environment first must find it unread.
    """
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()

    def begin(*_: Any) -> None:
        if "torch" in sys.modules:
            from torch.optim.optimizer import register_optimizer_step_post_hook

            register_optimizer_step_post_hook(Steps(lambda line: display({KIND: line}, raw=True)))
            shell.events.unregister("pre_run_cell", begin)

    shell.events.register("pre_run_cell", begin)


class Training(NamedTuple):
    """What is known of a training: who is trained, from which step, and how many steps in all."""

    name: str = ""  # "distilled, seed 0"
    done: int = 0  # before the first step that was seen: above 0 where one is resumed
    total: int | None = None


class Steps:
    """Torch's hook after an optimiser's step: it looks, counts and tells, and touches nothing.

    tell: called with a line of text, "distilled, seed 0: step 120/400", at most once in
    SECONDS_BETWEEN, and for a training's last step. clock: seconds.
    """

    def __init__(self, tell: Callable[[str], object], clock: Callable[[], float] = time.monotonic):
        self._tell, self._clock = tell, clock
        self._told_at = -SECONDS_BETWEEN
        self._optimizer: Callable[[], Any] = lambda: None

    def __call__(self, optimizer: Any, *_: Any) -> None:
        if self._optimizer() is not optimizer:  # every training has an optimiser of its own
            self._optimizer = weakref.ref(optimizer)
            self._training = training_of(sys._getframe(1))
            self._step = self._training.done
        self._step += 1
        name, _done, total = self._training
        if total is None and self._step == 1:
            return  # L-BFGS and its kind make one step of a whole training: no step "of how many"
        now = self._clock()
        if self._step == total or now - self._told_at >= SECONDS_BETWEEN:
            self._told_at = now
            of = "" if total is None else f"/{total}"
            self._tell(f"{name}: step {self._step}{of}" if name else f"step {self._step}{of}")


def training_of(frame: FrameType | None) -> Training:
    """What is trained, as far as the arguments of the functions that called one another tell.

    frame: the innermost of them. An arm is called as an argument `arm` says, or as the lesson's
    settings call its recipe; a recipe that is no arm's own (in a grid) is printed whole.
    """
    recipe, seed, arm, trainer, setting = None, None, None, None, None
    for arguments, names in _calls(frame):
        if trainer is None and _is_trainer(arguments.get("self")):
            trainer = arguments["self"]
        if recipe is None and isinstance(arguments.get("recipe"), settings.Recipe):
            recipe, seed = arguments["recipe"], arguments.get("seed")
            setting = arguments.get("setting", names.get("setting"))
        if arm is None and isinstance(arguments.get("arm"), str):
            arm = arguments["arm"]
    if recipe is not None and arm is None:
        own = getattr(setting, "recipes", {})
        arm = next((name for name, of_arm in own.items() if of_arm is recipe), str(recipe))
    name = ", ".join(filter(None, [arm, None if seed is None else f"seed {seed}"]))
    if trainer is not None:
        return Training(name, trainer.state.global_step, trainer.state.max_steps)
    if recipe is not None:
        most = settings.switches().max_steps
        return Training(name, 0, min(recipe.steps, most) if most > 0 else recipe.steps)
    return Training(name)


def _calls(frame: FrameType | None) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Of every function on the way here that may tell something: its arguments, and its globals."""
    while frame is not None:
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        # Up to Python 3.12, a look at a frame's variables keeps their values until it returns, a
        # batch's tensors with them: so we look at these few only, at the first step alone.
        if "recipe" in names or "arm" in names or (code.co_name == "train" and "self" in names):
            there = frame.f_locals
            yield {name: there.get(name) for name in names}, frame.f_globals
        frame = frame.f_back


def _is_trainer(candidate: Any) -> bool:
    library = sys.modules.get("transformers.trainer")
    return library is not None and isinstance(candidate, library.Trainer)

"""`python -m kd_course run NN --plain`: a lesson as a script, in this process and without Jupyter.

For GPU servers and job schedulers, which have no kernel. The cells are those of the worked edition,
one after the other; what they print is printed, pictures go into the output folder. Under torchrun
every process runs all cells, and only the first prints and writes.
"""

from __future__ import annotations

import ast
import contextlib
import json
import linecache
import os
import sys
import time
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kd_course.commands import jupyter_stand_ins, steps

SECONDS_BETWEEN_LINES = 10.0  # about how far the lesson is


class Cell(NamedTuple):
    """One code cell. name: how a traceback calls it, "<06_text_classification, code cell 12>"."""

    name: str
    source: str


def rank() -> int:
    """Which of torchrun's processes this is; 0 where there is but one."""
    return int(os.environ.get("RANK", "0"))


def processes() -> int:
    """How many processes torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def code_cells(notebook: Path) -> list[Cell]:
    """The code cells of a notebook, read as the JSON that it is.

    Raises ValueError for a cell that is IPython's and no Python: a line with % or !.
    """
    read = json.loads(notebook.read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in read["cells"] if c["cell_type"] == "code"]
    cells = [
        Cell(f"<{notebook.stem}, code cell {number}>", source)
        for number, source in enumerate(sources, start=1)
    ]
    for cell in cells:
        for line in cell.source.splitlines():
            if line.startswith(("%", "!")):
                raise ValueError(
                    f"{cell.name} holds {line!r}, which only IPython understands: run this lesson "
                    f"without --plain"
                )
    return cells


def execute(notebook: Path, folder: Path, working: Path) -> str | None:
    """Run every cell; the error's text where one fails, else None.

    folder: where pictures go. working: the folder the cells run in, as a notebook's kernel would.
    """
    os.environ["MPLBACKEND"] = "Agg"  # pictures are drawn, but no window opens
    cells = code_cells(notebook)
    first = rank() == 0
    display = jupyter_stand_ins.Display(folder.resolve() if first else None)
    told = _Progress(len(cells))
    with contextlib.ExitStack() as around:
        around.callback(told.no_more)
        around.enter_context(jupyter_stand_ins.installed(display))
        around.enter_context(contextlib.chdir(working))
        names = around.enter_context(_main_module())
        if not first:
            nowhere = around.enter_context(open(os.devnull, "w", encoding="utf-8"))
            around.enter_context(contextlib.redirect_stdout(nowhere))
        if processes() > 1:
            around.enter_context(_shared_batches())
        for cell in cells:
            told.begin()
            failure = _run(cell, names)
            sys.stdout.flush()  # what goes into a job's log comes in its order
            if failure:
                return failure
    return None


# -- a cell -----------------------------------------------------------------------------------


def _run(cell: Cell, names: dict[str, Any]) -> str | None:
    """Run a cell in these names, and print the value of its last line as a notebook does.

    Returns the error's text where it raises; Ctrl-C goes through.
    """
    # So that a traceback can quote the line, and a check read a function's source.
    lines = f"{cell.source}\n".splitlines(keepends=True)
    linecache.cache[cell.name] = (len(cell.source), None, lines, cell.name)
    try:
        tree = ast.parse(cell.source, cell.name)
        value = _value_of_the_last(tree) if not cell.source.rstrip().endswith(";") else None
        exec(compile(tree, cell.name, "exec", dont_inherit=True), names)
        if value is not None:
            result = eval(compile(value, cell.name, "eval", dont_inherit=True), names)
            if result is not None:
                print(repr(result))
    except (Exception, SystemExit) as error:
        return _as_told(error, cell.name)
    return None


def _value_of_the_last(tree: ast.Module) -> ast.Expression | None:
    """Takes the last line out of a cell where it is a value, not a statement."""
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        return ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
    return None


def _as_told(error: BaseException, name: str) -> str:
    """The traceback from the cell on: how it came to be run is nobody's mistake."""
    where = error.__traceback__
    while where is not None and where.tb_frame.f_code.co_filename != name:
        where = where.tb_next
    return f"{name}:\n{''.join(traceback.format_exception(type(error), error, where))}"


@contextlib.contextmanager
def _main_module() -> Iterator[dict[str, Any]]:
    """The names of a fresh main program: what is pickled by its module's name finds itself there."""
    module, before = types.ModuleType("__main__"), sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield module.__dict__
    finally:
        sys.modules["__main__"] = before


# -- how far it is, and several processes -----------------------------------------------------


class _Progress:
    """A line now and then: which cell, how long since the start, and what is being trained."""

    def __init__(self, cells: int):
        self._cells, self._cell = cells, 0
        self._start = self._told_at = time.monotonic()
        self._hook: Any = None

    def begin(self) -> None:
        """The next cell begins; once torch is there, its optimisers' steps are told too."""
        self._cell += 1
        if self._hook is None and "torch" in sys.modules:
            from torch.optim.optimizer import register_optimizer_step_post_hook

            self._hook = register_optimizer_step_post_hook(steps.Steps(self._tell))
        self._tell("")

    def no_more(self) -> None:
        if self._hook is not None:
            self._hook.remove()

    def _tell(self, what: str) -> None:
        now = time.monotonic()
        if rank() or now - self._told_at < SECONDS_BETWEEN_LINES:
            return
        self._told_at = now
        minutes, seconds = divmod(int(now - self._start), 60)
        about = ", ".join(filter(None, [f"cell {self._cell} of {self._cells}", what]))
        print(f"[{minutes}:{seconds:02}] {about}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _shared_batches() -> Iterator[None]:
    """Within this, the processes divide a recipe's batch among them, where each had one of its own.

    A step then sees the rows that it sees in one process; what is trained differs from that by the
    dropout, as if by another seed. Each process has a GPU of its own, where there are any.
    """
    import torch

    from kd_course.distillation import options

    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    # On a CPU the library divides nothing unless it is told that a CPU is meant.
    divided: dict[str, Any] = {"accelerator_config": {"split_batches": True}}
    divided["use_cpu"] = not torch.cuda.is_available()
    before = dict(options.COMMON)
    options.COMMON.update(divided)
    try:
        yield
    finally:
        options.COMMON.clear()
        options.COMMON.update(before)
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()

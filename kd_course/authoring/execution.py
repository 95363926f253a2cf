"""Running a notebook, and keeping of its outputs what is the same on the next machine."""

from __future__ import annotations

import copy
import os
import re
import sys
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from kd_course.authoring.source import ROOT, LessonError
from kd_course.commands import allocator
from kd_course.commands.lesson_kernel import ThisPython, in_private

SECONDS_A_CELL = 1800
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def execute(notebook: NotebookNode, name: str, folder: Path) -> NotebookNode:
    """Run every cell, in a kernel of its own whose working folder is `folder`; outputs cleaned.

    The environment is the caller's. Raises LessonError, with the cell and what it raised.
    """
    about = copy.deepcopy(notebook.metadata)
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    client = NotebookClient(
        notebook,
        kernel_manager_class=ThisPython,
        kernel_name="python3",
        timeout=SECONDS_A_CELL,
        record_timing=False,  # when a cell ran differs from build to build
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder)}},
        config=in_private(),
    )
    try:
        environment = {"KD_PROGRESS": "0", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        client.execute(env=os.environ | allocator.settings() | environment)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{name}: {_failing_cell(notebook)}{error}") from error
    notebook.metadata = about  # the kernel enters its Python's version there
    clean(notebook)
    return notebook


def _failing_cell(notebook: NotebookNode) -> str:
    for i, cell in enumerate(notebook.cells, start=1):
        if any(output.output_type == "error" for output in cell.get("outputs", ())):
            return f"cell {i} ({cell.id}): "
    return ""


def clean(notebook: NotebookNode) -> None:
    """Drop from the outputs what is no result: progress bars, views of widgets, this machine's paths."""
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not _is_transient(output)]
        for output in cell.outputs:
            if "text" in output:
                output.text = without_paths(output.text)
            for kind in [kind for kind in output.get("data", {}) if kind.startswith("text/")]:
                output.data[kind] = without_paths(output.data[kind])
        for key in ("execution", "papermill"):
            cell.metadata.pop(key, None)


def _is_transient(output: NotebookNode) -> bool:
    if WIDGET_VIEW in output.get("data", {}):
        return True  # without its kernel a widget shows nothing; a picture stands beside it
    return output.output_type == "stream" and output.name == "stderr" and "\r" in output.text


def without_paths(text: str) -> str:
    """The text with folders of this machine, and addresses in its memory, made the same everywhere."""
    cache = os.environ.get("KD_CACHE", "")
    places = ((str(ROOT), "."), (cache, "<cache>"), (sys.prefix, "<python>"))
    places += ((tempfile.gettempdir(), "<tmp>"), (str(Path.home()), "~"))
    for folder, name in places:
        if len(folder) > 1:
            text = text.replace(folder, name)
    return _ADDRESS.sub("0x…", text)

"""A lesson's kernel: nbclient's, which tells the steps of its trainings and talks in private."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

from kd_course.commands import steps


class LessonKernel(NotebookClient):
    """Runs a notebook, however long its cells take, and says how far it is while it does.

    notebook: executed in place by `execute()`. folder: the kernel's working folder.
    on_cell: called after every cell. on_step: called with a line of text while a cell trains, some
    times a second; see `steps`. None of these lines is kept in the notebook.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        folder: Path,
        *,
        on_cell: Callable[[], object],
        on_step: Callable[[str], object],
    ):
        super().__init__(
            notebook,
            timeout=None,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            coalesce_streams=True,  # a message of ours parts what a cell prints
            on_cell_executed=lambda **_: on_cell(),
            extra_arguments=[f"--IPKernelApp.exec_lines={steps.START}"],
            config=in_private(),
        )
        self._on_step = on_step

    def process_message(self, msg: dict[str, Any], *where: Any) -> NotebookNode | None:
        """As the library does; a line about a step is passed on, and is no output of the cell."""
        data = msg["content"].get("data") or {}
        if msg["msg_type"] == "display_data" and steps.KIND in data:
            self._on_step(data[steps.KIND])
            return None
        return super().process_message(msg, *where)


def in_private() -> Config:
    """Have what goes to the kernel and back encrypted, where this machine and its kernel can.

    It goes over a port of this machine, which others on it may listen to; and the kernel's first
    words are a warning of just that, in front of everything a run prints.
    """
    encryption = "auto" if zmq.has("curve") else "disabled"
    return Config({"KernelManager": {"transport_encryption": encryption}})

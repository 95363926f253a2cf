"""A lesson's kernel: nbclient's, which tells the steps of its trainings and talks in private."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

from kd_course.commands import steps


class ThisPython(AsyncKernelManager):
    """Starts the interpreter that runs this, whatever else on Jupyter's path is called python3."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


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
            kernel_manager_class=ThisPython,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            coalesce_streams=True,  # a message of ours parts what a cell prints
            on_cell_executed=lambda **_: on_cell(),
            extra_arguments=[f"--IPKernelApp.exec_lines={steps.START}"],
            config=in_private(),
        )
        self._on_step = on_step
        self._interrupted = False

    def execute(self, **options: Any) -> NotebookNode:
        """As the library does; Ctrl-C stops the kernel at once and is raised as KeyboardInterrupt."""
        try:
            return super().execute(**options)
        except BaseException:  # the library's own word for it, or a dead kernel's
            if self._interrupted:
                raise KeyboardInterrupt from None
            raise

    async def async_start_new_kernel(self, **options: Any) -> None:
        """As the library does, once Ctrl-C is heard here: it has a handler of its own by now."""
        task = asyncio.current_task()

        def interrupt() -> None:
            self._interrupted, self.shutdown_kernel = True, "immediate"
            if task is not None:
                task.cancel()

        with contextlib.suppress(RuntimeError):  # on Windows, and outside the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
        await super().async_start_new_kernel(**options)

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

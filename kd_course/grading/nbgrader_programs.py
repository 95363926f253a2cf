"""nbgrader calls programs by their names, which an environment that is not activated hides."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def beside_python() -> Iterator[None]:
    """Have the programs that lie beside this Python, alembic among them, found by name meanwhile."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before

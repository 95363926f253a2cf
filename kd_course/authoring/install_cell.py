"""The first code cell of a notebook: it installs the course on a machine that lacks it.

A notebook opened from the web (Colab, say) finds no course. The cell takes the checkout in which the
notebook lies, or else the address that CITATION.cff has as `repository-code`; as long as that has
none, it says what to write where. Where the course is installed the cell does nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

CITATION = Path(__file__).resolve().parents[2] / "CITATION.cff"
ID = "install"  # the cell's id, and its tag

_CELL = """\
# A machine without the course (Colab, say) installs it here. Where it is, this cell does nothing.
from importlib.util import find_spec

if find_spec("kd_course") is None:
    import importlib, subprocess, sys
    from pathlib import Path

    address = "{address}"{comment}
    course = ".." if Path("../pyproject.toml").is_file() else address
    if not course:
        raise ModuleNotFoundError("kd_course is not installed: write its address into this cell")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", course], check=True)
    importlib.invalidate_caches()"""
_UNKNOWN = "  # where pip finds the course, such as git+https://github.com/OWNER/COURSE"


def source(citation: Path = CITATION) -> str:
    """The cell's code, with the address that the citation gives the course."""
    address = repository(citation)
    return _CELL.format(
        address=f"git+{address}" if address else "", comment="" if address else _UNKNOWN
    )


def repository(citation: Path = CITATION) -> str:
    """Where the course is published, https://…, as its citation says; "" while it says nothing."""
    found = re.search(
        r"""(?m)^repository-code: *['"]?(https://[^\s'"]+)""", citation.read_text(encoding="utf-8")
    )
    return found[1].rstrip("/") if found else ""

"""Which texts were trained on, as digests: enough to find a test row among them, and no more.

training_rows.txt holds twelve hexadecimal digits a line, of the `normalised` text.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from kd_course.capstone.briefs import Row, normalised
from kd_course.capstone.model_folder import Refused, read_plain
from kd_course.capstone.schema import NotReadable

TRAINED = "training_rows.txt"
LARGEST = 8 * 2**20  # bytes of a file of digests, and of a report
_DIGITS = 12  # of a text's digest: two texts in 10 ** 14 have the same


def digest_of(text: str) -> str:
    return hashlib.blake2b(normalised(text).encode("utf-8"), digest_size=_DIGITS // 2).hexdigest()


def digest_of_rows(rows: Sequence[Row]) -> str:
    """One mark of all test rows, in their order."""
    told = json.dumps(list(rows), ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(told.encode("utf-8"), digest_size=8).hexdigest()


def read_trained(folder: Path) -> list[str]:
    """The digests of training_rows.txt; none where there is no such file. Raises NotReadable."""
    if not (folder / TRAINED).exists() and not (folder / TRAINED).is_symlink():
        return []
    try:
        return parsed_trained(read_plain(folder / TRAINED, LARGEST))
    except Refused as why:
        raise NotReadable(str(why)) from None


def parsed_trained(data: bytes) -> list[str]:
    lines = data.decode("ascii", "replace").split()
    if any(not re.fullmatch(rf"[0-9a-f]{{{_DIGITS}}}", line) for line in lines):
        raise NotReadable(f"{TRAINED} must hold a digest a line, as report.trained_on writes them")
    return lines

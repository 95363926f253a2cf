"""What hidden inputs are drawn from: a secret of 256 bits, kept in a file and never on a command line.

The seed that draws a course's conventions cannot be it. Conventions stand in the notebooks that are
handed out, some 23 bits of them, and whoever tries seeds until the conventions fit knows a short one
in seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import tempfile
from pathlib import Path

from kd_course.storage import write_whole

BITS = 128  # that a secret has at the least
DRAW = 'python -c "import secrets; print(secrets.token_hex(32))"'


def drawn() -> str:
    """A new secret, in hexadecimal digits."""
    return secrets.token_hex(32)


def sound(text: object, where: object) -> str:
    """The secret that a file holds. Raises ValueError for one that could be found by trying."""
    text = text.strip() if isinstance(text, str) else ""
    # Leading zeros are no secret: 0…0424242 is 424242.
    if not re.fullmatch(r"[0-9a-f]+", text) or int(text, 16).bit_length() < BITS - 8:
        raise ValueError(
            f"{where}: the secret of the hidden inputs must be {BITS // 4} hexadecimal digits or "
            f"more, drawn at random: {DRAW}"
        )
    return text


def of_file(path: Path) -> str:
    """The secret in a file, which is made where there is none, for its owner alone.

    Of several programs that come at once, one makes it and all read it. Raises ValueError as `sound`.
    """
    path = Path(path).absolute()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(drawn() + "\n")
                file.flush()
                os.fsync(descriptor)
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)  # whole, or not at all, and never over another
        finally:
            os.unlink(fresh)
    return sound(path.read_text("utf-8", errors="replace"), path)


def of_table(folder: Path) -> str:
    """The secret of one table of marks; drawn anew where it was damaged, or is of an older kind."""
    file = folder / "secret"
    with contextlib.suppress(ValueError):
        return of_file(file)
    text = drawn()

    def write(path: Path) -> None:
        path.touch(mode=0o600)
        path.write_text(text + "\n", "ascii")

    write_whole(file, write)
    return text


def of_exercise(secret: str, id: str) -> int:
    """The seed of one exercise's hidden inputs, of 128 bits."""
    return int.from_bytes(hashlib.sha256(f"{secret} {id}".encode()).digest()[:16])

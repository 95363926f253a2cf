"""Every command can be read on a screen, and in a file, whose code page lacks what it prints."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable

import pytest

from kd_course import console, text_files
from kd_course.__main__ import main
from kd_course.authoring.__main__ import main as authoring_main
from kd_course.commands import doctor
from kd_course.exercises import check, files, hint


@pytest.fixture
def screen(monkeypatch):
    """screen("cp437", function, …): what it prints where output goes into a file of that code page."""

    def screen(code_page: str, function: Callable, *arguments) -> str:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=code_page) for _ in range(2)]
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", streams[0])
            patched.setattr(sys, "stderr", streams[1])
            try:
                function(*arguments)
            except SystemExit as end:  # argparse has said what is wrong
                assert end.code == 2
            for stream in streams:
                stream.flush()
        return b"".join(s.buffer.getvalue() for s in streams).decode(code_page)

    return screen


def test_what_a_code_page_lacks_is_written_in_signs_that_it_has():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp437")
    console.make_readable(stream)
    stream.write("✓ ✗ → T² café ‖ α ≥ ½ “Žižek” 你好 \udce9 \U0001f600")
    stream.flush()
    assert stream.buffer.getvalue().decode("cp437") == (
        '[ok] [x] -> T² café || α ≥ ½ "Zizek" \\u4f60\\u597d \\udce9 \\U0001f600'
    )


def test_what_the_user_chose_and_what_is_no_stream_of_pythons_stays():
    chosen = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    console.make_readable(chosen, io.StringIO())
    assert chosen.errors == "replace"


def test_the_doctor_says_what_to_do_on_any_code_page(screen, monkeypatch):
    rows = [doctor.Row("memory", "1 GiB", "close other programs … ✓")]
    monkeypatch.setattr(doctor, "examine", lambda: rows)
    assert "-> close other programs ... [ok]" in screen("ascii", main, ["doctor"])
    assert "-> close other programs … [ok]" in screen("cp1252", main, ["doctor"])
    assert "→ close other programs … [ok]" in screen("cp936", main, ["doctor"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["exercises"],
        ["exercises", "--json"],
        ["progress"],
        ["check", "00.1", "没有.py"],
        ["run", "没有"],
        ["lab", "--help"],
        ["release", "--lessons", "没有", "--out", "没有"],
        ["grade", "没有", "--out", "没有.csv"],
        ["merge", "没有", "--out", "没有.csv"],
        ["teacher", "没有"],
    ],
    ids=lambda arguments: " ".join(arguments).encode("ascii", "backslashreplace").decode(),
)
def test_no_command_stops_at_a_character(arguments, screen, monkeypatch):
    monkeypatch.setattr("jupyterlab.labapp.main", lambda: print("你好 ✓"))
    told = screen("ascii", main, arguments)
    assert told.strip()
    if "--json" in arguments:
        assert json.loads(told)[0]["id"] == "00.1"


def test_authors_are_told_as_well(screen):
    assert "\\u6ca1" in screen("ascii", authoring_main, ["build", "没有"])


def test_a_check_without_a_notebook_is_told_as_well(screen):
    """A script that calls it: nobody has prepared its standard output."""
    assert screen("ascii", check, "00.1", ...).startswith("[ ] 00.1")
    assert 'section "Exercise 00.1' in screen("ascii", hint, "00.1", 3)


# -- what people bring ------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_script_is_read_as_any_editor_saves_it(encoding, tmp_path):
    (tmp_path / "mine.py").write_bytes("a = 'é你'\r\nb = 1\r\n".encode(encoding))
    assert files.definitions(tmp_path / "mine.py")[0]["a"] == "é你"


def test_a_script_may_declare_its_encoding_and_is_refused_where_nobody_can_tell(tmp_path):
    script = tmp_path / "mine.py"
    script.write_bytes("# -*- coding: cp1252 -*-\na = 'é'\n".encode("cp1252"))
    assert files.definitions(script)[0]["a"] == "é"
    script.write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(ValueError, match=r"mine.py: line 1 .* is not UTF-8: save it as UTF-8"):
        files.definitions(script)


def test_a_notebook_is_read_as_any_editor_saves_it(tmp_path):
    cell = {"cell_type": "code", "source": "a = 'é'", "metadata": {}, "outputs": []}
    about = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "mine.ipynb").write_bytes(json.dumps(about).encode(encoding))
        assert files.definitions(tmp_path / "mine.ipynb")[0]["a"] == "é"


def test_a_file_with_a_mark_that_its_content_belies_is_refused():
    with pytest.raises(ValueError, match="mine.txt: line 0 .* is not UTF-16"):
        text_files.decoded("ab".encode("utf-16") + b"c", "mine.txt")


def test_what_somebody_handed_in_is_read_whatever_it_is():
    assert text_files.with_patience("Zoë".encode("cp1252")) == "Zoë"
    assert text_files.with_patience("Zoë 你".encode("utf-16")) == "Zoë 你"

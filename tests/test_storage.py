"""What is kept is whole: kd_course.storage."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kd_course import storage


def test_the_environment_chooses_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("KD_CACHE", str(tmp_path / "mine"))
    assert storage.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("KD_CACHE")
    assert storage.cache_folder().name == "kd_course"
    assert storage.cache_folder().is_absolute()


def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch):
    monkeypatch.setenv("KD_CACHE", "~nobody-of-this-name/cache")
    with pytest.raises(FileNotFoundError, match="there is no such home folder: let KD_CACHE name"):
        storage.cache_folder()
    monkeypatch.delenv("KD_CACHE")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: Path("~/.cache/kd_course"))
    with pytest.raises(FileNotFoundError, match="this user has no home folder: let KD_CACHE name"):
        storage.cache_folder()


def test_a_teacher_is_not_trained_for_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    teachers = pytest.importorskip("kd_course.teachers")
    (tmp_path / "file").touch()
    monkeypatch.setitem(teachers.MAKERS, "news", None)  # whoever trains, fails otherwise
    with pytest.raises(OSError, match="cannot be written .*let KD_CACHE name one"):
        teachers.train("news", tmp_path / "file" / "news")


def test_a_file_is_written_and_its_name_kept_for_writers_that_mind_the_suffix(tmp_path):
    numpy = pytest.importorskip("numpy")
    target = tmp_path / "new" / "values.npz"
    returned = storage.write_whole(target, lambda p: numpy.savez(p, a=[1, 2]))
    assert returned == target
    assert numpy.load(target)["a"].tolist() == [1, 2]
    assert os.listdir(target.parent) == ["values.npz"]


def test_a_folder_replaces_a_folder(tmp_path):
    def write(content):
        def writer(path):
            path.mkdir()
            (path / f"{content}.txt").write_text(content)

        return writer

    storage.write_whole(tmp_path / "model", write("first"))
    storage.write_whole(tmp_path / "model", write("second"))
    assert os.listdir(tmp_path / "model") == ["second.txt"]
    assert os.listdir(tmp_path) == ["model"]


def test_a_writer_that_fails_leaves_the_old_content(tmp_path):
    target = tmp_path / "figures.json"
    target.write_text("old")

    def fails_half_way(path):
        path.write_text("ne")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        storage.write_whole(target, fails_half_way)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["figures.json"]


@pytest.mark.parametrize(
    "number, said", [("ENOSPC", "make room"), ("EROFS", "choose another folder")]
)
def test_what_the_system_refuses_is_a_sentence_that_names_the_folder(number, said, tmp_path):
    number = getattr(errno, number)

    def refused(path):
        raise OSError(number, os.strerror(number))  # as a write does, without a file's name

    target = tmp_path / "new" / "figures.json"
    with pytest.raises(OSError, match=f"{target.parent} cannot be written .*: {said}") as told:
        storage.write_whole(target, refused)
    assert told.value.errno == number and not str(told.value).startswith("[Errno")


def test_a_folder_that_cannot_be_made_is_named_and_what_a_writer_reads_elsewhere_is_not(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file cannot be written .*let KD_CACHE name one"):
        storage.write_whole(tmp_path / "file" / "x", lambda p: None)
    with pytest.raises(NotADirectoryError, match="elsewhere"):
        (tmp_path / "elsewhere").touch()
        storage.write_whole(
            tmp_path / "new" / "x", lambda p: (tmp_path / "elsewhere" / "y").read_text()
        )


@pytest.fixture
def in_use(monkeypatch):
    """in_use(path, times): so often Windows refuses to replace this, as some program has it open."""
    replace = os.replace

    def in_use(path, times):
        left = [times]

        def refusing(this, by):
            if Path(by) == path and left[0]:
                left[0] -= 1
                error = PermissionError(13, "Access is denied")
                error.winerror = 5
                raise error
            replace(this, by)

        monkeypatch.setattr(os, "replace", refusing)
        monkeypatch.setattr(storage.time, "sleep", lambda seconds: None)

    return in_use


def test_a_file_that_is_open_for_a_moment_is_replaced_after_it(tmp_path, in_use):
    target = tmp_path / "figures.json"
    target.write_text("old")
    in_use(target, 3)
    storage.write_whole(target, lambda p: p.write_text("new"))
    assert target.read_text() == "new"


def test_a_file_or_a_folder_that_stays_open_is_told_and_stays_as_it_was(tmp_path, in_use):
    model = tmp_path / "model"
    model.mkdir()
    (model / "old").touch()
    in_use(model, len(storage._WAITS) + 1)  # and no more, as what steps aside is put back
    with pytest.raises(storage.InUse, match="model cannot be replaced, as another program has it"):
        storage.write_whole(model, lambda p: p.mkdir())
    assert os.listdir(tmp_path) == ["model"] and os.listdir(model) == ["old"]


def test_a_writer_that_writes_nothing_is_told_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="writer must write"):
        storage.write_whole(tmp_path / "x", lambda p: None)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="kills a process with SIGKILL")
def test_a_killed_writer_leaves_nothing_in_sight_and_is_swept_away_later(tmp_path):
    script = (
        "import sys, time; from kd_course import storage\n"
        "def slow(p):\n"
        "    f = open(p, 'w'); f.write('half'); f.flush()\n"
        "    print('writing', flush=True); time.sleep(60)\n"
        "storage.write_whole(sys.argv[1], slow)\n"
    )
    target = tmp_path / "cache.bin"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(target)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    (left_over,) = tmp_path.iterdir()
    long_ago = time.time() - 2 * 24 * 60 * 60
    os.utime(left_over, (long_ago, long_ago))
    storage.write_whole(target, lambda p: Path(p).write_text("whole"))
    assert os.listdir(tmp_path) == ["cache.bin"]
    assert target.read_text() == "whole"

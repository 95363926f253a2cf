"""What stands beside the code is true of it: the pages, the citation, the workflow, the container."""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from kd_course import __version__
from kd_course.__main__ import COMMANDS
from kd_course.__main__ import main as course_main
from kd_course.authoring.__main__ import main as authoring_main

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG = ROOT / "CHANGELOG.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [CHANGELOG, CONTRIBUTING, ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WORKFLOW = ROOT / ".github" / "workflows" / "test.yml"
TARGETS = set(re.findall(r"(?m)^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8")))

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def commands_on(page: Path) -> list[list[str]]:
    """The commands that a page shows, in blocks and between backticks, as lists of words."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```$", text)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    prose = re.sub(r"(?ms)^```.*?^```$", "", text)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    found = []
    for line in lines + [span for span in spans if re.match(r"make |python -m ", span)]:
        words = shlex.split(line.replace("\\", "/"), comments=True)
        if words:
            found.append(words)
    return found


def calls_of(module: str, page: Path) -> Iterator[list[str]]:
    """What a page gives to `python -m MODULE`, whichever Python it names."""
    for words in commands_on(page):
        if words[1:3] == ["-m", module]:
            yield words[3:]


def make_targets(commands: list[list[str]]) -> set[str]:
    return {
        word
        for words in commands
        if words[0] == "make"
        for word in words[1:]
        if "=" not in word and not word.isdigit()  # `make slides 03`: a lesson
    }


# -- versions ---------------------------------------------------------------------------------


def test_the_citation_names_the_version_and_the_licence_of_the_code():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == __version__
    assert citation["license"] == "MIT"
    for author in citation["authors"]:
        assert author["name"] in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert citation["message"] and citation["title"] and citation["type"] == "software"


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"(?m)^## \[(.+?)\] - ", CHANGELOG.read_text(encoding="utf-8"))
    assert versions[0] == __version__
    assert len(set(versions)) == len(versions)


# -- pages ------------------------------------------------------------------------------------


@each_page
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.*)$", file.read_text(encoding="utf-8"))
            anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in anchors, f"{page.name} links to {target}"


@each_page
def test_make_can_do_what_a_page_says_it_does(page):
    assert make_targets(commands_on(page)) <= TARGETS


@each_page
def test_commands_of_the_course_are_there_and_take_the_options_shown(page, capsys):
    for command, *arguments in calls_of("kd_course", page):
        assert command in COMMANDS, f"{page.name}: python -m kd_course {command}"
        try:
            course_main([command, "--help"])
        except SystemExit as end:
            assert end.code == 0
        help_text = capsys.readouterr().out
        for option in (word for word in arguments if word.startswith("--")):
            assert option in help_text, f"{page.name}: python -m kd_course {command} {option}"


@each_page
def test_commands_for_authors_are_there_and_take_the_options_shown(page, capsys):
    for arguments in calls_of("kd_course.authoring", page):
        with pytest.raises(SystemExit) as end:  # the help, or a choice that there is not
            authoring_main([*arguments, "--help"])
        assert end.value.code == 0, f"{page.name}: {arguments}"
        help_text = capsys.readouterr().out
        assert all(word in help_text for word in arguments if word.startswith("--")), arguments


@each_page
def test_test_files_that_a_page_names_are_there(page):
    for arguments in calls_of("pytest", page):
        files = [word for word in arguments if word.startswith("tests/")]
        assert files and all((ROOT / file).exists() for file in files), arguments


def test_the_page_for_contributors_has_a_command_for_each_kind_of_change():
    """That a page shows none would pass the tests above."""
    shown = [" ".join(words) for words in commands_on(CONTRIBUTING)]
    for command in (
        "make test",
        "python -m kd_course.authoring build 03",
        "python -m kd_course.authoring record 03",
        "python -m pytest tests/test_exercises.py -k 03.7",
        "python -m pytest tests/test_variants.py -k 03.7",
        "python -m pytest tests/test_news.py",
        "python -m kd_course run 06",
    ):
        assert command in shown
    assert len(CONTRIBUTING.read_text(encoding="utf-8").splitlines()) <= 150


# -- continuous integration -------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs() -> dict[str, dict]:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]


def commands_of(job: dict) -> list[list[str]]:
    """The commands of a job's steps, as lists of words; Windows' paths with slashes."""
    runs = [step["run"].replace("\\", "/") for step in job["steps"] if "run" in step]
    return [shlex.split(line) for run in runs for line in run.splitlines() if line.strip()]


def test_the_workflow_reads_only_and_stops_by_itself(jobs):
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    assert all(job["timeout-minutes"] for job in jobs.values())
    systems = {job["runs-on"].split("-")[0] for job in jobs.values()}
    assert systems == {"ubuntu", "macos", "windows"}


def test_the_workflow_calls_what_is_there(jobs):
    commands = [words for job in jobs.values() for words in commands_of(job)]
    assert ["make", "test"] in commands and [".ci/run"] in commands
    assert make_targets(commands) <= TARGETS
    for words in commands:
        for word in words:
            if word.startswith((".ci/", "tests/", "notebooks/")):
                assert (ROOT / word).exists(), word
            if words[1:3] == ["-m", "kd_course"]:
                assert words[3] in COMMANDS


def test_windows_installs_as_the_readme_says(jobs):
    """There is no make: the page's three commands, with `python` for `py`, and JupyterLab not left open."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"(?m)^py -m venv .*(?:\n.+)+", text)[0].replace("\\", "/")
    make, install, start = shown.removesuffix("\n```").splitlines()
    run = [" ".join(words) for words in commands_of(jobs["windows"])]
    assert run[:3] == [make.replace("py ", "python ", 1), install, f"{start} --version"]


# -- Binder and the container -----------------------------------------------------------------


def test_binder_installs_the_course_with_a_python_that_it_allows():
    made = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text("utf-8"))
    (python,) = [one for one in made["dependencies"] if one.startswith("python=")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert python.removeprefix("python=") in SpecifierSet(project["requires-python"])
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK) or os.name == "nt"
    shebang, *lines = script.read_text("utf-8").replace("\\\n", " ").splitlines()
    assert shebang == "#!/bin/bash" and "set -e" in lines
    install = shlex.split(lines[-1])
    assert install[:4] == ["python", "-m", "pip", "install"]
    assert install[-4:] == ["-c", "constraints.txt", "-e", "."]


def test_the_container_installs_as_the_readme_says_and_shows_jupyterlab():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert "python:3." in container["image"]
    assert container["forwardPorts"] == [8888]
    commands = [shlex.split(part) for part in container["postCreateCommand"].split("&&")]
    assert ["python3", "-m", "venv", ".venv"] in commands
    assert commands[-1][1:] == shlex.split("-m pip install -c constraints.txt -e '.[dev]'")
    assert "bubblewrap" in json.dumps(container["features"])
    assert make_targets(commands) <= TARGETS

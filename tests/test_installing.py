"""The pinned versions can be installed wherever the course says it runs: Python, system, processor."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parents[1]
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = re.fullmatch(r">=(3\.\d+),<3\.(\d+)", PROJECT["requires-python"])
LOWEST, HIGHEST = f"{ASKED[1]}.0", f"3.{int(ASKED[2]) - 1}.0"  # of the newest one too, the first

# The oldest of each that the pinned torch has a build for.
GLIBC = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)] + ["manylinux2014_x86_64"]
PLATFORMS = {
    "Linux": GLIBC,
    "macOS, arm64": list(mac_platforms((14, 0), "arm64")),
    "Windows": ["win_amd64"],
}
MARKERS = {
    "Linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "macOS, arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
TARGETS = [(system, python) for system in PLATFORMS for python in (LOWEST, HIGHEST)]


class File(NamedTuple):
    """One that the index has of a pinned version. python: what it asks of Python, "" for nothing."""

    name: str
    python: str


def tags(python: str, platforms: list[str]) -> set[Tag]:
    """What a wheel may be built for, to be installed there."""
    version = tuple(map(int, python.split(".")[:2]))
    interpreter = f"cp{version[0]}{version[1]}"
    return {
        *cpython_tags(version, platforms=platforms),
        *compatible_tags(version, interpreter, platforms),
    }


def pins_of(system: str, python: str) -> list[Requirement]:
    """The pins that count there, by their markers."""
    about = {"python_version": python.rpartition(".")[0], "python_full_version": python}
    environment = {**default_environment(), **MARKERS[system], **about}
    return [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(environment)]


def installed(pin: Requirement) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(pin.name)
    except importlib.metadata.PackageNotFoundError:
        return None


def is_the_same_everywhere(pin: Requirement) -> bool:
    """Whether its wheel is for any system: then what is installed here tells all there is to know."""
    found = installed(pin)
    built_for = re.findall(r"(?m)^Tag: (.*)$", found.read_text("WHEEL") or "") if found else []
    return bool(built_for) and all(tag.endswith("-none-any") for tag in built_for)


@pytest.mark.parametrize("python", [LOWEST, HIGHEST])
def test_what_is_installed_here_allows_every_python_that_the_course_names(python):
    known = [(pin, found) for pin in PINS if (found := installed(pin))]
    refusing = [
        f"{pin} asks for Python {asked}"
        for pin, found in known
        if (asked := found.metadata["Requires-Python"]) and python not in SpecifierSet(asked)
    ]
    assert not refusing, f"give these a marker, or raise requires-python: {refusing}"
    assert len(known) > 100


# -- at the package index, as pip is told to find it ------------------------------------------


@pytest.fixture(scope="module")
def at_the_index() -> dict[str, list[File]]:
    """Of every pin that is built for each system by itself: the files of that version."""
    commands = pytest.importorskip("pip._internal.commands", reason="there is no pip here")
    from pip._internal.index.collector import LinkCollector, parse_links
    from pip._internal.models.link import Link

    command = commands.create_command("index")
    options, _ = command.parse_args(["--retries=2", "--timeout=20"])
    pins = [pin for pin in PINS if not is_the_same_everywhere(pin)]

    def files(pin: Requirement) -> list[File]:
        found = []
        for place in collector.search_scope.get_index_urls_locations(pin.name):
            page = collector.fetch_response(Link(place)) if place.startswith("http") else None
            links = parse_links(page) if page else []
            found += [File(link.filename, link.requires_python or "") for link in links]
        version = re.escape(str(pin.specifier).removeprefix("=="))
        return [file for file in found if re.match(rf"[^-]+-{version}-.*\.whl$", file.name)]

    with command.main_context():
        session = command.get_default_session(options)
        collector = LinkCollector.create(session, options=options)
        if not files(Requirement(next(str(pin) for pin in pins if pin.name == "numpy"))):
            pytest.skip("the package index that pip is told to use cannot be reached")
        with ThreadPoolExecutor(8) as pool:
            names = [canonicalize_name(pin.name) for pin in pins]
            return dict(zip(names, pool.map(files, pins), strict=True))


def fits(file: File, python: str, allowed: set[Tag]) -> bool:
    try:
        built_for = parse_wheel_filename(file.name)[3]
    except InvalidWheelFilename:
        return False
    return bool(built_for & allowed) and python in SpecifierSet(file.python)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pip's own
def test_every_pin_can_be_installed_on_each_system_and_no_torch_on_an_intel_mac(at_the_index):
    for system, python in TARGETS:
        allowed = tags(python, PLATFORMS[system])
        lacking = [
            str(pin)
            for pin in pins_of(system, python)
            if canonicalize_name(pin.name) in at_the_index
            and not any(
                fits(file, python, allowed) for file in at_the_index[canonicalize_name(pin.name)]
            )
        ]
        assert not lacking, f"{system}, Python {python}: no wheel of {lacking}"
    intel = tags(HIGHEST, list(mac_platforms((15, 0), "x86_64")))
    assert not any(fits(file, HIGHEST, intel) for file in at_the_index["torch"])
    assert "Macs with an Intel processor" in (ROOT / "README.md").read_text(encoding="utf-8")

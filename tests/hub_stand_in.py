"""A hub on this machine that speaks the protocol of huggingface.co, as far as we ask for it.

A root folder holds every repository as plain files: datasets/OWNER/NAME/… and models/OWNER/NAME/….
`hub_contents` writes such a root. With HF_ENDPOINT set to the stand-in's address, `datasets` and
`transformers` download from it as they do from the real one.

    GET  /api/datasets/OWNER/NAME[/revision/REVISION]           what the repository is, its files
    GET  /api/datasets/OWNER/NAME/tree/REVISION[/FOLDER]        files and folders in it, with sizes
    POST /api/datasets/OWNER/NAME/paths-info/REVISION           the same for the paths asked about
    HEAD, GET /datasets/OWNER/NAME/resolve/REVISION/FILE        a file, or a range of it

For models it is /api/models/OWNER/NAME… and /OWNER/NAME/resolve/…. A file comes with its SHA-256 as
ETag and with the commit. What does not exist gets a 404 that says what is missing in X-Error-Code.

Faults, set by `hub.fault = (kind, n)`:

    ("none", 1)   none
    ("off", 1)    every request is answered with 503
    ("503", n)    every n-th download of a file is
    ("drop", n)   every n-th download of a file breaks off half-way
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import threading
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "c0ffee" * 6 + "c0ff"


class StandIn(ThreadingHTTPServer):
    """Serves a root folder until it is closed; `endpoint` is its address."""

    daemon_threads = True

    def __init__(self, root: Path):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = f"http://127.0.0.1:{self.server_port}"
        self._root = root
        self._models: dict[str, Path] = {}
        self.fault = ("none", 1)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def fault(self) -> tuple[str, int]:
        return self._fault

    @fault.setter
    def fault(self, kind_and_every: tuple[str, int]) -> None:
        self._fault = kind_and_every
        self._downloads = itertools.count(1)

    def fault_of_next_download(self) -> str:
        kind, every = self._fault
        return kind if next(self._downloads) % every == 0 else "none"

    def add_model(self, identifier: str, folder: Path) -> None:
        self._models[identifier] = folder

    def folder(self, kind: str, identifier: str) -> Path | None:
        """Where the files of a repository are; kind: "datasets" or "models"."""
        own = self._models.get(identifier) if kind == "models" else None
        folder = own or self._root / kind / identifier
        return folder if folder.is_dir() else None

    def environment(self, home: Path) -> dict[str, str]:
        """The environment of a process that takes this for the hub and keeps its cache in home."""
        dropped = {
            "HF_HUB_OFFLINE",
            "HF_DATASETS_OFFLINE",
            "TRANSFORMERS_OFFLINE",
            "HF_TOKEN",
            "HF_HUB_CACHE",
        }
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Missing(Exception):
    """What was asked for does not exist: "Repo", "Revision" or "Entry"."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: StandIn

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        self._answer({})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(parse_qs(form.decode()))

    def _answer(self, form: dict[str, list[str]]) -> None:
        if self.server.fault[0] == "off":
            return self._send_json({"error": "down"}, status=503)
        try:
            match [unquote(part) for part in urlsplit(self.path).path.split("/") if part]:
                case ["api", ("datasets" | "models") as kind, owner, name, *question]:
                    folder = self._folder(kind, owner, name)
                    return self._send_json(_describe(folder, f"{owner}/{name}", question, form))
                case ["datasets", owner, name, "resolve", revision, *path]:
                    return self._send_file(self._folder("datasets", owner, name), revision, path)
                case [owner, name, "resolve", revision, *path]:
                    return self._send_file(self._folder("models", owner, name), revision, path)
            raise _Missing("Entry")
        except _Missing as missing:
            code = f"{missing}NotFound"
            return self._send_json({"error": code}, status=404, headers={"X-Error-Code": code})

    def _folder(self, kind: str, owner: str, name: str) -> Path:
        folder = self.server.folder(kind, f"{owner}/{name}")
        if folder is None:
            raise _Missing("Repo")
        return folder

    def _send_json(self, value, *, status: int = 200, headers: dict | None = None) -> None:
        body = json.dumps(value).encode()
        self._send_head(
            status,
            {"Content-Type": "application/json", "Content-Length": len(body), **(headers or {})},
        )
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_file(self, folder: Path, revision: str, path: list[str]) -> None:
        _check_revision(revision)
        file = folder.joinpath(*path)
        if not file.is_file():
            raise _Missing("Entry")
        fault = self.server.fault_of_next_download() if self.command == "GET" else "none"
        if fault == "503":
            return self._send_json({"error": "unavailable"}, status=503)
        size = file.stat().st_size
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        first, _, last = asked.partition("-")
        start, end = int(first or 0), min(int(last or size), size - 1) + 1
        if start >= end and asked:
            return self._send_head(416, {"Content-Range": f"bytes */{size}", "Content-Length": 0})
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": end - start,
            "Accept-Ranges": "bytes",
            "ETag": f'"{_digest(file, file.stat().st_mtime_ns)}"',
            "X-Repo-Commit": COMMIT,
        }
        if asked:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self._send_head(206 if asked else 200, headers)
        if self.command == "HEAD":
            return None
        with file.open("rb") as stream:
            stream.seek(start)
            content = stream.read(end - start)
        if fault == "drop":
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)
        return None

    def _send_head(self, status: int, headers: dict) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()


def _describe(folder: Path, identifier: str, question: list[str], form: dict[str, list[str]]):
    """What the hub's API says about a repository."""
    match question:
        case [] | ["revision", _]:
            _check_revision(*question[1:])
            files = (p.relative_to(folder) for p in sorted(folder.rglob("*")) if p.is_file())
            return {
                "id": identifier,
                "sha": COMMIT,
                "private": False,
                "gated": False,
                "disabled": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "lastModified": "2024-01-01T00:00:00.000Z",
                "siblings": [{"rfilename": file.as_posix()} for file in files],
            }
        case ["tree", revision, *path]:
            _check_revision(revision)
            below = folder.joinpath(*path)
            if not below.is_dir():
                raise _Missing("Entry")
            return [_entry(found, folder) for found in sorted(below.iterdir())]
        case ["paths-info", revision]:
            _check_revision(revision)
            asked = [folder / path for path in form.get("paths", [])]
            return [_entry(path, folder) for path in asked if path.exists()]
    raise _Missing("Entry")


def _entry(path: Path, folder: Path) -> dict:
    name = path.relative_to(folder).as_posix()
    if path.is_dir():
        return {"type": "directory", "path": name, "oid": COMMIT, "size": 0}
    status = path.stat()
    digest = _digest(path, status.st_mtime_ns)
    return {"type": "file", "path": name, "oid": digest[:40], "size": status.st_size}


def _check_revision(revision: str = "main") -> None:
    if revision not in ("main", COMMIT):
        raise _Missing("Revision")


@lru_cache
def _digest(file: Path, modified: int) -> str:
    """The file's SHA-256; modified: when it was written, so that a new content is read anew."""
    return hashlib.sha256(file.read_bytes()).hexdigest()

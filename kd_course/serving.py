"""A classifier behind HTTP: requests that come together are answered together, and the load is measured.

For one machine and trusted clients: it listens on the loopback address only. The server is Tornado,
which comes with Jupyter. It shows what batching does to waiting and to throughput; for the open
network it lacks encryption, names of clients, and a limit on what each may ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
import tornado.httpserver
import tornado.netutil
import tornado.web

Answer = Callable[[list[str]], np.ndarray]


class Batcher:
    """Collects texts that wait, and has them answered together, in a thread of its own.

    answer: texts -> (texts, classes). largest: how many at once, at most. wait: for how many seconds
    the first of a batch waits for others. What arrives while a batch is answered waits for the next.
    An error of the model is told to all of its batch; the next batch is answered as ever.
    """

    def __init__(self, answer: Answer, *, largest: int, wait: float):
        self.answer, self.largest, self.wait = answer, largest, wait
        self.sizes: list[int] = []  # of the batches so far
        self._queue: asyncio.Queue = asyncio.Queue()
        self._worker = ThreadPoolExecutor(1)

    async def ask(self, text: str) -> list[float]:
        """The answer to one text, when its batch has been answered."""
        future = asyncio.get_running_loop().create_future()
        await self._queue.put((text, future))
        return await future

    async def run(self) -> None:
        """Answers batch after batch, until it is cancelled."""
        while True:
            batch = [await self._queue.get()]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.wait):
                    while len(batch) < self.largest:
                        batch.append(await self._queue.get())
            self.sizes.append(len(batch))
            texts, futures = [text for text, _ in batch], [future for _, future in batch]
            loop = asyncio.get_running_loop()
            answers: list[list[float]] = []
            error: Exception | None = None
            try:
                answers = np.asarray(
                    await loop.run_in_executor(self._worker, self.answer, texts)
                ).tolist()
                if len(answers) != len(texts):
                    raise ValueError(f"{len(texts)} texts were given {len(answers)} answers")
            except Exception as failure:
                error = failure
            for place, future in enumerate(futures):
                if future.cancelled():
                    continue
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(answers[place])

    def close(self) -> None:
        """Ends its thread, when that has answered what it is at."""
        self._worker.shutdown()


class _InJson(tornado.web.RequestHandler):
    """Tells errors in JSON, too: a client need not read two languages."""

    def write_error(self, status_code: int, **_: object) -> None:
        self.finish({"error": f"{status_code} {self._reason}"})


class _NotFound(_InJson):
    def prepare(self) -> None:
        raise tornado.web.HTTPError(404)


class _Classify(_InJson):
    """POST {"text": "…"} -> {"probabilities": […]}; whatever is wrong is told in {"error": "…"}."""

    def initialize(self, batcher: Batcher, longest: int) -> None:
        self.batcher, self.longest = batcher, longest

    async def post(self) -> None:
        try:
            text = _text_of(self.request.body, self.longest)
        except ValueError as error:
            self.set_status(400)
            self.finish({"error": str(error)})
            return
        self.finish({"probabilities": await self.batcher.ask(text)})


def _text_of(body: bytes, longest: int) -> str:
    """The text of a request; ValueError saying what is wrong with it."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):  # the second for brackets, nested by the thousand
        raise ValueError('the body must be JSON: {"text": "…"}') from None
    text = asked.get("text") if isinstance(asked, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError('"text" must be a text that is not empty')
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError('"text" must not hold half a character, as "\\ud800" is')
    if len(text) > longest:
        raise ValueError(f'"text" must have at most {longest} characters, but has {len(text)}')
    return text


class Server(NamedTuple):
    """Where a server listens, and its batches so far."""

    url: str
    batcher: Batcher


@contextlib.contextmanager
def running(
    answer: Answer, *, largest: int = 32, wait: float = 0.002, longest: int = 5000
) -> Iterator[Server]:
    """A server for the time of a with block, on a free port of the loopback address.

    answer: texts -> (texts, classes), called in one thread at a time. largest, wait: as in Batcher.
    longest: characters of a text. Raises ValueError for a largest below 1.
    """
    if largest < 1:
        raise ValueError(f"largest must be at least 1, but is {largest}")
    ready: list[tuple[Server, asyncio.AbstractEventLoop, asyncio.Event]] = []
    started = threading.Event()

    async def serve() -> None:
        batcher, stop = Batcher(answer, largest=largest, wait=wait), asyncio.Event()
        options = {"batcher": batcher, "longest": longest}
        application = tornado.web.Application(
            [("/classify", _Classify, options)],
            default_handler_class=_NotFound,
            log_function=lambda handler: None,
        )
        # A letter takes twelve bytes of JSON at most: a text that is too long is told so.
        server = tornado.httpserver.HTTPServer(application, max_body_size=12 * longest + 1000)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        port = sockets[0].getsockname()[1]
        ready.append(
            (Server(f"http://127.0.0.1:{port}/classify", batcher), asyncio.get_running_loop(), stop)
        )
        work = asyncio.create_task(batcher.run())
        started.set()
        await stop.wait()
        work.cancel()
        server.stop()
        await server.close_all_connections()
        batcher.close()

    failures: list[BaseException] = []

    def work_until_stopped() -> None:
        try:
            asyncio.run(serve())
        except BaseException as failure:
            failures.append(failure)
            started.set()

    thread = threading.Thread(target=work_until_stopped, name="server", daemon=True)
    thread.start()
    if not started.wait(30) or not ready:
        cause = failures[0] if failures else None
        raise RuntimeError("the server did not start") from cause
    server, loop, stop = ready[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)


def post(
    url: str, body: bytes, *, connection: http.client.HTTPConnection | None = None
) -> tuple[int, dict]:
    """Send one request; returns the status and what the JSON of the answer says."""
    place = urlsplit(url)
    own = connection or http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    own.request("POST", place.path, body, {"Content-Type": "application/json"})
    response = own.getresponse()
    answer = json.loads(response.read())
    if connection is None:
        own.close()
    return response.status, answer


class Load(NamedTuple):
    """What clients met: milliseconds that half of them, and 95 in 100, waited at most; answers a second."""

    p50: float
    p95: float
    per_second: float
    failed: int


def load(url: str, texts: Sequence[str], *, clients: int) -> Load:
    """Ask a server about every text, from several clients at once, each asking on when it is answered.

    Raises ValueError for no texts, or no client.
    """
    if not texts or clients < 1:
        raise ValueError("there must be a text and a client, at least one of each")
    waits: list[float] = []
    failures: list[int] = []

    def client(own: Sequence[str]) -> None:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        for text in own:
            begun = time.perf_counter()
            status, _ = post(url, json.dumps({"text": text}).encode(), connection=connection)
            waits.append(time.perf_counter() - begun)
            if status != 200:
                failures.append(status)
        connection.close()

    threads = [threading.Thread(target=client, args=(texts[i::clients],)) for i in range(clients)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    p50, p95 = np.percentile(waits, [50, 95])
    return Load(1e3 * float(p50), 1e3 * float(p95), len(waits) / seconds, len(failures))

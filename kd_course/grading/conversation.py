"""A conversation with one exercise's process: bounded in time and bytes, its resources watched.

Whoever is on the other side may be silent, shout, lie or die. What is heard is checked for form
alone; what has gone wrong is said by the process that watches over the other side, or seen from
here.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import Any

from kd_course.grading import resources
from kd_course.grading.sandboxed import wire

OUT_OF_MEMORY = 66  # the exit code of a process that was refused memory; see sandboxed/loader.py


@dataclass(frozen=True)
class Limits:
    """What one exercise may use.

    seconds: for loading the student's cells, and again for each case. total: seconds for the whole
    exercise. memory: bytes added to what the libraries take, of all its processes together.
    scratch: bytes in /tmp, in the home and of one file. reply: bytes of one message from inside.
    """

    seconds: float = 30.0
    total: float = 180.0
    memory: int = 2 * 2**30
    processes: int = 64
    scratch: int = 64 * 2**20
    reply: int = 16 * 2**20


class Stopped(Exception):
    """The exercise is over before its end: `how` as in Run.ended, and why."""

    def __init__(self, how: str, why: str):
        super().__init__(why)
        self.how = how


class Conversation:
    """With one exercise's process: bounded in time and bytes, its resources watched meanwhile."""

    def __init__(
        self,
        channel: socket.socket,
        status: socket.socket,
        limits: Limits,
        watched: int,
        own_network: bool = False,
    ):
        """watched: the process below which everything of the student's runs. own_network: see resources."""
        self.channel, self.status, self.limits, self.watched = channel, status, limits, watched
        self.buffer = bytearray()
        self.ended: int | None = None  # the exit code, once it was told
        self.own_network = own_network
        self.base = resources.use(watched, own_network=own_network)
        self.last_look = self.began = time.monotonic()
        channel.setblocking(False)

    def say(self, value: Any) -> None:
        """Send, to somebody who may not listen."""
        message = memoryview(wire.encode(value))
        until = self._deadline()
        while message:
            _, writable, _ = select.select([], [self.channel], [], self._patience(until))
            if writable:
                try:
                    message = message[self.channel.send(message) :]
                except BlockingIOError:
                    continue
                except OSError:
                    raise self._ending() from None
            elif self._is_over():
                raise self._ending()

    def hear(self) -> Any:
        """The next message. Raises Stopped, or WireError when it is none."""
        until = self._deadline()
        while not self._complete():
            readable, _, _ = select.select([self.channel], [], [], self._patience(until))
            if readable and not self._read():
                raise self._ending()
        size = 8 + int.from_bytes(self.buffer[:8])
        message = bytes(self.buffer[:size])
        del self.buffer[:size]
        return wire.decode(message, tensors=False, longest=wire.LONGEST)

    def has_more(self) -> bool:
        """Whether something was sent that nobody has asked for yet."""
        readable, _, _ = select.select([self.channel], [], [], 0)
        return bool(self.buffer) or bool(readable and self._read() and self.buffer)

    def listen_to_the_end(self) -> None:
        """After the last outcome there is nothing more to be said, and still only so much to be used."""
        until = time.monotonic() + 1.0
        while time.monotonic() < until and not self.buffer:
            self._look()
            readable, _, _ = select.select([self.channel], [], [], 0.1)
            if readable and not self._read():
                return
            if not readable and self._is_over():
                return
        if self.buffer:
            raise Stopped("tampered", "more was sent than was asked for")

    def hang_up(self) -> None:
        """There is nothing to ask."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    def _complete(self) -> bool:
        if len(self.buffer) < 8:
            return False
        size = int.from_bytes(self.buffer[:8])
        if size > self.limits.reply:
            raise Stopped("tampered", f"a reply of {size} bytes")
        return len(self.buffer) >= 8 + size

    def _read(self) -> bool:
        """Take what there is; False when the other side has closed."""
        try:
            part = self.channel.recv(2**18)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.buffer += part
        return bool(part)

    def _deadline(self) -> float:
        now = time.monotonic()
        return min(now + self.limits.seconds, self.began + self.limits.total)

    def _patience(self, until: float) -> float:
        """How long to wait now; looks at time, memory and processes first."""
        now = time.monotonic()
        if now >= until:
            raise Stopped("timeout", f"not done after {now - self.began:.0f} s")
        self._look()
        return min(0.2, until - now)

    def _look(self) -> None:
        """What is used now, five times a second at most. Raises Stopped where that is too much."""
        now = time.monotonic()
        if now - self.last_look <= 0.2:
            return
        self.last_look = now
        used = resources.use(self.watched, own_network=self.own_network) - self.base
        held = used.memory + used.channels
        if held > self.limits.memory or used.size > 4 * self.limits.memory:
            raise Stopped("crashed", f"more than {self.limits.memory / 2**30:.2g} GiB of memory")
        if used.processes > self.limits.processes:
            raise Stopped("crashed", f"more than {self.limits.processes} processes")

    def _is_over(self) -> bool:
        readable, _, _ = select.select([self.status], [], [], 0)
        return bool(readable)

    def wait_for_the_end(self, seconds: float) -> bool:
        """Whether everything of the exercise has ended within this time, as it was told.

        What uses too much meanwhile is not waited for.
        """
        until = time.monotonic() + seconds
        while self.ended is None and time.monotonic() < until:
            readable, _, _ = select.select([self.status], [], [], 0.1)
            try:
                if readable:
                    self.ended = int(wire.decode(self.status.recv(65536))["ended"])
                else:
                    self._look()
            except (OSError, wire.WireError, KeyError, TypeError, ValueError, Stopped):
                break
        return self.ended is not None

    def _ending(self) -> Stopped:
        """Why the process has ended, as the process that watched over it tells."""
        if not self.wait_for_the_end(3.0):
            return Stopped("crashed", "it ended the processes around it, or closed its channel")
        if self.ended < 0:
            with contextlib.suppress(ValueError):
                return Stopped("crashed", f"ended by {signal.Signals(-self.ended).name}")
        if self.ended == OUT_OF_MEMORY:
            return Stopped("crashed", "out of memory")
        return Stopped("crashed", f"it ended its own process (exit code {self.ended})")

"""A hub that says nothing, as behind a firewall: found out in seconds, and never waited for without end.

The libraries wait for minutes where what is sent is dropped, and some of their requests for ever.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

SILENCE = 30.0  # seconds without a byte, after which a request that has begun is given up
SILENT = "no answer within"


def ask_briefly(address: str, seconds: float) -> str:
    """Whether somebody is there: "answers", or why not, within so many seconds.

    "no answer": nobody is, which shows at once; "no answer within 3 s": nothing came back at all.
    """
    answers = [f"{SILENT} {seconds:g} s"]

    def ask() -> None:
        try:
            request = urllib.request.Request(address, method="HEAD")
            urllib.request.urlopen(request, timeout=2 * seconds).close()
            answers[0] = "answers"
        except urllib.error.HTTPError as error:
            # A hub that says "no such page" is there; one that says 5xx is not well.
            answers[0] = "answers" if error.code < 500 else f"is not well (HTTP {error.code})"
        except (OSError, ValueError):
            answers[0] = "no answer"

    # A thread, as looking up a name has no time limit of its own.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0]


def silence_of_the_hub() -> str:
    """ "no answer within 6 s" where the hub keeps silent, asked twice; "" where it need not be asked."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return ""
    for seconds in (3.0, 6.0):
        answer = ask_briefly(constants.ENDPOINT, seconds)
        if not answer.startswith(SILENT):
            return ""
    return answer


@contextlib.contextmanager
def as_if_offline() -> Iterator[None]:
    """Within this the libraries ask no hub, as with HF_HUB_OFFLINE."""
    from huggingface_hub import constants

    readers = [constants, *filter(None, [sys.modules.get("datasets.config")])]
    before = [reader.HF_HUB_OFFLINE for reader in readers]
    for reader in readers:
        reader.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for reader, was in zip(readers, before):
            reader.HF_HUB_OFFLINE = was  # type: ignore[attr-defined]


@contextlib.contextmanager
def patience_with_silence() -> Iterator[None]:
    """Within this a request that nobody answers ends; the library's own would wait for ever."""
    from huggingface_hub.utils import get_session

    session = get_session()
    before = session.timeout
    session.timeout = SILENCE
    try:
        yield
    finally:
        session.timeout = before

"""The real server, asked over the loopback by several clients at once."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from urllib.parse import urlsplit

import numpy as np
import pytest

from kd_course import serving


def lengths(texts):
    """A classifier of two classes that takes its time: the share of the letter a."""
    time.sleep(0.01)
    if "boom" in texts:
        raise RuntimeError("boom")
    if "few" in texts:
        return np.zeros((0, 2))
    shares = np.array([text.count("a") / len(text) for text in texts])
    return np.stack([shares, 1 - shares], axis=-1)


def asked(url, text):
    return serving.post(url, json.dumps({"text": text}).encode())


def connected(server):
    place = urlsplit(server.url)
    return http.client.HTTPConnection(place.hostname, place.port, timeout=10)


@pytest.fixture(scope="module")
def server():
    with serving.running(lengths, largest=8, longest=50) as running:
        yield running


def test_everybody_gets_their_own_answer_and_batches_form(server):
    texts = ["a" * (i % 5) + "b" * 3 for i in range(40)]
    found = serving.load(server.url, texts, clients=8)
    assert found.failed == 0 and found.p50 <= found.p95 and found.per_second > 0
    assert max(server.batcher.sizes) > 1 and max(server.batcher.sizes) <= 8
    for text in ("aab", "b", "aaaa"):
        share = text.count("a") / len(text)
        assert asked(server.url, text) == (200, {"probabilities": [share, 1 - share]})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "must be JSON"),
        (b"\xff\xfe", "must be JSON"),
        (b"[]", "must be a text"),
        (b'{"text": 3}', "must be a text"),
        (b'{"text": "  "}', "not empty"),
        (b"[" * 1500, "must be JSON"),
        (b'{"text": "\\ud800"}', "half a character"),
        (json.dumps({"text": "\U0001f600" * 51}).encode(), "at most 50 characters"),
        (json.dumps({"text": "a" * 51}).encode(), "at most 50 characters, but has 51"),
    ],
)
def test_bad_input_gets_a_clear_400_and_the_server_lives(server, body, said):
    status, answer = serving.post(server.url, body)
    assert status == 400 and said in answer["error"]
    assert asked(server.url, "ab")[0] == 200


@pytest.mark.parametrize("text", ["boom", "few"])
def test_a_model_that_fails_is_told_as_500_and_the_next_request_is_answered(server, text):
    assert asked(server.url, text)[0] == 500
    assert asked(server.url, "ab")[0] == 200


def test_another_path_or_way_of_asking_is_refused(server):
    assert serving.post(server.url.replace("classify", "other"), b"{}")[0] == 404
    with contextlib.closing(connected(server)) as connection:
        connection.request("GET", "/classify")
        response = connection.getresponse()
        assert response.status == 405 and "405" in json.loads(response.read())["error"]


def test_a_body_beyond_all_bounds_is_not_read_and_the_server_lives(server):
    with contextlib.closing(connected(server)) as connection, contextlib.suppress(OSError):
        connection.request("POST", "/classify", b"x" * 100_000)
        assert connection.getresponse().status in (400, 413)
    assert asked(server.url, "ab")[0] == 200


def test_a_client_that_leaves_spoils_nothing(server):
    with contextlib.closing(connected(server)) as connection:
        connection.request("POST", "/classify", b'{"text": "ab"}')
    assert asked(server.url, "ab") == (200, {"probabilities": [0.5, 0.5]})


def test_after_the_block_nobody_listens():
    with serving.running(lengths) as running:
        assert asked(running.url, "ab")[0] == 200
    with pytest.raises(OSError):
        asked(running.url, "ab")


def test_a_server_that_cannot_listen_says_so_at_once(monkeypatch):
    def taken(*_):
        raise OSError("address in use")

    monkeypatch.setattr(serving.tornado.netutil, "bind_sockets", taken)
    with pytest.raises(RuntimeError, match="did not start") as told, serving.running(lengths):
        pass
    assert "address in use" in str(told.value.__cause__)


@pytest.mark.parametrize("wrong", [{"texts": [], "clients": 1}, {"texts": ["a"], "clients": 0}])
def test_a_load_of_nothing_is_refused(server, wrong):
    with pytest.raises(ValueError, match="at least one"):
        serving.load(server.url, **wrong)

"""The real server, asked over the loopback by several clients at once."""

from __future__ import annotations

import json
import time

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


def test_another_path_is_not_found(server):
    assert serving.post(server.url.replace("classify", "other"), b"{}")[0] == 404


def test_after_the_block_nobody_listens():
    with serving.running(lengths) as running:
        assert asked(running.url, "ab")[0] == 200
    with pytest.raises(OSError):
        asked(running.url, "ab")


@pytest.mark.parametrize("wrong", [{"texts": [], "clients": 1}, {"texts": ["a"], "clients": 0}])
def test_a_load_of_nothing_is_refused(server, wrong):
    with pytest.raises(ValueError, match="at least one"):
        serving.load(server.url, **wrong)

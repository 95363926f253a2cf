"""What a student hears: frames of a spectrum, from a wave that is known."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from kd_course.corpora import pictures, speech

RATE = 16_000


def tone(frequency, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(RATE * seconds)) / RATE)


def test_a_higher_tone_is_in_a_higher_band():
    bands = [
        int(speech.log_mel(tone(hertz).astype(np.float32), RATE).mean(1).argmax())
        for hertz in (200, 800, 3000)
    ]
    assert bands == sorted(set(bands))


def test_a_frame_every_twenty_milliseconds():
    frames = speech.log_mel(tone(440, 1.0).astype(np.float32), RATE)
    assert frames.shape == (speech.BANDS, 1 + (RATE - 512) // 320)
    assert frames.mean() == pytest.approx(0, abs=1e-4) and frames.std() == pytest.approx(
        1, abs=1e-3
    )


def test_a_wave_is_read_as_it_was_written():
    written = (32767 * tone(300, 0.05)).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(written.tobytes())
    samples, rate = speech.read_wave(content.getvalue())
    assert rate == RATE
    np.testing.assert_allclose(samples, written / 32768, atol=1e-6)


def test_what_drowns_a_stretch_leaves_the_rest_as_it_was(monkeypatch):
    monkeypatch.setattr(speech, "spoken", lambda text: (tone(440, 2.0).astype(np.float32), RATE))
    whole, drowned = speech.heard("a"), speech.heard("a", silenced=(0.5, 1.0))
    assert whole.shape == drowned.shape == (speech.BANDS, speech.FRAMES)
    assert (whole.argmax(0) == drowned.argmax(0))[:45].all()
    assert (whole.argmax(0) != drowned.argmax(0))[55:95].mean() > 0.8


def test_without_the_program_it_is_said_how_to_go_on(monkeypatch):
    monkeypatch.setattr(speech.shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="apt install espeak-ng"):
        speech.spoken("hello")


def test_a_hidden_stretch_is_where_the_hidden_letters_are():
    assert speech.hidden_stretch("PROF■■ ■■■■ 4.5%") == (4 / 16, 11 / 16)
    assert speech.hidden_stretch("PROFIT") == (0.0, 0.0)


def test_the_recorded_handful_is_headlines_of_the_corpus_drowned_where_they_are_hidden():
    rows = pictures.load(0, sizes=dict.fromkeys(pictures.SIZES, 0) | {"train": 6})["train"]
    recordings = speech.recorded()
    assert [(one.text, one.seen) for one in recordings] == list(zip(rows["text"], rows["seen"]))
    for one in recordings:
        assert one.frames.shape == one.drowned.shape == (speech.BANDS, speech.FRAMES)
        spoken = (one.frames != one.frames[0, -1]).any(0).nonzero()[0][-1] + 1  # frames of speech
        begin, end = (round(share * spoken) for share in speech.hidden_stretch(one.seen))
        alike = [  # how much the bands of a frame go together with those of the drowned one
            np.corrcoef(one.frames[:, frame], one.drowned[:, frame])[0, 1]
            for frame in range(spoken)
        ]
        assert np.mean(alike[begin + 2 : end - 2]) < 0.6
        assert np.mean(alike[: max(begin - 2, 0)] + alike[end + 2 :]) > 0.95


@pytest.mark.skipif(speech.program() is None, reason="espeak-ng is not installed")
def test_what_was_recorded_is_what_the_program_says():
    one = speech.recorded()[0]
    now = speech.heard(one.text)
    assert np.corrcoef(now.ravel(), one.frames.ravel())[0, 1] > 0.8  # voices change a little

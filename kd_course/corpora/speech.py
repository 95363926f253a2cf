"""Headlines spoken by a program, as frames of a spectrum: what a student hears.

The voice is espeak-ng's, https://github.com/espeak-ng/espeak-ng, where that program is installed; it
is no part of the course. What is heard goes the usual way: short windows, their spectrum, its energy
in bands that are narrow where the ear hears well (mel), and the logarithm. A handful of headlines
ships as it was heard (`recorded`), so that one can look at them without the program.

    python -m kd_course.corpora.speech      record that handful again
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kd_course.corpora.grammars.hidden_letters import HIDDEN

BANDS, FRAME, STEP = 40, 0.032, 0.020  # mel bands; seconds of a window, and from one to the next
CELL = (BANDS, 4)  # what a student takes together: 80 ms, about a sound of speech
FRAMES = 320  # of a headline: 6.4 seconds; what is longer is cut
SPEED = 240  # words a minute
NOISE = 0.02  # of the wave, beside its own largest value
SILENCE = -2.0  # behind a headline's end

RECORDED = Path(__file__).parent / "words" / "spoken.npz"
_HANDFUL = 6  # headlines that are recorded
_LEVELS, _LOWEST = 32, -4.0  # a recorded frame is a byte: so many levels a unit, from there on


@dataclass(frozen=True)
class Recording:
    """A headline that was spoken once, and what was heard of it."""

    text: str
    seen: str  # in capitals, HIDDEN where letters are drowned
    frames: np.ndarray  # (BANDS, FRAMES), float32
    drowned: np.ndarray  # the same with a noise over the hidden stretch


def program() -> str | None:
    """Where espeak-ng is installed; None where it is not."""
    return shutil.which("espeak-ng")


def spoken(text: str) -> tuple[np.ndarray, int]:
    """The wave of a sentence, -1 to 1, and its samples a second.

    Raises RuntimeError where espeak-ng is not installed, or does not speak.
    """
    where = program()
    if where is None:
        raise RuntimeError(
            "espeak-ng is not installed: `apt install espeak-ng`, `brew install espeak-ng`; "
            "`recorded()` has a few headlines without it"
        )
    said = subprocess.run(
        [where, "-v", "en", "-s", str(SPEED), "--stdout", text], capture_output=True, check=False
    )
    if said.returncode or not said.stdout:
        raise RuntimeError(f"espeak-ng did not speak: {said.stderr.decode(errors='replace')!r}")
    return read_wave(said.stdout)


def read_wave(content: bytes) -> tuple[np.ndarray, int]:
    """A wave file's samples of 16 bits, one channel, as numbers from -1 to 1, and its rate.

    The length in the header is not believed: a program that writes to a pipe cannot know it.
    """
    with wave.open(io.BytesIO(content)) as file:
        rate, width, channels = file.getframerate(), file.getsampwidth(), file.getnchannels()
        if (width, channels) != (2, 1):
            raise ValueError(
                f"a wave must have 16 bits and one channel, not {8 * width}, {channels}"
            )
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    return samples.astype(np.float32) / 32768, rate


def log_mel(samples: np.ndarray, rate: int) -> np.ndarray:
    """The log energy of each band in each frame, mean 0 and spread 1: (BANDS, frames), float32.

    Stevens, Volkmann & Newman, A Scale for the Measurement of the Psychological Magnitude Pitch, 1937.
    """
    size, step = round(FRAME * rate), round(STEP * rate)
    count = max(1, 1 + (len(samples) - size) // step)
    padded = np.pad(samples, (0, max(0, size + (count - 1) * step - len(samples))))
    windows = np.stack([padded[i * step : i * step + size] for i in range(count)])
    power = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)) ** 2
    energy = np.log(power @ _bands(size, rate).T + 1e-8).T
    return ((energy - energy.mean()) / max(energy.std(), 1e-6)).astype(np.float32)


def heard(text: str, *, seed: int = 0, silenced: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A headline as a student hears it: (BANDS, FRAMES), float32, with noise and a stretch drowned.

    silenced: the stretch that a noise covers, as shares of the sentence, beginning and end.
    Raises RuntimeError as `spoken` does.
    """
    samples, rate = spoken(text)
    loudest = max(float(np.abs(samples).max()), 1e-6)
    random = np.random.default_rng([seed, len(text), *text.encode()])
    noise = loudest * (2 * random.random(len(samples)) - 1)
    begin, end = (round(share * len(samples)) for share in silenced)
    samples = samples + NOISE * noise
    samples[begin:end] = noise[begin:end]
    frames = log_mel(samples.astype(np.float32), rate)[:, :FRAMES]
    return np.pad(frames, ((0, 0), (0, FRAMES - frames.shape[1])), constant_values=SILENCE)


def hidden_stretch(seen: str) -> tuple[float, float]:
    """Where the hidden letters of a headline begin and end, as shares of it; (0.0, 0.0) without any."""
    hidden = [place for place, letter in enumerate(seen) if letter == HIDDEN]
    return (hidden[0] / len(seen), (hidden[-1] + 1) / len(seen)) if hidden else (0.0, 0.0)


def recorded() -> list[Recording]:
    """A few headlines as they were heard once: no program is needed. Rounded to 1/32."""
    with np.load(RECORDED) as file:
        frames = file["frames"].astype(np.float32) / _LEVELS + _LOWEST
        texts, seen = (file[name].tolist() for name in ("texts", "seen"))
    return [Recording(*row) for row in zip(texts, seen, frames[:, 0], frames[:, 1])]


def record() -> Path:
    """Let the first training headlines of `pictures` be spoken, and write what `recorded` reads.

    Raises RuntimeError as `spoken` does.
    """
    from kd_course.corpora import pictures

    sizes = {name: _HANDFUL if name == "train" else 0 for name in pictures.SIZES}
    rows = pictures.load(0, sizes=sizes)["train"]
    texts, seen = list(rows["text"]), list(rows["seen"])
    frames = [
        (heard(text), heard(text, silenced=hidden_stretch(hidden)))
        for text, hidden in zip(texts, seen)
    ]
    levels = np.clip(np.round((np.array(frames) - _LOWEST) * _LEVELS), 0, 255).astype(np.uint8)
    np.savez_compressed(RECORDED, texts=np.array(texts), seen=np.array(seen), frames=levels)
    return RECORDED


def _bands(size: int, rate: int) -> np.ndarray:
    """Triangles, evenly spaced on the mel scale: (BANDS, size // 2 + 1)."""
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    heard_at = np.fft.rfftfreq(size, 1 / rate)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(
        0, np.minimum((heard_at - low) / (middle - low), (high - heard_at) / (high - middle))
    )


if __name__ == "__main__":
    print(record())

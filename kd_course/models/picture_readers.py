"""Students that see: a headline's picture in, logits out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

# widths: numbers a letter's cell becomes, and numbers each of the two stretches of letters becomes.
SEEING_SIZES = {"tiny": (32, 48, 64), "small": (64, 96, 128)}


class PictureClassifier(nn.Module):
    """A small convolutional network over a line of letters, one cell beside the other.

    The first convolution sees one letter's cell at a time, and steps by one cell; the next two see
    stretches of 7 and of 5 places and step by two. Of each feature the largest value along the line
    goes to the classifier.
    """

    def __init__(
        self, cell: tuple[int, int], widths: Sequence[int], classes: int, dropout: float
    ) -> None:
        super().__init__()
        height, width = cell
        letters, words, phrases = widths
        self.cell = cell
        self.read_letters = nn.Conv2d(1, letters, (height, width), stride=(height, width))
        self.read_words = nn.Conv1d(letters, words, 7, stride=2, padding=3)
        self.read_phrases = nn.Conv1d(words, phrases, 5, stride=2, padding=2)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(phrases, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of pictures: (batch, height, width) -> (batch, classes).

        Raises ValueError for pictures that are not one line of whole cells.
        """
        height, width = self.cell
        if pictures.ndim != 3 or pictures.shape[1] != height or pictures.shape[2] % width:
            raise ValueError(
                f"pictures must have shape (batch, {height}, a multiple of {width}), "
                f"but have shape {tuple(pictures.shape)}"
            )
        letters = self.read_letters(pictures[:, None]).squeeze(2).relu()  # (batch, letters, length)
        words = self.read_words(letters).relu()
        phrases = self.read_phrases(self.dropout(words)).relu()
        return self.classifier(self.dropout(phrases.amax(-1)))


def picture_classifier(
    size: str, cell: tuple[int, int], classes: int, *, seed: int, dropout: float = 0.1
) -> PictureClassifier:
    """An untrained student that sees, of one of SEEING_SIZES: the same weights for the same seed.

    cell: rows and columns of one letter. Raises ValueError for a size that is not in SEEING_SIZES.
    """
    if size not in SEEING_SIZES:
        raise ValueError(f"size must be one of {', '.join(SEEING_SIZES)}, but is {size!r}")
    torch.manual_seed(seed)
    return PictureClassifier(cell, SEEING_SIZES[size], classes, dropout)

"""Students that see: a headline's picture in, logits out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

# numbers that a letter, the stretch of letters around it, and the stretch of those around become
SEEING_SIZES = {"tiny": (24, 48, 64), "small": (32, 96, 128), "medium": (48, 192, 256)}


class PictureClassifier(nn.Module):
    """A small convolutional network over a line of letters, one cell beside the other.

    The first convolution sees one letter's cell at a time, and steps by one cell; the next sees 7
    letters around each; of four places the largest value of each feature is kept, wherever a word
    begins; the third sees 5 of these. Of the last two the largest values along the line go to the
    classifier. Each convolution is followed by batch normalisation.

    After Kim et al., Character-Aware Neural Language Models, 2016.
    """

    def __init__(
        self, cell: tuple[int, int], widths: Sequence[int], classes: int, dropout: float
    ) -> None:
        super().__init__()
        letters, words, phrases = widths
        self.cell = cell
        self.read_letters = nn.Conv2d(1, letters, cell, stride=cell)
        self.even_letters = nn.BatchNorm1d(letters)
        self.read_words = nn.Conv1d(letters, words, 7, padding=3)
        self.even_words = nn.BatchNorm1d(words)
        self.read_phrases = nn.Conv1d(words, phrases, 5, padding=2)
        self.even_phrases = nn.BatchNorm1d(phrases)
        self.dropout = nn.Dropout(dropout)
        self.combine = nn.Linear(words + phrases, phrases)
        self.classifier = nn.Linear(phrases, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of pictures: (batch, height, width) -> (batch, classes).

        Raises ValueError for pictures that are not one line of whole cells, four at least.
        """
        height, width = self.cell
        shape = tuple(pictures.shape)
        if len(shape) != 3 or shape[1] != height or shape[2] % width or shape[2] < 4 * width:
            raise ValueError(
                f"pictures must have shape (batch, {height}, a multiple of {width}), four cells at "
                f"least, but have shape {shape}"
            )
        letters = self.read_letters(pictures[:, None]).squeeze(2)  # (batch, letters, length)
        letters = self.even_letters(letters).relu()
        words = F.max_pool1d(self.even_words(self.read_words(letters)).relu(), 4)
        phrases = self.even_phrases(self.read_phrases(self.dropout(words))).relu()
        found = torch.cat([words.amax(-1), phrases.amax(-1)], dim=-1)
        return self.classifier(self.dropout(self.combine(found).relu()))


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

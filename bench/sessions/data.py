"""Sessions to learn from and prefixes to continue, in the model's own form."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.next_item.data import Rows, padded
from insight.encoding.vocabulary import FIRST_KNOWN, UNKNOWN, Indices

LENGTH = 20
VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class Sessions:
    """Both files of a folder.

    Args:
        size: Of the vocabulary: items of training sessions, padding and unknown.
        train: The sessions, oldest first.
        test: Prefixes and the item that came next; unknown where training never saw it.
    """

    size: int
    train: list[Indices]
    test: Rows

    @classmethod
    def read(cls, folder: Path) -> "Sessions":
        """``train_sessions.jsonl.gz``: lists of items; ``test_pairs.jsonl.gz``: prefix, target."""
        sessions = _lines(folder / "train_sessions.jsonl.gz")
        items = sorted({item for session in sessions for item in session})
        index_of = {item: i + FIRST_KNOWN for i, item in enumerate(items)}

        def indices(found: Sequence[int]) -> Indices:
            return np.array([index_of.get(item, UNKNOWN) for item in found], np.int64)

        pairs = _lines(folder / "test_pairs.jsonl.gz")
        prefixes = padded([indices(pair["prefix"]) for pair in pairs], LENGTH)
        test = Rows(prefixes, indices([pair["target"] for pair in pairs]), prefixes)
        train = [indices(session) for session in sessions if len(session) > 1]
        return cls(len(items) + FIRST_KNOWN, train, test)

    @property
    def older(self) -> list[Indices]:
        """All but the newest tenth."""
        return self.train[: self._border]

    @property
    def validation(self) -> Rows:
        """Every prefix of the newest tenth, as the test asks."""
        newest = self.train[self._border :]
        prefixes = [session[:end] for session in newest for end in range(1, len(session))]
        known, wanted = padded(prefixes, LENGTH), np.concatenate([each[1:] for each in newest])
        return Rows(known, wanted, known)

    @property
    def _border(self) -> int:
        return round(len(self.train) * (1 - VALIDATION_SHARE))


def whole(sessions: list[Indices]) -> Indices:
    """Sessions with their last item, in which pairs are counted; (sessions, LENGTH + 1)."""
    return padded(sessions, LENGTH + 1)


def to_rows(sessions: list[Indices]) -> Rows:
    """Sessions of which every position's next item is learned."""
    known = padded([session[:-1] for session in sessions], LENGTH)
    return Rows(known, np.array([session[-1] for session in sessions]), known)


def _lines(path: Path) -> list:
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]

"""What a run trains on, read at pinned versions and proved readable."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FeatureStatistics
from insight.encoding.splits import TRAIN, learned_splits
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.encoding.vocabulary import FIRST_KNOWN, Vocabulary
from insight.errors import StageOrderError
from insight.models.arrays import Floats, Indices
from insight.stages import Run
from insight.tables import FEATURE_STATISTICS, ITEM_VOCABULARY, TRAINING_EXAMPLES, Table
from insight.training import preflight
from insight.training.item_vectors import read_item_vectors
from insight.training.plan import ReadCount
from insight.training.row_groups import rows_per_group


@dataclass(frozen=True)
class Split:
    """One split of the training examples.

    Args:
        files: URLs of its active files.
        counted: Rows and checksums as Spark reads them.
    """

    files: tuple[str, ...]
    counted: ReadCount


@dataclass(frozen=True)
class Inputs:
    """All that training reads.

    Args:
        splits: ``train``, ``validation`` and, where it is asked for, ``recalibration``.
        vocabulary: The items.
        item_counts: Events of every item index, shape (vocabulary size,).
        features: Location and scale of the features.
        trained_through: Date of the last cut-off that training saw, ISO.
        ranks: How many ranks can share the splits.
        item_vectors: Of every item index, where training asks for them; (vocabulary size, width).
    """

    splits: dict[str, Split]
    vocabulary: Vocabulary
    item_counts: Indices
    features: FeatureStatistics
    trained_through: str
    ranks: int
    item_vectors: Floats | None = None

    def content_hash(self, settings: dict[str, object]) -> str:
        """SHA-256 over the content of the inputs and the settings, free of table versions."""
        content = {
            "splits": {
                name: [split.counted.rows, split.counted.checksum]
                for name, split in sorted(self.splits.items())
            },
            "vocabulary": self.vocabulary.fingerprint,
            "features": self.features.fingerprint,
            "item_vectors": _fingerprint(self.item_vectors),
            "settings": settings,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _fingerprint(vectors: Floats | None) -> str | None:
    return None if vectors is None else hashlib.sha256(vectors.tobytes()).hexdigest()


def has_examples(run: Run) -> bool:
    """Whether build_examples has written any for the run date."""
    rows = run.lake.read_or_empty(TRAINING_EXAMPLES)
    return not rows.where(F.col("run_date") == F.lit(run.run_date)).isEmpty()


def read_inputs(run: Run, *, ranks: int) -> Inputs:
    """Read the inputs of a run date, and refuse what training could not read right.

    Args:
        run: The night.
        ranks: Ranks asked for; ``Inputs.ranks`` is lower if a split has too few rows for them.

    Raises:
        StageOrderError: The examples of this date were not built.
        TableContractError: Types, properties or shares are not as promised.
        DataQualityError: There are nulls, ragged lists or hidden rows.
        EmptyInputError: A split has no rows.
    """
    examples = tonight(run, TRAINING_EXAMPLES)
    path = run.lake.path(TRAINING_EXAMPLES)
    described = run.spark.sql(f"DESCRIBE DETAIL delta.`{path}`")
    detail = described.select("properties", "partitionColumns").first()
    assert detail is not None
    subject = f"table {TRAINING_EXAMPLES.name}"
    preflight.refuse_unreadable_properties(subject, detail["properties"])
    preflight.refuse_partition_columns(subject, detail["partitionColumns"])
    vocabulary, item_counts = _vocabulary(run)
    features = _features(run)
    lengths = dict.fromkeys(preflight.LISTS, run.settings.sequences.length)
    lengths |= {"features": features.width, "campaign_context": CONTEXT_WIDTH}
    files = {name: _files(run, name) for name in learned_splits(run.settings)}
    possible = preflight.ranks_for({name: rows_per_group(files[name]) for name in files}, ranks)
    splits = {}
    for name, listed in files.items():
        rows = examples.where(F.col("split") == name)
        split = f"{subject} of {run.run_date}, split {name}"
        splits[name] = _split(rows, split, listed, possible, lengths)
    newest = examples.where(F.col("split").isin(*splits)).agg(
        F.to_date(F.timestamp_seconds(F.max("cutoff_at")))
    )
    last = newest.first()
    assert last is not None
    vectors = None
    if run.settings.training.item_vectors != "none":
        vectors = read_item_vectors(run, vocabulary, as_of=last_cutoff(examples))
    return Inputs(splits, vocabulary, item_counts, features, str(last[0]), possible, vectors)


def last_cutoff(examples: DataFrame) -> date:
    """Date of the last training cut-off, which the vocabulary ends with, too."""
    weekly = examples.where((F.col("split") == TRAIN) & (F.col("campaign_id") == ""))
    # A cut-off is the end of its day.
    row = weekly.agg(F.to_date(F.timestamp_seconds(F.max("cutoff_at") - 1)).alias("day")).first()
    assert row is not None
    last: date = row["day"]
    return last


def _files(run: Run, split: str) -> tuple[str, ...]:
    partition = {"run_date": run.run_date.isoformat(), "split": split}
    # Spark encodes what is special in a URL; the reader takes paths as they are.
    return tuple(unquote(url) for url in run.lake.files(TRAINING_EXAMPLES, partition))


def _split(
    examples: DataFrame, subject: str, files: tuple[str, ...], ranks: int, lengths: dict[str, int]
) -> Split:
    preflight.refuse_unreadable_schema(subject, files)
    rows = preflight.refuse_unequal_shards(subject, files, ranks)
    counted = preflight.count_examples(examples, subject, lengths)
    preflight.refuse_hidden_rows(subject, rows, counted)
    return Split(files, counted)


def _vocabulary(run: Run) -> tuple[Vocabulary, Indices]:
    rows = tonight(run, ITEM_VOCABULARY).select("item_index", "item_id", "category", "event_count")
    # One row per item: the vocabulary must fit into the model, so it fits here.
    found = sorted(tuple(row) for row in rows.collect())
    counts = np.array([0] * FIRST_KNOWN + [row[3] for row in found], dtype=np.int64)
    return Vocabulary.from_rows([row[:3] for row in found]), counts


def _features(run: Run) -> FeatureStatistics:
    return FeatureStatistics.from_rows(tonight(run, FEATURE_STATISTICS).collect())


def tonight(run: Run, table: Table) -> DataFrame:
    """A table's rows of the run date.

    Raises:
        StageOrderError: There are none.
    """
    rows = run.lake.read(table).where(F.col("run_date") == F.lit(run.run_date))
    if rows.isEmpty():
        raise StageOrderError(
            f"table {table.name} of {run.run_date}",
            found="no rows of this date",
            expected="rows written by build_examples",
            next_step="run build_examples for this date first",
        )
    return rows

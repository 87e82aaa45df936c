"""What compression changes of a trained model, how small it gets, and how fast it is."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.record import Measure
from bench.scoring.night import Night
from bench.scoring.throughput import one_process_rate
from insight.promotion.compressing import Change, measure_change, smaller_version, whole_of
from insight.promotion.stage import translation_of
from insight.registry import Registry
from insight.settings import CompressionSettings
from insight.tables import TRAINING_EXAMPLES

VARIANTS = {
    "float16": CompressionSettings(form="float16"),
    "int8": CompressionSettings(form="int8"),
    "int8_half_pruned": CompressionSettings(form="int8", pruned_share=0.5),
}


def compression_measures(night: Night) -> Iterator[Measure]:
    """Of each variant: lists kept, metrics moved, size and speed beside the whole model's."""
    spark, registry = night.run.spark, Registry(night.run.settings.registry)
    champion = whole_of(registry, night.champion)
    # In the encoding of the night it was trained in.
    trained = replace(night.run, run_date=champion.run_date)
    examples = trained.lake.read(TRAINING_EXAMPLES).where(f"run_date = '{trained.run_date}'")
    validation = examples.where("split = 'validation'")
    translation = translation_of(trained, champion)
    whole = one_process_rate(night, champion.folder)
    for name, settings in VARIANTS.items():
        with tempfile.TemporaryDirectory(prefix="insight-bench-") as place:
            smaller = smaller_version(champion, settings, Path(place) / "model")
            change = measure_change(spark, (champion, smaller), validation, translation)
            rate = one_process_rate(night, smaller.folder)
        yield from _told(f"scoring.{name}", change, settings)
        yield Measure(f"scoring.{name}.speed_over_whole", rate / whole, "", None, "higher")


def _told(name: str, change: Change, settings: CompressionSettings) -> Iterator[Measure]:
    verdict = change.refusal(settings) or "accepted"
    least = settings.least_overlap
    yield Measure(f"{name}.top20_overlap", change.overlap, "", least, "higher", verdict)
    yield Measure(f"{name}.ndcg10_fall", change.ndcg10, "", settings.ndcg_tolerance)
    yield Measure(f"{name}.largest_ece_change", change.ece, "", settings.ece_tolerance)
    size = change.bytes_after / change.bytes_before
    note = f"{change.bytes_before} bytes in all files before, {change.bytes_after} after"
    yield Measure(f"{name}.size_over_whole", size, "", note=note)

"""Two whole nights of a small shop, from landing files to the report."""

import shutil
from pathlib import Path

from pyspark.sql import functions as F

from insight.launch import open_run
from insight.models.shape import ModelShape, member_folders
from insight.registry.registry import Registry
from insight.scoring.stage import SCORE
from insight.stages import StageRecord
from insight.tables import (
    CUSTOMER_FEATURES,
    CUSTOMER_SCORES,
    EVALUATION,
    EVENTS,
    EXPOSURES,
    RECOMMENDATIONS,
    RUN_LOG,
)
from jobs.backfill import Progress, backfill
from jobs.nightly import NIGHT
from tests.jobs.conftest import Nights
from tests.privacy.every_byte import found_below
from tests.small_shop import BASKETS, HOUSEHOLDS


def _total(records: list[StageRecord], stage: str) -> StageRecord:
    return next(r for r in records if r.stage == stage and r.table_name == "stage")


def test_the_first_night_trains_and_its_model_earns_its_place(nights: Nights) -> None:
    log = nights.run.lake.read(RUN_LOG).where(f"run_date = '{nights.first}'")
    rows = log.where("table_name = 'stage'").select("stage", "outcome", "detail").collect()
    outcomes = {row["stage"]: (row["outcome"], row["detail"]) for row in rows}
    # Nothing reads the words of items by default.
    skipped = {"embed_items": ("skipped", "no new pictures, and text.encoder is none")}
    assert outcomes == dict.fromkeys((stage.name for stage in NIGHT), ("ok", None)) | skipped
    champion = Registry(nights.run.settings.registry).champion(nights.first)
    assert champion.run_date == nights.first


def test_the_night_ends_with_what_it_did_how_good_it_is_and_what_to_try(nights: Nights) -> None:
    for said in ("customer_scores 400", "challenger", "own_items", "The night took", "make query"):
        assert said in nights.first_output


def test_the_champion_is_an_ensemble_with_a_card(nights: Nights) -> None:
    settings = nights.run.settings
    champion = Registry(settings.registry).champion_or_none(nights.first)
    assert champion is not None
    shapes = [ModelShape.load(folder).encoder for folder in member_folders(champion.folder)]
    assert shapes == ["gru", "cnn"]
    card = settings.report / "models" / champion.version / "card.html"
    assert "gru, cnn" in card.read_text()


def test_every_customer_is_scored_once_with_probabilities(nights: Nights) -> None:
    lake = nights.run.lake
    scores = lake.read(CUSTOMER_SCORES).where(f"score_date = '{nights.first}'")
    known = lake.read(CUSTOMER_FEATURES).where(f"feature_date = '{nights.first}'")
    assert scores.count() == scores.select("customer_id").distinct().count() == known.count()
    outside = "purchase_probability NOT BETWEEN 0 AND 1 OR churn_probability NOT BETWEEN 0 AND 1"
    assert scores.where(outside).count() == 0
    assert scores.select("purchase_probability").distinct().count() > 50
    assert scores.where("campaign_probability IS NULL").count() == 0
    assert scores.where("next_action_probability < 1 / 7").count() == 0


def test_every_customer_has_a_full_list_of_distinct_items(nights: Nights) -> None:
    rows = nights.run.lake.read(RECOMMENDATIONS).where(f"score_date = '{nights.first}'")
    lists = rows.groupBy("customer_id").agg(
        F.count_distinct("item_id").alias("items"),
        F.sort_array(F.collect_list("rank")).alias("ranks"),
    )
    assert lists.where("items != 5 OR ranks != array(1, 2, 3, 4, 5)").count() == 0


def test_the_evaluation_shows_the_model_beside_its_baselines(nights: Nights) -> None:
    rows = nights.run.lake.read(EVALUATION).select("contender", "task", "metric").collect()
    judged = {(row["contender"], row["task"]) for row in rows if row["metric"] in ("auc", "ndcg10")}
    assert {
        ("challenger", "next_item"),
        ("challenger", "purchase"),
        ("challenger", "churn"),
        ("challenger", "campaign"),
    } < judged
    assert len({contender for contender, _ in judged}) >= 4


def test_the_next_night_reads_only_new_files_and_keeps_the_young_champion(nights: Nights) -> None:
    records = nights.records["second"]
    new = nights.run.lake.read(EVENTS).where(f"ingest_date = '{nights.second}'").count()
    landed = next(r for r in records if r.stage == "ingest" and r.table_name == "landing")
    shown = nights.run.lake.read(EXPOSURES).where(f"ingest_date = '{nights.second}'").count()
    # Each new file is looked through once, and its rows are read once.
    assert landed.rows_read <= new + shown + 10
    assert "days old" in (_total(records, "train").detail or "")
    events = next(r for r in records if r.stage == "clean" and r.table_name == "events")
    assert events.rows_written == new


def test_a_rerun_changes_nothing(nights: Nights) -> None:
    assert nights.hashes["second again"] == nights.hashes["second"]


def test_the_run_log_tells_of_every_stage_of_every_run(nights: Nights) -> None:
    nights.run.lake.begin_stage()
    log = nights.run.lake.read(RUN_LOG)
    stages = log.where("table_name = 'stage'")
    assert stages.count() == 3 * len(NIGHT)
    assert log.select("run_id").distinct().count() == 3


def test_the_report_is_written_for_each_night(nights: Nights) -> None:
    report = nights.run.settings.report
    assert (report / f"{nights.first}.html").is_file()
    assert f"{nights.second}" in (report / "latest.html").read_text()


def test_no_byte_of_what_a_night_leaves_holds_a_raw_id(nights: Nights) -> None:
    settings = nights.run.settings
    assert all(found_below(Path(settings.landing), [name]) for name in (HOUSEHOLDS, BASKETS))
    for folder in (Path(settings.lake), settings.registry, settings.report):
        assert found_below(folder, [HOUSEHOLDS, BASKETS]) == []
    for printed in (nights.first_output, nights.first_log):
        assert HOUSEHOLDS not in printed and BASKETS not in printed
    # Spark passes the output of a Python driver on as one stream.
    assert "published raw_events" in nights.first_output


def test_scores_of_a_range_of_dates_are_made_again(nights: Nights, tmp_path: Path) -> None:
    scored = ["score_date", "customer_id", "purchase_probability", "model_version"]
    lake = shutil.copytree(nights.run.settings.lake, tmp_path / "lake")
    everybody = nights.run.settings.scoring.model_copy(update={"rescore": "all"})
    settings = nights.run.settings.model_copy(update={"lake": str(lake), "scoring": everybody})
    run = open_run(nights.run.spark, settings, nights.second)
    before = run.lake.read(CUSTOMER_SCORES)
    rows = before.count()
    assert before.where("scored_on < score_date").count() > 0
    first = sorted(before.where(f"score_date = '{nights.first}'").select(*scored).collect())
    progress = Progress()
    backfill([nights.first, nights.second], [SCORE], settings, progress)
    assert progress.done == [nights.first, nights.second]
    run.lake.begin_stage()
    after = run.lake.read(CUSTOMER_SCORES)
    assert after.where("scored_on < score_date").count() == 0
    assert after.count() == rows
    assert sorted(after.where(f"score_date = '{nights.first}'").select(*scored).collect()) == first

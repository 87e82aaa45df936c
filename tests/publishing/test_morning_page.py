"""The morning page tells what the lake holds, and says plainly what is not there."""

import re
import resource
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from insight.delta import Lake
from insight.publishing.collecting import collect_morning
from insight.publishing.facts import LoggedRow, MeasuredMetric, Morning, ScoredNight
from insight.publishing.report import render, write_report

TONIGHT = date(2024, 3, 31)


def text_of(page: str) -> str:
    """What a reader reads."""
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def morning(lake: Lake) -> Morning:
    return collect_morning(lake, TONIGHT)


def test_the_night_and_the_night_before(morning: Morning) -> None:
    now, before = morning.tonight, morning.before
    assert now is not None
    assert before is not None
    assert (now.model_version, now.customers, now.carried_over) == ("2024-03-31-bbbb", 3, 1)
    # A half counts as likely; a customer who cannot leave is no leaver.
    assert (now.likely_buyers, now.likely_leavers) == (3, 1)
    assert now.expected_buyers == pytest.approx(2.45)
    assert now.expected_leavers == pytest.approx(0.55)
    assert (before.customers, before.likely_buyers, before.likely_leavers) == (2, 2, 1)


def test_certainty_falls_into_the_last_bar(morning: Morning) -> None:
    assert morning.histograms is not None
    assert morning.histograms["purchase"] == (0,) * 10 + (1,) + (0,) * 8 + (2,)
    assert sum(morning.histograms["churn"]) == 2


def test_top_items_are_of_tonights_lists(morning: Morning) -> None:
    found = [(each.item_id, each.title, each.customers, each.firsts) for each in morning.top_items]
    assert found == [("i1", "Green <tea> & cups", 2, 2), ("i2", None, 1, 0)]


def test_a_stage_run_again_is_told_once(morning: Morning) -> None:
    assert [(row.stage, row.table_name) for row in morning.log] == [
        ("promote", "stage"),
        ("score", "customer_scores"),
        ("score", "stage"),
    ]
    assert [row.rows_written for row in morning.written] == [3_000]


def test_the_page_holds_the_facts(morning: Morning) -> None:
    page = render(morning, "refused: it was no better")
    text = text_of(page)
    for fact in (
        "The night of Sunday, 31 March 2024",
        "3 customers scored by model 2024-03-31-bbbb (1 as before): "
        "3 are likely to buy, 1 to leave.",
        "3 likely buyers ▲ 1 more",
        "1 likely leavers as many",
        "Refused it was no better",
        "AUC on 1,234 test rows",
        "Challenger 2024-03-31-bbbb 0.8100 0.7900 – 0.8300",
        "Recency rule 0.7600",
        "Most popular, last 7 days 0.0200",
        "Green <tea> & cups",
        "price out of bounds events 3",
        "repeated event events 7 0.06 %",
        "kept events 12,345 99.0 %",
        "score done 20 3,000 1 min 30 s",
    ):
        assert fact in text, fact


def test_the_page_needs_nothing_from_elsewhere(morning: Morning) -> None:
    page = render(morning)
    assert "http" not in page
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import", page)


def test_the_page_can_be_read_by_everyone(morning: Morning) -> None:
    page = render(morning)
    assert '<html lang="en">' in page
    assert "width=device-width" in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg") == page.count('role="img" aria-label="')
    assert all("scope=" in cell for cell in re.findall(r"<th\b[^>]*>", page))
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(set(identifiers)) == len(identifiers)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(identifiers)


def test_what_customers_and_shops_write_is_escaped(morning: Morning) -> None:
    assert "Green &lt;tea&gt; &amp; cups" in render(morning)
    assert "<script>" not in render(morning, "<script>alert(1)</script>")


def test_the_first_night_says_that_nobody_was_scored(empty_lake: Lake) -> None:
    text = text_of(render(collect_morning(empty_lake, TONIGHT), "refused: nothing to judge"))
    assert "No model has earned its place yet, so nobody was scored." in text
    assert "Refused nothing to judge" in text
    assert "No model has been evaluated yet." in text
    assert "No row of this date is in quarantine." in text
    assert "The run log holds nothing for this date yet." in text


def test_a_night_without_scores_points_at_the_last() -> None:
    before = ScoredNight(date(2024, 3, 29), "v1", 10, 0, 1, 1.0, 2, 2.0)
    text = text_of(render(Morning(TONIGHT, nights=(before,))))
    assert "Nobody was scored for this date; the newest scores are older." in text
    assert "The newest scores before it are of 2024-03-29, by model v1." in text


def test_the_page_links_to_the_card_of_its_model_where_there_is_one(tmp_path: Path) -> None:
    morning = Morning(TONIGHT, nights=(ScoredNight(TONIGHT, "v1", 10, 0, 1, 1.0, 2, 2.0),))
    assert "card.html" not in write_report(tmp_path, morning).read_text()
    card = tmp_path / "models" / "v1" / "card.html"
    card.parent.mkdir(parents=True)
    card.touch()
    assert 'href="models/v1/card.html"' in write_report(tmp_path, morning).read_text()


def test_a_failed_stage_is_the_headline() -> None:
    failed = LoggedRow("train", "stage", 5, 0, 3.0, "TrainingFailedError", "loss is nan")
    text = text_of(render(Morning(TONIGHT, log=(failed,))))
    assert "The night did not finish: train failed." in text
    assert "failed: TrainingFailedError loss is nan" in text


def test_one_contender_alone_is_drawn() -> None:
    alone = MeasuredMetric("challenger", "v1", "churn", "auc", 0.4, 0.3, 0.5, 7)
    assert "bars from 0.30 to 1.00" in text_of(render(Morning(TONIGHT, metrics=(alone,))))


def test_the_newest_date_is_the_latest_page(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    older = TONIGHT - timedelta(days=1)
    page = write_report(folder, Morning(TONIGHT))
    assert page == folder / "2024-03-31.html"
    assert (folder / "latest.html").read_text() == page.read_text()
    write_report(folder, Morning(older))
    assert (folder / "latest.html").read_text() == page.read_text()
    assert sorted(path.name for path in folder.iterdir()) == [
        "2024-03-30.html",
        "2024-03-31.html",
        "latest.html",
    ]
    assert page.stat().st_mode & 0o044


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = write_report(tmp_path, Morning(TONIGHT))
    before = page.read_text()

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write_report(tmp_path, Morning(TONIGHT), "another verdict")
    assert page.read_text() == before
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_leaves_the_old_page_and_nothing_else(tmp_path: Path) -> None:
    page = write_report(tmp_path, Morning(TONIGHT))
    before = sorted(tmp_path.iterdir()), page.read_text()
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system takes one byte of each file, as a disk would that is almost full.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, most[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_report(tmp_path, Morning(TONIGHT), "another verdict")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert (sorted(tmp_path.iterdir()), page.read_text()) == before

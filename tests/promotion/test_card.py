"""The card of a judged version, from evidence that can be counted by hand."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from insight.encoding.tasks import NEXT_ACTIONS
from insight.metrics.bootstrap import Estimate
from insight.models.shape import ModelShape
from insight.promotion.card import Judged, write_card
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.gate import Decision
from insight.promotion.judging import Evidence
from insight.promotion.measurements import Measurement, Ring
from insight.registry.manifest import write_manifest
from insight.registry.version import ModelVersion
from insight.settings import Settings

NAME = "2024-03-31-0123abcd"
FACTS = {
    "run_date": "2024-03-31",
    "trained_through": "2024-01-31",
    "input_versions": {"training_examples": 12},
    "settings": {"encoder": "gru", "ensemble": ["cnn"]},
    "warm_from": None,
    "train_rows": 1234,
    "code_version": "0.1.0+abc",
    "lock_sha256": "feed",
    "seed": 7,
}
HISTORY = [
    {"epoch": 1, "loss": 4.0, "next_item_loss": 3.0, "purchase_loss": 0.7, "churn_loss": 0.5},
    {"epoch": 2, "loss": 2.0, "next_item_loss": 3.5, "purchase_loss": 0.6, "churn_loss": 0.4},
]
CAME = np.array([1.0, 1.0, 0.0, 1.0, 0.0])
PURCHASE = NEXT_ACTIONS.index("purchase")
NEXT = np.array([PURCHASE, PURCHASE, 0, 0, 0])
SAID = np.array([0.9, 0.8, 0.6, 0.3, 0.1])


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    member = tmp_path / NAME / "member_0"
    member.mkdir(parents=True)
    ModelShape(6, 3, 6, 13, 15, 40, sequence_length=4).save(member)
    rest = {"campaign_loss": 0.3, "next_action_loss": 0.8, "ndcg_10": 0.1}
    scored = [{**each, **rest, "score": -each["epoch"]} for each in HISTORY]
    (member / "history.json").write_text(json.dumps(scored))
    everyone = np.ones(5, dtype=bool)
    # All churned: there is nothing to tell apart.
    labels = TestLabels(
        np.arange(5),
        {"purchase": CAME, "churn": np.ones(5), "next_action": NEXT},
        dict.fromkeys(("purchase", "churn", "next_item", "next_action"), everyone),
    )
    said = {"purchase": SAID, "churn": SAID}
    rows = [
        ("challenger", NAME, "all", 0.75),
        ("champion", "before", "all", 0.5),
        ("challenger", NAME, "country A|B", 0.25),
    ]
    measured = [
        Measurement(who, version, "purchase", "auc", Estimate(value, 0.1, 0.9), 5, part)
        for who, version, part, value in rows
    ]
    # Nothing is thought likeliest for all but the first.
    actions = np.eye(7)[[PURCHASE, 0, 0, 0, 0]]
    ring = Ring(labels, 20, 1)
    challenger = Contender("challenger", NAME, said, actions=actions)
    settings = Settings(
        profile="test",
        lake="lake",
        landing="landing",
        registry=tmp_path,
        report=tmp_path / "report",
        pseudonym_key_file=tmp_path / "key",
        sources=("shop",),
    )
    folder = tmp_path / NAME
    version = ModelVersion(NAME, folder, FACTS, {}, write_manifest(folder, FACTS, {}))
    evidence = Evidence(measured, [], [], ring, challenger)
    decision = Decision(False, "refused: a < b")
    return Judged(version, date(2024, 4, 1), evidence, decision, settings)


def test_the_card_tells_origin_metrics_and_limits(judged: Judged) -> None:
    page = write_card(judged)
    assert page == judged.settings.report / "models" / NAME / "card.html"
    lines = page.with_suffix(".md").read_text().splitlines()
    expected = [
        f"# Model {NAME}",
        "refused: a < b",
        "| Trained through | 2024-01-31 |",
        "| Began with the weights of | none |",
        "| Judged on customers as of | 2024-03-02; purchases until 2024-03-09, "
        "churn until 2024-04-01 |",
        "| Rows judged on | 5 |",
        "| training_examples | 12 |",
        "| ensemble | cnn |",
        "| Metric | Rows | Challenger | Champion before |",
        "| AUC | 5 | 0.7500 [0.1000, 0.9000] | 0.5000 [0.1000, 0.9000] |",
        "| AUC, country A\\|B | 5 | 0.2500 [0.1000, 0.9000] |",
        "## Limits",
    ]
    assert [line for line in expected if line not in lines] == []


def test_the_card_shows_how_it_learned_and_what_came_true(judged: Judged) -> None:
    text = write_card(judged).with_suffix(".md").read_text()
    # The second epoch has the lower score.
    assert "| 0 | 1 | 4.0000 | 3.0000 | 0.7000 | 0.5000 | 0.3000 | 0.8000 | 0.1000 |  |" in text
    assert "| 0 | 2 | 2.0000 | 3.5000 | 0.6000 | 0.4000 | 0.3000 | 0.8000 | 0.1000 | yes |" in text
    assert "| happened | 2 | 1 |" in text
    assert "| did not happen | 1 | 1 |" in text
    # Of five rows two tenths are one row, a third of all that came.
    assert "| 20.0% | 33.3% | 1.67 |" in text
    assert "| 0.3000 | 1.0000 | 1 |" in text
    assert "Purchase on the test window" in text
    # Two bought next, one of them as predicted; nobody was said to do what did not come.
    assert "|  | none said | purchase said |" in text
    assert "| purchase | 1 | 1 |" in text
    assert "Churn on the test window" not in text


def test_the_page_is_whole_in_itself_and_the_same_again(judged: Judged) -> None:
    page = write_card(judged)
    first = page.read_text()
    assert "refused: a &lt; b" in first
    assert "http" not in first and "<script" not in first
    assert "purchase said" in first and "No history" not in first
    drawings = [f"<svg{part.partition('</svg>')[0]}</svg>" for part in first.split("<svg")[1:]]
    # Six losses; confusion, reliability, gain and lift of the one task that could be judged, and
    # what came next beside what was likeliest.
    assert len(drawings) == 11
    assert all(ElementTree.fromstring(each).get("aria-label") for each in drawings)
    write_card(judged)
    assert page.read_text() == first


def test_a_version_without_history_has_a_card_all_the_same(judged: Judged) -> None:
    folder = judged.version.folder
    (folder / "member_0" / "history.json").unlink()
    manifest_hash = write_manifest(folder, FACTS, {})
    judged = replace(judged, version=replace(judged.version, manifest_sha256=manifest_hash))
    assert "No history was kept with this version." in write_card(judged).read_text()

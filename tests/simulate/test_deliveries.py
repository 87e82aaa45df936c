"""The simulated shop keeps its word: the same seed, the asked size, the faults at their rates."""

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from insight.settings import SimulateSettings
from insight.simulate.deliveries import Calendar, Places, simulate
from insight.simulate.rows import customer_rows, exposure_rows, item_rows
from insight.simulate.shop import open_shop
from insight.simulate.visits import Campaign

DAY = date(2024, 1, 1)
CALENDAR = Calendar(DAY, 10)
SETTINGS = SimulateSettings(customers=800, items=400, categories=8, processes=1)


def _simulated(folder: Path, settings: SimulateSettings = SETTINGS) -> Places:
    places = Places(folder / "landing", folder / "truth")
    simulate(settings, CALENDAR, places, events=20_000)
    return places


def _digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*.parquet"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return _simulated(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def events(places: Places) -> dict[str, list]:
    return pq.ParquetDataset(places.folder / "events").read().to_pydict()


def test_the_same_seed_gives_the_same_files(places: Places, tmp_path: Path) -> None:
    again = _simulated(tmp_path, SETTINGS.model_copy(update={"processes": 2}))
    assert _digest(again.landing) == _digest(places.landing)
    assert _digest(again.truth) == _digest(places.truth)


def test_another_seed_gives_another_shop(places: Places, tmp_path: Path) -> None:
    other = _simulated(tmp_path, SETTINGS.model_copy(update={"seed": 1}))
    assert not set(_digest(other.landing).values()) & set(_digest(places.landing).values())


def test_there_are_about_as_many_events_as_asked(events: dict[str, list]) -> None:
    bots = sum(str(user).startswith("bot-") for user in events["user"])
    assert len(events["user"]) - bots == pytest.approx(20_000, rel=0.15)
    assert bots == pytest.approx(400, rel=0.2)


def test_every_kind_of_event_happens(events: dict[str, list]) -> None:
    kinds = Counter(events["event_type"])
    assert set(kinds) == {"view", "search", "cart", "purchase", "return", "campaign_click", "hover"}
    assert kinds["view"] > kinds["cart"] > kinds["purchase"] > kinds["return"] > 0


def test_some_rows_come_twice_late_and_broken(places: Places, events: dict[str, list]) -> None:
    copies = len(events["event_id"]) - len(set(events["event_id"]))
    assert copies == pytest.approx(100, rel=0.4)
    late = [p for p in (places.folder / "events").rglob("*.parquet") if p.parent.name not in p.name]
    assert sum(pq.read_metadata(path).num_rows for path in late) > 100
    assert sum(price is not None and price < 0 for price in events["price"]) > 0
    assert sum(time is None for time in events["event_time_ms"]) > 0


def test_coupons_are_part_of_the_discount(events: dict[str, list]) -> None:
    given = [
        (coupon, discount)
        for coupon, discount in zip(events["coupon"], events["discount"], strict=True)
        if coupon is not None
    ]
    assert 0 < len(given) < sum(discount is not None for discount in events["discount"])
    assert all(coupon == discount for coupon, discount in given)


def test_people_look_at_few_items_most_of_the_time(events: dict[str, list]) -> None:
    viewed = Counter(
        item for item, user in zip(events["item"], events["user"], strict=True) if user is not None
    )
    counts = np.array(sorted(viewed.values(), reverse=True))
    assert counts[: len(counts) // 5].sum() > 0.5 * counts.sum()


def test_the_truth_lies_outside_the_landing_folder(places: Places) -> None:
    names = sorted(path.stem for path in (places.truth / "simulated").glob("*.parquet"))
    assert names == ["2024-01-03", "2024-01-10"]
    assert not list(places.landing.rglob("*truth*"))
    rows = pq.read_table(places.truth / "simulated" / "2024-01-10.parquet").to_pandas()
    for column in ("purchase_7d_probability", "churn_30d_probability"):
        assert rows[column].between(0, 1).all()


def test_a_day_on_which_nothing_happens_still_has_typed_columns() -> None:
    shop = open_shop(SETTINGS, days=10, visits_per_day=10)
    nothing = np.array([], int)
    shown = exposure_rows(shop, Campaign(0, category=0, exposed=nothing, clicked=nothing), DAY)
    for rows in (shown, item_rows(shop, nothing, nothing), customer_rows(shop, nothing)):
        assert pa.null() not in rows.schema.types

"""The same event of a customer, told again within a second under another id."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from insight.events.repeats import COMPARED, with_repetition_reason
from insight.events.rules import event_rules, with_reason
from insight.settings import CleanSettings
from tests.events.reasons import numbered, reasons
from tests.frames import DAY, at, events, in_batches, raw_events

EARLIER = date(2024, 3, 9)
NOON, MIDNIGHT = at("2024-03-10 12:00"), at("2024-03-10 00:00")
NEAR = "near_repeat"


def _judged(rows: DataFrame, known: DataFrame | None = None, seconds: float = 1.0) -> DataFrame:
    known = raw_events(rows.sparkSession) if known is None else known
    reasoned = with_reason(rows, event_rules(CleanSettings(), run_date=DAY))
    return with_repetition_reason(reasoned, known.select(*COMPARED), seconds=seconds)


def _after(seconds: float, start: datetime = NOON) -> dict[str, Any]:
    return {"event_at": start + timedelta(seconds=seconds)}


def _of(customer: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"customer_id": customer, **row} for row in rows]


CASES: dict[str, tuple[list[dict[str, Any]], list[str | None]]] = {
    "within a second, to the microsecond": (
        [_after(0), _after(1.0), _after(2.000001)],
        [None, NEAR, None],
    ),
    "a chain keeps its first and what is far enough from it": (
        [_after(1.6), _after(0.8), _after(0)],
        [None, NEAR, None],
    ),
    "what is dropped hides nothing": (
        [_after(0), _after(0.8), _after(1.2), _after(1.9)],
        [None, NEAR, None, NEAR],
    ),
    "the earlier delivery stays, though its moment is the later": (
        [_after(-0.5, MIDNIGHT), {**_after(-0.2, MIDNIGHT), "file_date": EARLIER}],
        [NEAR, None],
    ),
    "across a minute's half": ([_after(29.7), _after(30.2)], [None, NEAR]),
    "across midnight": (
        [_after(-0.3, MIDNIGHT), _after(0.3, MIDNIGHT)],
        [None, NEAR],
    ),
    "at one moment": ([_after(0), _after(0)], [None, NEAR]),
    "a refused one hides no sound one": (
        [{**_after(0), "discount": -1.0}, _after(0.5), _after(1.2)],
        ["discount_negative", None, NEAR],
    ),
    "texts that are null on both sides are alike": (
        [{"event_type": "search", "item_id": None, "price": None, **_after(n)} for n in (0, 0.5)],
        [None, NEAR],
    ),
    **{
        f"another {name} is another event": ([_after(0), {**_after(0.5), name: value}], [None] * 2)
        for name, value in {
            "item_id": "cup",
            "event_type": "return",
            "order_id": "o",
            "quantity": 2.0,
            "price": 2.01,
            "campaign_id": "c",
            "search_text": "tea",
        }.items()
    },
    "another country, discount or file is not": (
        [_after(0), {**_after(0.5), "country": "CH", "discount": 1.0, "source_file": "x"}],
        [None, NEAR],
    ),
}


def test_copies_within_a_second_are_told_from_other_events(spark: SparkSession) -> None:
    rows, expected = [], []
    for name, (given_rows, wanted) in CASES.items():
        rows += _of(name, *given_rows)
        expected += [(name, reason) for reason in wanted]
    found = reasons(_judged(raw_events(spark, *rows)))
    assert [(row["customer_id"], found[f"e{n}"]) for n, row in enumerate(rows)] == expected


def test_guests_are_not_compared_nor_one_customer_with_another(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        *({"customer_id": name, **_after(0)} for name in (None, None, "anna", "ben")),
    )
    assert reasons(_judged(rows)) == numbered(None, None, None, None)


def _line(name: str, seconds: float = 0, file: str = "1.csv", **changes: Any) -> dict[str, Any]:
    line = {"event_id": name, "order_id": "o", "source_file": file, **_after(seconds)}
    return {**line, **changes}


EARLIER_FILE = {"file_date": EARLIER, **_after(-2, MIDNIGHT)}
BASKETS: dict[str, tuple[list[dict[str, Any]], set[str]]] = {
    "two lines of one product with their own ids": ([_line("1"), _line("2")], {"1", "2"}),
    "told again some moments later": (
        [_line("1"), _line("2"), _line("3", 0.4), _line("4", 0.4)],
        {"1", "2"},
    ),
    "told again by another file, under new ids": (
        [_line("1"), _line("2"), _line("3", file="2.csv"), _line("4", file="2.csv")],
        {"1", "2"},
    ),
    "whoever tells first tells all": (
        [_line("1"), _line("2", file="2.csv"), _line("3", file="2.csv")],
        {"1"},
    ),
    "a line that comes twice in its file": ([_line("1"), _line("1"), _line("2")], {"1", "2"}),
    "the earlier delivery's ids stay": (
        [_line("2", **_after(-2, MIDNIGHT)), _line("1", **EARLIER_FILE)],
        {"1"},
    ),
    "another quantity is another line": ([_line("1"), _line("2", quantity=3.0)], {"1", "2"}),
    "a refused line is none of the basket's": (
        [_line("1"), _line("2", file="2.csv"), _line("3", file="2.csv", discount=-1.0)],
        {"1"},
    ),
}


def test_lines_of_one_basket_count_alike_for_guests_and_known_customers(
    spark: SparkSession,
) -> None:
    buyers = ("anna", None)
    rows, expected = [], set()
    for case, (lines, kept) in BASKETS.items():
        for buyer in buyers:
            name = f"{buyer} {case}: "
            # A guest is nobody but the order's number.
            own = {"customer_id": buyer and f"{buyer} {case}", "order_id": f"o {case} {buyer}"}
            rows += [{**line, **own, "event_id": name + line["event_id"]} for line in lines]
            expected |= {name + line for line in kept}
    judged = _judged(raw_events(spark, *rows).repartition(3))
    found = [row["event_id"] for row in judged.where("reason IS NULL").collect()]
    assert len(found) == len(set(found))
    assert set(found) == expected


def test_a_basket_of_another_night_is_repeated_whoever_bought_it(spark: SparkSession) -> None:
    def lines(buyer: str | None, *names: str) -> list[dict[str, Any]]:
        who = {"customer_id": buyer, "order_id": f"o {buyer}"}
        return [{**who, "event_id": f"{buyer} {name}", **_after(0)} for name in names]

    known = events(spark, *lines("anna", "1", "2"), *lines(None, "1", "2"))
    again = [row for buyer in ("anna", None) for row in lines(buyer, "2", "3", "4")]
    found = reasons(_judged(raw_events(spark, *again), known))
    assert found == {
        f"{buyer} {name}": NEAR if name != "2" else "repeated"
        for buyer in ("anna", None)
        for name in "234"
    }


def test_guests_of_two_shops_or_without_an_order_are_strangers(spark: SparkSession) -> None:
    guest = {"customer_id": None}
    rows = raw_events(
        spark,
        {**guest, **_after(0), "order_id": "7", "source": "north"},
        {**guest, **_after(0.5), "order_id": "7", "source": "south"},
        {**guest, **_after(0), "order_id": " "},
        {**guest, **_after(0.5), "order_id": " "},
    )
    assert reasons(_judged(rows)) == numbered(None, None, None, None)


def test_events_of_other_nights_stay_and_are_no_repeats_themselves(spark: SparkSession) -> None:
    known = events(
        spark,
        {"event_id": "k0", **_after(0)},
        # Two that an older rule let in: both stay.
        {"event_id": "k1", **_after(0.4)},
        {"event_id": "k2", "customer_id": None, **_after(0)},
    )
    rows = raw_events(
        spark,
        _after(-1),
        _after(-1.000001),
        _after(1.4),
        _after(1.5),
        {"customer_id": None, **_after(0)},
    )
    assert reasons(_judged(rows, known)) == numbered(NEAR, None, NEAR, None, None)


def test_no_seconds_ask_for_equal_moments(spark: SparkSession) -> None:
    rows = raw_events(spark, _after(0), _after(0), _after(0.000001))
    assert reasons(_judged(rows, seconds=0.0)) == numbered(None, NEAR, None)


_TENTHS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from((EARLIER, DAY)), st.sampled_from((1.0, 2.0))),
    min_size=1,
    max_size=6,
)


@in_batches
@given(st.lists(_TENTHS, min_size=40, max_size=40))
def test_no_two_kept_events_are_copies_and_each_dropped_one_is_a_copy_of_a_kept_one(
    spark: SparkSession, drawn: list[list[tuple[int, date, float]]]
) -> None:
    start = at("2024-03-09 23:59:57")
    rows = [
        {
            "event_id": f"{n}-{m}",
            "customer_id": f"c{n}",
            "event_at": start + timedelta(milliseconds=100 * tenths),
            # Nothing is delivered before its day is over.
            "file_date": DAY if tenths >= 30 else delivered,
            "price": price,
        }
        for n, own in enumerate(drawn)
        for m, (tenths, delivered, price) in enumerate(own)
    ]
    found = reasons(_judged(raw_events(spark, *rows).repartition(3)))
    expected: dict[str, str | None] = {}
    kept: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda r: (r["file_date"], r["event_at"], r["event_id"])):
        near = any(
            other["customer_id"] == row["customer_id"]
            and other["price"] == row["price"]
            and abs(other["event_at"] - row["event_at"]) <= timedelta(seconds=1)
            for other in kept
        )
        expected[row["event_id"]] = NEAR if near else None
        kept += [] if near else [row]
    assert found == expected

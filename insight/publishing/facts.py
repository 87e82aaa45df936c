"""What the morning page tells, as plain values."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class ScoredNight:
    """One night's scores in numbers.

    Args:
        score_date: Everything up to the end of this day was known.
        model_version: That gave the newest of the scores; carried ones may be another's.
        customers: Customers with a score.
        carried_over: Those of them who keep the score of an earlier night.
        likely_buyers: Customers with a purchase probability of at least one half.
        expected_buyers: Sum of the purchase probabilities.
        likely_leavers: Customers with a churn probability of at least one half.
        expected_leavers: Sum of the churn probabilities.
    """

    score_date: date
    model_version: str
    customers: int
    carried_over: int
    likely_buyers: int
    expected_buyers: float
    likely_leavers: int
    expected_leavers: float


@dataclass(frozen=True)
class MeasuredMetric:
    """One row of the evaluation table."""

    contender: str
    model_version: str
    task: str
    metric: str
    value: float
    low: float
    high: float
    row_count: int


@dataclass(frozen=True)
class RecommendedItem:
    """An item that many customers are recommended.

    Args:
        item_id: Item.
        title: Its name, where it is known.
        category: Its category, where it is known.
        customers: Customers who have it in their list.
        firsts: Customers who have it at the top.
    """

    item_id: str
    title: str | None
    category: str | None
    customers: int
    firsts: int


@dataclass(frozen=True)
class RuleCount:
    """Rows that a cleaning rule touched, or that were refused for a reason."""

    target: str
    rule: str
    row_count: int
    row_share: float | None = None


@dataclass(frozen=True)
class LoggedRow:
    """One row of the run log."""

    stage: str
    table_name: str
    rows_read: int
    rows_written: int
    seconds: float
    outcome: str
    detail: str | None


@dataclass(frozen=True)
class Morning:
    """All of the page. Any part may be missing, and is then empty.

    Args:
        run_date: The night.
        nights: Scored nights of the last week, oldest first; the last may be this one.
        histograms: Per score, customers in each of equal steps of probability.
        evaluated_on: The night of the newest evaluation.
        metrics: Of that evaluation.
        top_items: Most recommended first.
        quality: Cleaning rules and the rows they touched.
        quarantined: Reasons and the rows refused.
        log: The newest run of each stage, in the order they ran.
    """

    run_date: date
    nights: tuple[ScoredNight, ...] = ()
    histograms: dict[str, tuple[int, ...]] | None = None
    evaluated_on: date | None = None
    metrics: tuple[MeasuredMetric, ...] = ()
    top_items: tuple[RecommendedItem, ...] = ()
    quality: tuple[RuleCount, ...] = ()
    quarantined: tuple[RuleCount, ...] = ()
    log: tuple[LoggedRow, ...] = ()

    @property
    def tonight(self) -> ScoredNight | None:
        """This night's scores; None where nothing was scored."""
        scored = [night for night in self.nights if night.score_date == self.run_date]
        return scored[0] if scored else None

    @property
    def before(self) -> ScoredNight | None:
        """The scored night before this one, within a week."""
        earlier = [night for night in self.nights if night.score_date < self.run_date]
        return earlier[-1] if earlier else None

    @property
    def stages(self) -> list[LoggedRow]:
        """The run log's stages as a whole."""
        return [row for row in self.log if row.table_name == "stage"]

    @property
    def written(self) -> list[LoggedRow]:
        """Tables that received rows."""
        return [row for row in self.log if row.table_name != "stage" and row.rows_written]

    @property
    def seconds(self) -> float:
        return sum(row.seconds for row in self.stages)

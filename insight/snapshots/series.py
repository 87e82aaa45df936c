"""Daily series without holes, and without their noise."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def daily_series(age: str, value: Column, *, days: int) -> Column:
    """An aggregate: one total per day, the oldest first, 0 on days without rows.

    Args:
        age: Column of days before the last one, 0 to ``days - 1``.
        value: What is summed, a whole number.
        days: Length of the series.
    """
    totals = [F.sum(F.when(F.col(age) == back, value).otherwise(0)) for back in range(days)]
    return F.array(*reversed(totals))


def smoothed(series: Column, *, days: int) -> Column:
    """The rolling median over ``days`` days around each, fewer at either end.

    One wild day, a bot that passed or a sale, moves a mean for weeks and a median not at all
    (Tukey 1977, Exploratory Data Analysis, chapter 7). With one day nothing changes.

    Args:
        series: An array of numbers.
        days: Odd width of the window.
    """
    reach = days // 2

    def median_around(_: Column, place: Column) -> Column:
        first = F.greatest(place - reach, F.lit(0))
        last = F.least(place + reach, F.size(series) - 1)
        count = last - first + 1
        ordered = F.array_sort(F.slice(series, first + 1, count))
        middle = F.floor((count - 1) / 2).cast("int")
        upper = F.ceil((count - 1) / 2).cast("int")
        return (F.get(ordered, middle) + F.get(ordered, upper)) / 2.0

    return F.transform(series, median_around)

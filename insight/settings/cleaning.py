"""Cleaning: bounds, duplicates, bots, outliers, and prices against their past."""

from datetime import date
from typing import Literal

from pydantic import Field

from insight.settings.dates import EARLIEST, LATEST
from insight.settings.strict import CurrencyCode, Days, Strict


class CleanSettings(Strict):
    max_quarantined_share: float = Field(0.05, ge=0, le=1)
    """Of a kind of rows; repeats and bots do not count."""
    max_bot_share: float = Field(0.5, ge=0, le=1)
    """More than that is no bot beside people: rather, everybody has got one name."""
    future_hours: int = Field(0, ge=0, le=12)
    """Hours after the end of its date, in the feed's zone for dates, that a delivery may cover."""
    late_days: Days = Field(7, ge=0)
    """Events older than this before their file's first date are refused. A file read at most so
    many days after its date arrived late; training then counts its rows from the night that read
    it (docs/decisions/0012)."""
    earliest_event_date: date = Field(date(2000, 1, 1), ge=EARLIEST, le=LATEST)
    currency: CurrencyCode | None = None
    """The shop's. Rows in another are refused; without it, a night with two currencies stops."""
    max_price: float = Field(100_000.0, gt=0, lt=1e12)
    """Of one unit; a discount or a coupon of more is refused, too."""
    max_quantity: float = Field(100_000.0, gt=0, lt=1e12)
    max_stock: float = Field(100_000_000.0, gt=0)
    max_text_length: int = Field(512, ge=64)
    """Characters of an id, country or campaign. At least 64: ids of orders and events are
    pseudonyms of up to 33 characters after the source's name, and a lower limit would refuse sound
    rows."""
    image_vector_length: int = Field(0, ge=0)
    """Numbers in every `image_vector` of a shop that delivers them; others are refused."""
    near_repeat_seconds: float = Field(1.0, ge=0, le=10)
    """The same event of a customer again within so long is one event; 0 asks for equal times."""
    repeated_sale_days: Days = Field(3, ge=0)
    """Days within which purchases of one order, customer, item, quantity and price are one, as of
    a confirmation page that is loaded again; 0 for shops that reuse order ids."""
    max_id_collision_share: float = Field(0.01, ge=0, le=1)
    """Share of a source's rows whose id another event holds. Above it the run stops: the ids
    restart, or do not name rows. Up to it both events are kept."""
    max_events_per_customer_day: int = Field(2_000, gt=0)
    """A customer with more events in a day is taken for a bot."""
    bot_min_events: int = Field(500, gt=0)
    """With fewer events in a day nobody is a bot by the two limits below."""
    max_active_hours: int = Field(20, ge=1, le=24)
    """A customer with events in more hours of a day than this never sleeps."""
    max_customer_share: float = Field(0.2, gt=0, le=1)
    """Of one delivery's events; more is no single person's."""
    missing_price: Literal["drop", "impute"] = "impute"
    """A sale without a price: refused, or given the item's list price where there is one."""
    missing_quantity: Literal["drop", "impute"] = "drop"
    """A sale without a quantity: refused, or taken for one unit."""
    outliers: Literal["keep", "cap", "quarantine"] = "cap"
    """Prices and quantities of sales beyond their category's bounds."""
    outlier_rule: Literal["robust_z", "iqr"] = "robust_z"
    outlier_limit: float = Field(6.0, gt=0)
    """Robust deviations from the median, or interquartile ranges beyond the quartiles."""
    outlier_min_factor: float = Field(20.0, gt=1)
    """A value within this factor of the median is never an outlier."""
    outlier_min_rows: int = Field(30, ge=1)
    """A category with fewer sales in a delivery has no bounds."""
    price_shift: Literal["warn", "stop"] = "stop"
    """Action if the median price of a delivery or category, item by item against its own past,
    moves by more than `price_shift_factor`. `warn` keeps the rows; both count them in data_quality.
    New items, compared with their category's past alone, and small categories only ever warn."""
    price_shift_factor: float = Field(5.0, gt=1)
    """Factor, up or down; a slip of unit or currency exceeds it, a sale does not."""
    price_shift_min_items: int = Field(5, ge=1)
    """With fewer items to compare there is no shift."""
    price_shift_category_items: int = Field(30, ge=1)
    """With fewer items to compare a category's shift only warns: they may be on sale together."""
    price_days: Days = Field(35, ge=1)
    """Length in days of the past that prices are compared with; monthly deliveries need 31."""
    return_days: Days = Field(30, ge=1)
    """How far back a return looks for its purchase."""

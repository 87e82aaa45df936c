"""The simulated shop's settings."""

from pydantic import Field

from insight.settings.strict import Strict


class SimulateSettings(Strict):
    seed: int = Field(20240101, ge=0)
    customers: int = Field(20_000, ge=1)
    items: int = Field(5_000, ge=1)
    categories: int = Field(40, ge=1)
    brands: int = Field(60, ge=1)
    zipf_exponent: float = Field(1.05, gt=0)
    new_customer_share: float = Field(0.3, ge=0, le=1)
    """Customers who join while the shop is open, rather than before."""
    mean_hazard: float = Field(0.004, gt=0, lt=1)
    """Mean probability that a customer leaves for good on any day."""
    mean_conversion: float = Field(0.12, gt=0, lt=1)
    """Mean share of visits that buy."""
    bots: int = Field(3, ge=0)
    bot_share: float = Field(0.02, ge=0, lt=1)
    """Of all events; shared by the bots."""
    duplicate_share: float = Field(0.005, ge=0, le=1)
    near_duplicate_share: float = Field(0.002, ge=0, le=1)
    late_share: float = Field(0.01, ge=0, le=1)
    late_days_at_most: int = Field(9, ge=1)
    broken_share: float = Field(0.003, ge=0, le=1)
    processes: int = Field(2, ge=1)

"""Jobs set where logs go; the next test's go elsewhere."""

import pytest


@pytest.fixture(autouse=True)
def _logs_end_with_the_test(logs_as_before: None) -> None:
    """Every test here runs a job."""

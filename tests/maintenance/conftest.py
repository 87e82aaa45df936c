"""Jobs set where logs go; the next test's go elsewhere."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    yield
    structlog.reset_defaults()

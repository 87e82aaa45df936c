"""200,000 customers fit through a driver that takes results of a few megabytes and no more.

Everything that comes back to the driver is counted by Spark itself. A frame, a rank's report or
a list of pairs that grows with the customers ends the job.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.many_customers import LIMITS


@pytest.mark.parametrize("work", LIMITS)
def test_200_000_customers_do_not_come_to_the_driver(work: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.many_customers", work, str(tmp_path)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, f"limit {LIMITS[work]}:\n{done.stderr[-3000:]}"

from __future__ import annotations

import subprocess
import sys

import pytest

from django_safe_migrate.execution import resources

MEGABYTE = 1024 * 1024


def test_what_this_process_used() -> None:
    used = resources.used()
    assert used["cpu_seconds"] > 0
    # Python alone takes some megabytes; a wrong unit would be off by a factor of a thousand.
    assert 10 * MEGABYTE < used["peak_rss_bytes"] < 100_000 * MEGABYTE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count programs that ended")
def test_programs_that_it_started_count() -> None:
    before = resources.used()
    code = "sum(range(3_000_000))"
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resources.used()
    assert after["cpu_seconds"] > before["cpu_seconds"]

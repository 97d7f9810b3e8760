from __future__ import annotations

from typing import Any

import pytest

from tests.preservation.bench import Bench


@pytest.fixture
def bench(connection: Any) -> Bench:
    """A shop without tables, on each vendor."""
    return Bench(connection)

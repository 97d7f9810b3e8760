"""A vendor that cannot be tested is skipped with its reason, or fails the run where servers are demanded."""

from __future__ import annotations

from typing import NoReturn

import pytest

from tests.conftest import REQUIRE_SERVERS, start_or_skip
from tests.servers import ServerUnavailable

REASON = "MariaDB tests need the program mariadbd."


def start_nothing() -> NoReturn:
    raise ServerUnavailable(REASON)


def test_without_a_server_a_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_SERVERS, raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        start_or_skip(start_nothing)
    assert str(skipped.value) == REASON


def test_where_servers_are_demanded_the_test_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_SERVERS, "1")
    with pytest.raises(pytest.fail.Exception) as failed:
        start_or_skip(start_nothing)
    assert str(failed.value) == f"{REASON} (SAFE_MIGRATE_REQUIRE_SERVERS=1 makes this a failure.)"

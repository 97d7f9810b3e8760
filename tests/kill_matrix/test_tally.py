from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.kill_matrix import tally


def result(action: str, ended: int, way: str = "running again", *wrong: str) -> dict[str, Any]:
    return {"action": action, "ended": ended, "way": way, "wrong": list(wrong)}


def test_the_end_of_the_test_run_has_a_line_for_each_vendor_and_kind() -> None:
    rows = [
        *tally.counted(
            "postgresql",
            [
                result("kill", -9),
                result("random", -9),
                result("kill", -9, "migrate_repair --resume"),
                result("kill", -9, "running again", "a row is gone"),
                result("random", 0),
            ],
        ),
        *tally.counted("mariadb", [result("cut", 7), result("cut", 0)]),
    ]
    reports = [
        SimpleNamespace(when=when, user_properties=[(tally.PROPERTY, rows), ("other", 1)])
        for when in ("setup", "call")
    ]
    assert tally.lines([*reports, object()]) == [
        "MariaDB: 2 cut connections: 1 finished by running again, 1 finished all the same, 0 lost",
        "PostgreSQL: 4 kills: 2 finished by running again, 1 finished by migrate_repair --resume, 1 lost "
        "(1 more came too late: the run had ended)",
    ]

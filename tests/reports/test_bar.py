from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from django_safe_migrate.reports.bar import Bar, clock
from django_safe_migrate.reports.progress import RunProgress

SEEN = {
    "progress": {
        "what": "index order_note on shop_order",
        "phase": "building index: scanning table",
        "share": 0.512,
        "left_seconds": 20.0,
    },
    "waiting": 3,
    "longest_wait_now_seconds": 1.25,
    "blockers": [{"session": "77", "user": "web", "application": "shop", "state": "active"}],
}
PROGRESS = RunProgress(
    stage="execute",
    migration="shop.0002_index",
    operation="Create index order_note",
    attempt=2,
    scope="statement",
    done=1,
    planned=4,
    seconds=65.0,
    share=0.5,
    left_seconds=130.0,
    seen=SEEN,
)


class Stream(io.StringIO):
    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def drawn(
    progress: RunProgress, width: int, *, encoding: str = "utf-8", **options: Any
) -> list[str]:
    """The lines of the bar in a terminal of so many columns, without the sign that turns."""
    stream = Stream(encoding)
    console = Console(
        file=stream, width=width, force_terminal=True, **{"color_system": None, **options}
    )
    console.print(Bar(lambda: progress))
    lines = stream.getvalue().splitlines()
    return [lines[0][1:], *lines[1:]]


def test_all_that_is_known_in_a_wide_terminal() -> None:
    assert drawn(PROGRESS, 120) == [
        " ━━━━━━━━━━━━━━━─────────────── 50%  1 of 4  1:05  about 2 min left",
        "  shop.0002_index",
        "  Create index order_note (attempt 2 at the statement)",
        "  51%, about 20 s left of this phase: index order_note on shop_order, building index: scanning table",
        "  3 sessions wait for it, up to 1.25 s",
        "  waits for session 77 of web (shop), active",
    ]


@pytest.mark.parametrize("width", [20, 40, 50, 79])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = drawn(PROGRESS, width)
    assert len(lines) == 6
    assert max(len(line) for line in lines[1:]) <= width
    assert len(lines[0]) < width


def test_a_narrow_terminal_keeps_what_matters() -> None:
    lines = drawn(PROGRESS, 40)
    assert lines[0] == " 50%  1 of 4  1:05  about 2 min left"
    assert lines[3] == "  51%, about 20 s left of this phase: i…"


def test_nothing_is_made_up() -> None:
    assert drawn(RunProgress(stage="backup", seconds=3700.0), 80) == [" 1:01:40"]
    by_number = RunProgress(stage="execute", done=1, planned=4, share=0.25, seconds=5.0)
    assert drawn(by_number, 40) == [" ━━━━━━─────────────────── 1 of 4  0:05"]


def test_a_terminal_that_knows_only_ascii() -> None:
    lines = drawn(PROGRESS, 40, encoding="ascii")
    assert all(line.isascii() for line in lines)
    assert drawn(PROGRESS, 60, encoding="ascii")[0].startswith(" ###########----------- 50%")


def test_markup_and_control_characters_are_text() -> None:
    odd = RunProgress(stage="execute", migration="shop.[red]x[/red]\x1b[2K", operation="a\nb")
    lines = drawn(odd, 80)
    assert lines[1].startswith("  shop.[red]x[/red]")
    assert "\x1b" not in "".join(lines)
    assert len(lines) == 3


def test_without_colours_there_are_none() -> None:
    assert "\x1b" not in "".join(drawn(PROGRESS, 80, no_color=True))
    assert "\x1b[3" in "".join(drawn(PROGRESS, 80, color_system="standard"))


def test_the_clock() -> None:
    assert [clock(one) for one in (0, 59.9, 61, 3600, 36_061)] == [
        "0:00",
        "0:59",
        "1:01",
        "1:00:00",
        "10:01:01",
    ]

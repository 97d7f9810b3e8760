from __future__ import annotations

import io
import os
import pty
import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from django_safe_migrate import events
from django_safe_migrate.record import RunRecord, apply
from django_safe_migrate.reports.live import SIGN_OF_LIFE, Listener, Moving, Plain, live
from django_safe_migrate.reports.terminal import terminal
from tests.records import FINDING, Story, failed, succeeded, under_way

HEAD = "12:00:00 run       2 migrations to apply on default (PostgreSQL 16.14), run "


@pytest.fixture(autouse=True)
def _no_color_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def play(listener: Listener, story: Story) -> None:
    record = RunRecord(story.run_id)
    for event in story.events:
        apply(record, event)
        listener(event, record)
    listener.close()


def plain(story: Story, verbosity: int = 1, **options: bool) -> str:
    stream = io.StringIO()
    play(live(stream, verbosity=verbosity, **options), story)
    return stream.getvalue()


class Terminal:
    """A real terminal: what is written to `stream` is what `screen` returns."""

    def __init__(self) -> None:
        self._reader, writer = pty.openpty()
        self.stream = os.fdopen(writer, "w", encoding="utf-8")
        self._parts: list[bytes] = []
        # Read while it is written to: a terminal holds only so much that nobody reads.
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def screen(self) -> str:
        self.stream.close()
        self._thread.join()
        os.close(self._reader)
        return b"".join(self._parts).decode()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._reader, 65536)
            except OSError:
                # The other end was closed.
                return
            self._parts.append(part)


def test_a_log_gets_one_whole_line_for_each_event() -> None:
    story = succeeded()
    assert plain(story).splitlines() == [
        HEAD + story.run_id,
        "12:00:00 preflight Assessing the plan",
        "12:00:01 preflight warning: shop.0003_drop_note: `shop_order`: the column `note` and its 12 values are lost. [drop_column]",
        "12:00:01 preflight   Hint: Stop using the column one release earlier.",
        "12:00:01 preflight passed in 0.25 s",
        "12:00:02 backup    Making and verifying a backup",
        "12:00:02 backup    backup default-web1-2026-03-04-120000.psql.bin verified, 12.3 MB",
        "12:00:03 backup    passed in 1.50 s",
        "12:00:03 execute   Carrying out the plan",
        "12:00:05 execute   shop.0002_order_total applied in 0.50 s",
        "12:00:07 execute   shop.0003_drop_note applied in 0.50 s",
        "12:00:08 execute   passed in 2.50 s",
        "12:00:08 verify    Verifying the result",
        "12:00:09 verify    passed in 0.25 s",
        "12:00:09 run       success in 9.50 s",
    ]


def test_verbosity_decides_how_much() -> None:
    story = failed()
    assert plain(story, 0) == ""
    assert "Alter table" not in plain(story, 1)
    operations = plain(story, 2)
    assert "12:00:05 execute     Alter table in 0.45 s\n" in operations
    assert "shop.0003_drop_note begins" in operations
    assert "ALTER TABLE" not in operations
    assert '    UPDATE "shop_order" SET "total" = %s (2 times) in 0.30 s\n' in plain(story, 3)


def test_the_clock_is_that_of_the_project(settings: pytest.FixtureRequest) -> None:
    settings.TIME_ZONE = "Europe/Vienna"  # type: ignore[attr-defined]
    assert plain(succeeded()).startswith("13:00:00 run ")


def test_a_log_gets_nothing_that_a_collector_would_split() -> None:
    message = "first\r\nsecond\rthird\x1b[2K\x0bfourth"
    text = plain(
        Story()
        .start()
        .preflight({**FINDING, "message": message})
        .say(events.NOTICE, message=message)
    )
    assert not re.search(r"[^\n -~]", text.replace("\ufffd", "?"))
    assert all(re.match(r"\d\d:\d\d:\d\d \S+ ", line) for line in text.splitlines())


def test_attempts_that_failed_are_told() -> None:
    story = (
        Story()
        .start()
        .say(events.STAGE_STARTED, stage="execute")
        .say(events.STEP_STARTED, index=0, attempt=1)
    )
    story.say(
        events.ATTEMPT_FAILED, index=0, attempt=1, error="LockNotAvailable: lock timeout", wait=1.5
    )
    story.say(events.ATTEMPT_FAILED, index=0, attempt=2, error="gone")
    lines = plain(story).splitlines()
    assert lines[-2].endswith(
        "execute   shop.0002_order_total attempt 1 failed: LockNotAvailable: lock timeout; trying again in 1.50 s"
    )
    assert lines[-1].endswith("execute   shop.0002_order_total attempt 2 failed: gone")


def test_a_skipped_stage_says_why() -> None:
    story = Story().start().say(events.STAGE_STARTED, stage="backup")
    detail = {"reason": "No backup: switched off."}
    story.say(events.STAGE_FINISHED, stage="backup", status="skipped", seconds=0, detail=detail)
    assert plain(story).splitlines()[-1].endswith("backup    skipped: No backup: switched off.")


def test_a_rollback_unapplies() -> None:
    story = Story().start(
        plan=[{"app_label": "shop", "name": "0002", "direction": "backwards"}], kind="rollback"
    )
    assert "run       1 migration to unapply on default" in plain(story)


def test_the_output_of_a_command_is_written_line_by_line() -> None:
    stream = io.StringIO()
    story = succeeded()
    play(live(OutputWrapper(stream), verbosity=1), story)
    assert stream.getvalue() == plain(story)


def test_colours_without_a_terminal_only_when_forced() -> None:
    story = succeeded()
    forced = plain(story, force_color=True)
    assert "\x1b[32m" in forced
    assert re.sub(r"\x1b\[[0-9;]*m", "", forced) == plain(story)
    assert "\r" not in forced
    assert "\x1b" not in plain(story, force_color=True, no_color=True)


def test_no_color_wins_over_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in plain(succeeded(), force_color=True)


def test_a_terminal_gets_a_bar_with_the_current_migration() -> None:
    terminal = Terminal()
    listener = live(OutputWrapper(terminal.stream), verbosity=1)
    assert isinstance(listener, Moving)
    story = succeeded()
    play(listener, story)
    screen = terminal.screen()
    assert "\x1b[1mCarrying out the plan" in screen
    plain_screen = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    assert re.search(r" 1 of 2  [\d:]+\r\n  shop\.0003_drop_note", plain_screen)
    assert screen.rstrip().endswith("success in 9.50 s\x1b[0m")
    assert screen.count("\x1b[?25l") == screen.count("\x1b[?25h") > 0


def test_a_terminal_without_colours_still_moves() -> None:
    terminal = Terminal()
    play(live(terminal.stream, verbosity=1, no_color=True), succeeded())
    screen = terminal.screen()
    assert "\x1b[32m" not in screen
    assert "\x1b[?25l" in screen


def test_a_dumb_terminal_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    assert isinstance(live(terminal.stream, verbosity=1), Plain)
    terminal.screen()


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def silent(story: Story, stream: Any, silence: float) -> Plain:
    """Play a story to a log whose silence is short."""
    listener = Plain(terminal(stream, force_color=False, no_color=True), 1, silence)
    record = RunRecord(story.run_id)
    for event in story.events:
        apply(record, event)
        listener(event, record)
    return listener


def test_a_log_gets_signs_of_life_while_nothing_happens() -> None:
    stream = io.StringIO()
    story = under_way()
    story.say(
        events.OPERATION_STARTED, index=1, operation=0, description="Remove field note from order"
    )
    listener = silent(story, stream, 0.05)
    try:
        assert eventually(lambda: stream.getvalue().count(" under way for ") >= 2)
    finally:
        listener.close()
    line = next(line for line in stream.getvalue().splitlines() if " under way for " in line)
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d execute   shop\.0003_drop_note under way for [\d.]+ s; 1 of 2 done; Remove field note from order",
        line,
    )
    told = stream.getvalue()
    time.sleep(0.2)
    assert stream.getvalue() == told


def test_a_long_backup_shows_signs_of_life_too() -> None:
    stream = io.StringIO()
    listener = silent(Story().start().say(events.STAGE_STARTED, stage="backup"), stream, 0.05)
    try:
        assert eventually(
            lambda: " backup    Making and verifying a backup under way for " in stream.getvalue()
        )
    finally:
        listener.close()


def test_signs_of_life_do_not_flood_a_log() -> None:
    """While something is printed, nothing more is; twice in a minute is what the longest operation costs."""
    stream = io.StringIO()
    listener = silent(succeeded(), stream, 3600.0)
    listener.close()
    assert "under way" not in stream.getvalue()
    assert 20 <= SIGN_OF_LIFE <= 30


def test_after_the_end_no_thread_is_left() -> None:
    before = threading.active_count()
    silent(succeeded(), io.StringIO(), 0.01)
    assert eventually(lambda: threading.active_count() <= before)


def test_a_log_that_is_closed_ends_the_signs_of_life(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    listener = silent(under_way(), stream, 0.2)
    thread = listener._thread
    assert thread is not None
    stream.close()
    thread.join(60)
    assert not thread.is_alive()
    assert "No more signs of life can be shown." in caplog.text
    listener.close()


def test_a_closed_bar_comes_back() -> None:
    """The command closes the listener to ask a question; the run then goes on."""
    terminal = Terminal()
    listener = live(terminal.stream, verbosity=1)
    story = succeeded()
    record = RunRecord(story.run_id)
    for event in story.events:
        apply(record, event)
        listener(event, record)
        listener.close()
        listener.close()
    screen = terminal.screen()
    assert screen.count("\x1b[?25l") == screen.count("\x1b[?25h") > 2


def test_markup_of_rich_in_texts_is_text() -> None:
    terminal = Terminal()
    play(
        live(terminal.stream, verbosity=1),
        Story().start().preflight({**FINDING, "message": "[red]x[/red] [/oops]"}),
    )
    assert "[red]x[/red] [/oops]" in terminal.screen()

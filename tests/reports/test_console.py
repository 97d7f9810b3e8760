from __future__ import annotations

import io
import re

from rich.console import Console

from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import build, console
from tests.records import FINDING, Story, failed, succeeded


def test_the_text_of_a_run() -> None:
    story = succeeded("0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11")
    assert console.render(build(story.record())).splitlines() == [
        "success: 2 migrations carried out on default in 9.50 s",
        "",
        "Summary",
        "  Batch            0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11",
        "  Status           success",
        "  Execution time   9.50 s",
        "  Database         default (PostgreSQL 16.14)",
        "  Affected tables  shop_order",
        "  Backup           default-web1-2026-03-04-120000.psql.bin (12.3 MB, verified: read back and restored)",
        "",
        "Executed migrations",
        "  applied  shop.0002_order_total  0.50 s  3 statements; 1,200 rows written; shop_order",
        "  applied  shop.0003_drop_note    0.50 s  3 statements; 1,200 rows written; shop_order",
        "",
        "Performance impact",
        "  Database response time before  2.00 ms",
        "  Database response time after   3.00 ms",
        "  Change of the response time    +50%",
        "  Statements                     6 in 0.80 s",
        "  Peak memory of this process    90.0 MB",
        "  Processor time                 1.25 s",
        "",
        "Issues encountered",
        "  warning  shop.0003_drop_note: `shop_order`: the column `note` and its 12 values are lost. [drop_column]",
        "           Hint: Stop using the column one release earlier.",
        "",
        "Rollback plan",
        "  2 migrations can be undone; undoing shop.0003_drop_note loses data.",
        "  lossy: shop.0003_drop_note: shop_order.note: the 12 values in it",
        "  python manage.py migrate_rollback --run 0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11 --dry-run",
        "      Shows what undoing this run would do, and changes nothing.",
        "  python manage.py migrate_rollback --run 0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11",
        "      Unapplies what this run applied, in the opposite order. It asks before it loses data.",
        "  python manage.py migrate_backup restore default-web1-2026-03-04-120000.psql.bin",
        "      Puts back the database as it was when this run began; what was written since then is lost.",
    ]


def test_a_failure_comes_first_among_the_issues() -> None:
    story = failed()
    lines = console.render(build(story.record())).splitlines()
    assert lines[0] == "partial: 1 of 2 migrations carried out on default in 7.50 s"
    start = lines.index("Issues encountered")
    assert lines[start + 1 : start + 4] == [
        "  failed   Applying shop.0003_drop_note failed: boom",
        "           The database was changed: 1 of 2 planned migrations are applied.",
        f"           Next: python manage.py migrate_rollback --run {story.run_id}",
    ]


def test_a_hint_of_several_lines_keeps_its_shape() -> None:
    hint = "Use:\n    operations = [\n        AddIndexConcurrently(...),\n    ]"
    lines = console.render(
        build(Story().start().preflight({**FINDING, "hint": hint}).end().record())
    ).splitlines()
    start = next(place for place, line in enumerate(lines) if "Hint:" in line)
    assert [line[11:] for line in lines[start : start + 4]] == [
        "Hint: Use:",
        "          operations = [",
        "              AddIndexConcurrently(...),",
        "          ]",
    ]


def test_texts_from_outside_cannot_steer_the_terminal() -> None:
    message = "gone \x1b[2J\x07 and\rback\u202eward"
    text = console.render(
        build(Story().start().preflight({**FINDING, "message": message}).end().record())
    )
    assert "gone \ufffd[2J\ufffd and back\ufffdward" in text
    assert not re.search("[\x1b\x07\r\u202e]", text)


def test_a_terminal_gets_the_same_words_in_colour() -> None:
    report = build(failed("0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11").record())
    buffer = io.StringIO()
    console.print_to(
        Console(file=buffer, force_terminal=True, width=200, color_system="standard"), report
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", buffer.getvalue())
    assert [line.split() for line in plain.splitlines()] == [
        line.split() for line in console.render(report).splitlines()
    ]
    assert "\x1b[1;33mpartial" in buffer.getvalue()
    assert "\x1b[1;31mfailed" in buffer.getvalue()


def test_markup_of_rich_in_texts_is_text() -> None:
    buffer = io.StringIO()
    report = build(
        Story()
        .start()
        .preflight({**FINDING, "message": "[red]not red[/red] [/oops]"})
        .end()
        .record()
    )
    console.print_to(Console(file=buffer, width=200), report)
    assert "[red]not red[/red] [/oops]" in buffer.getvalue()


def test_an_empty_record_renders() -> None:
    assert console.render(build(RunRecord("r"))).startswith(
        "running: 0 migrations carried out on default in 0 s\n"
    )

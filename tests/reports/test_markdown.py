from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from django_safe_migrate import events
from django_safe_migrate.record import RunRecord
from django_safe_migrate.reports import build, markdown
from tests.records import FINDING, PLAN, Story, failed, succeeded, under_way

HEADINGS = [
    "Summary",
    "Executed Migrations",
    "Performance Impact",
    "Issues Encountered",
    "Rollback Plan",
]
EVIL = "<script>alert(1)</script> | `x` *b* _i_ [l](javascript:1) ![i](y) # \\ ~s~ & \n## Owned\n\x1b[2J\u2028"


def html(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def evil_story() -> Story:
    plan = [{"app_label": "shop", "name": EVIL, "lossy": [EVIL]}, PLAN[1]]
    story = Story().start(plan=plan, host=EVIL, who=EVIL, database=EVIL, release=EVIL, command=EVIL)
    evil = dict.fromkeys(("rule", "message", "migration"), EVIL)
    story.preflight({**FINDING, **evil, "hint": "```\n" + EVIL}).say(events.NOTICE, message=EVIL)
    return story.step(0).fail(EVIL)


@pytest.mark.parametrize("story", [succeeded(), failed(), under_way(), evil_story()])
def test_it_has_exactly_these_parts(story: Story) -> None:
    text = markdown.render(build(story.record()))
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert html(text).count("<h2>") == 5


def test_nothing_from_outside_becomes_markup() -> None:
    rendered = html(markdown.render(build(evil_story().record())))
    for tag in ("<script", "<em>", "<s>", "<a ", "<img", "\x1b", "\u2028"):
        assert tag not in rendered
    assert rendered.count("&lt;script&gt;alert(1)&lt;/script&gt;") == rendered.count("alert(1)")


def test_a_bar_breaks_no_table() -> None:
    rendered = html(markdown.render(build(evil_story().record())))
    tables = rendered.split("<table>")[1:]
    assert len(tables) == 5
    for table in tables:
        rows = table.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("<td") + row.count("<th") for row in rows}) == 1


def test_the_tables_say_what_happened() -> None:
    text = markdown.render(build(succeeded("0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11").record()))
    for line in (
        "| Batch | `0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11` |",
        "| Status | **success** |",
        "| Execution time | 9.50 s |",
        "| Affected tables | `shop_order` |",
        "| Backup | default-web1-2026-03-04-120000.psql.bin (12.3 MB, verified: read back and restored) |",
        "| `shop.0002_order_total` | applied | 0.50 s | 3 statements; 1,200 rows written; shop_order |",
        "| Database response time before | 2.00 ms |",
        "| Database response time after | 3.00 ms |",
        "| Change of the response time | +50% |",
        "| Peak memory of this process | 90.0 MB |",
        "- `drop_column` (`shop.0003_drop_note`): `shop_order`: the column `note` and its 12 values are lost.",
        "  - Hint: Stop using the column one release earlier.",
        "| `shop.0003_drop_note` | lossy | shop_order.note: the 12 values in it |",
        "python manage.py migrate_rollback --run 0b5f6a52-6f0c-4b4e-9d53-0b1f5d7c2a11",
        "python manage.py migrate_backup restore default-web1-2026-03-04-120000.psql.bin",
    ):
        assert line in text.splitlines()


def test_a_failure_says_three_things() -> None:
    story = failed()
    text = markdown.render(build(story.record()))
    assert "| Status | **partial** |" in text
    assert "- **What happened:** Applying shop.0003_drop_note failed: boom" in text
    assert (
        "- **Was the database changed:** The database was changed: 1 of 2 planned migrations are applied."
        in text
    )
    assert f"- **Next command:** `python manage.py migrate_rollback --run {story.run_id}`" in text


def test_a_run_that_found_nothing_says_so() -> None:
    text = markdown.render(build(RunRecord("r", status="succeeded")))
    assert text.count("None.") == 2
    assert "not measured" in text


def test_a_hint_of_several_lines_stays_code() -> None:
    hint = "Use:\n\n    operations = [\n        AddIndexConcurrently(...),\n    ]"
    rendered = html(
        markdown.render(build(Story().start().preflight({**FINDING, "hint": hint}).end().record()))
    )
    assert "<pre><code" in rendered
    assert "    operations = [\n        AddIndexConcurrently(...),\n    ]" in rendered


def test_findings_are_grouped_by_severity() -> None:
    grave = {**FINDING, "severity": "error", "allowed": True}
    text = markdown.render(build(Story().start().preflight(FINDING, grave).end().record()))
    assert text.index("### Error: 1 finding") < text.index("### Warning: 1 finding")
    assert "Allowed for this run." in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a|b", "`a|b`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("", ""),
        ("two\nlines", "`two lines`"),
    ],
)
def test_code_spans(value: Any, expected: str) -> None:
    assert markdown.code(value) == expected
    assert markdown.cell(value) == expected.replace("|", "\\|")

from __future__ import annotations

from django_safe_migrate.reports.findings import render
from tests.reports.findings.reports import clean, report


def test_the_whole_comment() -> None:
    assert render(report(), "markdown").splitlines() == [
        "## Migrations",
        "",
        "**3 migrations checked: 1 error, 1 warning, 1 allowed, 2 in the baseline. 1 blocking.**",
        "",
        "Checked: every migration of the project for PostgreSQL 16; no database was asked.",
        "",
        "Longest block: reads and writes of orders\\_\\*50% for about 4 min (orders.0002\\_drop\\_note).",
        "",
        "### `project`",
        "",
        "* ⚠️ **warning** `missing_migration`: The models of \\<orders\\> have changes.",
        "",
        "### `orders.0002_drop_note`",
        "",
        "* Locks orders\\_\\*50%: ACCESS EXCLUSIVE, blocks reads and writes, while the table is rewritten: "
        "about 4 min for 80,000,000 rows (12 GB).",
        "* Destroys column note of orders\\_order.",
        "* Previous release: breaks (drop\\_column).",
        "* Going back: column note of orders\\_order comes back without its values; locks no existing table.",
        "* 🛑 **error** [`drop_column`](https://example.com/rules/#drop_column) at `orders/migrations/0002_drop, note.py:12`: "
        "Dropping column note loses 100% of it: all, for good.",
        "",
        "  <details><summary>What to do</summary>",
        "",
        "  ````",
        "  First:",
        "",
        "  migrations.RemoveField(",
        "      'order',",
        "  )",
        "  ```",
        "  ````",
        "",
        "  </details>",
        "",
        "",
        "### `orders.0003_index`",
        "",
        "* ✅ **allowed** [`drop_column`](https://example.com/rules/#drop_column) at `orders/migrations/0003_index.py:7`: "
        "Dropping column \x1b\\[31mother\x00.",
        "",
        "  <details><summary>What to do</summary>",
        "",
        "  ```",
        "  Allowed by the migration: Unused since 4.2.",
        "  ```",
        "",
        "  </details>",
        "",
    ]


def test_without_findings() -> None:
    assert render(clean(), "markdown").splitlines()[2] == (
        "**0 migrations checked: no findings. Nothing blocks.**"
    )

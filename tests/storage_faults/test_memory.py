"""A process may take no more memory (``ulimit -v``) in the middle of a migration: it is told, rolled back, and the run can be repeated."""

from __future__ import annotations

import pytest

from tests.projects import Project, migration
from tests.storage_faults.shop import Shop, last_error

MEGABYTES = 300
#: Changes every row, and then takes memory without end unless it is told otherwise.
GREEDY = migration(
    "migrations.RunPython(work, migrations.RunPython.noop),",
    dependencies=[("shop", "0001_initial")],
    imports="import os",
    before="""
        def work(apps, schema_editor):
            Order = apps.get_model("shop", "Order")
            Order.objects.using(schema_editor.connection.alias).update(amount=models.F("amount") + 1)
            held = []
            while "LIMIT_MEMORY_AFTER_BACKUP" in os.environ:
                held.append(bytes(4096))
    """,
)


@pytest.mark.vendors("sqlite", "postgresql")
def test_a_function_that_takes_memory_without_end(project: Project) -> None:
    shop = Shop(project, pending=GREEDY, rows=100)
    shop.prepare(BACKUP={"WHEN": "never"})
    before = shop.snapshot()
    result = shop.run(env={"LIMIT_MEMORY_AFTER_BACKUP": str(MEGABYTES)})
    assert result.returncode == 7, result.stdout + result.stderr
    told = last_error(result)
    assert (
        "Applying shop.0002_heavy failed in operation 1 (Raw Python operation): MemoryError" in told
    )
    assert "refused more memory" in told
    assert "The database was not changed: shop.0002_heavy left nothing behind." in told
    assert "(with more memory for it)" in told
    assert before.difference(shop.snapshot()) == []
    assert shop.is_pending()
    result = shop.run()
    assert result.returncode == 0, result.stdout + result.stderr
    changed = [{**row, "amount": row["amount"] + 1} for row in before.tables["shop_order"].rows]
    after = shop.snapshot().tables["shop_order"].rows
    assert sorted(after, key=repr) == sorted(changed, key=repr)
    shop.check_undisturbed()
    shop.project.manage("migrate_status", "--check")

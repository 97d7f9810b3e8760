"""Many processes at once on one database; `SAFE_MIGRATE_TESTS_CONCURRENCY=full` makes it 30 of them, 200 times."""

from __future__ import annotations

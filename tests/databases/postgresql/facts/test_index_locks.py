"""Why a lock on an index is said to be one on its table."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from django_safe_migrate.databases.postgresql.errors import sqlstate
from tests.databases.conftest import run
from tests.databases.postgresql.measuring import rolled_back
from tests.servers.base import open_connection

pytestmark = [pytest.mark.vendors("postgresql"), pytest.mark.postgresql]


@pytest.mark.parametrize(
    "sql", ["REINDEX INDEX customer_name", "REINDEX TABLE customer", "DROP INDEX customer_name"]
)
def test_nobody_reads_a_table_while_one_of_its_indexes_is_locked(
    template: dict[str, Any], sql: str
) -> None:
    with open_connection(template) as one, open_connection(template) as other:
        run(other, "SET lock_timeout = '50ms'")
        with rolled_back(one, sql):
            with pytest.raises(DatabaseError) as refusal:
                run(other, "SELECT code FROM customer WHERE code = 1")
            assert sqlstate(refusal.value) == "55P03"
        assert run(other, "SELECT code FROM customer WHERE code = 1") == [(1,)]
